// Real files through the platform: many in one batch, rewritten, refused, watched; each row exactly once also across restarts.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { connectors, files, marker } from "@millrace/connectors";
import type { ChannelDefinition, ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { Visit } from "../testing/shop-project.ts";

let folder: string;
let drop: string;
let stage: OpenStage;

function project(): ProjectDefinition {
  const declared = files(join(drop, "*.{csv,csv.gz}"), { into: Visit, write: "append", ready: marker("_READY") });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "shop" }));
  const channel: ChannelDefinition = { ...declared, outputs, domain: "shop", name: "visit_files" };
  const domain = { name: "shop", folder, contracts: [Visit], channels: [channel], models: [] };
  return { config: { name: "shop" }, folder, domains: [domain] };
}

async function open(live = false): Promise<void> {
  stage = await openStage(folder, project(), { connectors });
  await stage.platform.start({ live });
}

let written = 0;

function write(name: string, content: string | Buffer): void {
  const path = join(drop, name);
  writeFileSync(path, content);
  const seconds = 1_700_000_000 + (written += 1);
  utimesSync(path, seconds, seconds);
  writeFileSync(join(drop, "_READY"), "");
}

function csv(...rows: readonly (readonly [string, number | string])[]): string {
  return ["page,ms", ...rows.map((row) => row.join(","))].map((line) => `${line}\n`).join("");
}

beforeEach(async () => {
  folder = newFolder();
  drop = join(folder, "drop");
  mkdirSync(drop);
  await open();
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("loads small files together, and a rewritten one in place of its earlier rows alone", async () => {
  write("1.csv", csv(["/one", 1], ["/one", "x"]));
  write("2.csv", csv(["/two", 2], ["/two", -1]));
  const first = await stage.platform.runUntilIdle({});
  expect(first.errors).toEqual([]);
  expect(first.batches).toMatchObject([{ received: 4n, accepted: 2n, quarantined: 2n }]);
  write("1.csv", csv(["/one again", 3]));
  const second = await stage.platform.runUntilIdle({});
  expect(second.batches.map(({ kind, received }) => [kind, received])).toEqual([
    ["load", 1n],
    ["replay", 2n],
  ]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one again", "/two"]);
  expect((await stage.platform.status()).quarantine).toEqual({ open: 1n, held: 0n, readmitted: 0n, discarded: 1n });
  await stage.close();
  await open();
  expect((await stage.platform.runUntilIdle({})).batches).toEqual([]);
});

it("refuses a broken file once, with its code, and loads it when it is delivered again", async () => {
  const whole = gzipSync(csv(...Array.from({ length: 500 }, (_, at) => [`/${at * 7919}`, at] as const)));
  write("a.csv.gz", whole.subarray(0, whole.length - 40));
  write("b.csv", csv(["/b", 1]));
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "file-truncated" }]);
  expect(await stage.rows("SELECT page FROM shop.visits")).toEqual(["/b"]);
  await stage.close();
  await open();
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  write("a.csv.gz", whole);
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT count(*) FROM shop.visits")).toBe(501n);
});

it("refuses a file that the loader cannot read, reports it once, and goes on with the others of its group and the later ones", async () => {
  write("1.csv", csv(["/one", 1]));
  write("2.csv", `${csv(["/two", 2])}"/broken,3\n/after,4\n`);
  write("3.csv", csv(["/three", 3]));
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "file-unreadable", message: expect.stringContaining("2.csv") }]);
  expect(report.channels).toMatchObject([{ state: "idle", error: { code: "file-unreadable" } }]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one", "/three"]);
  expect(await stage.rows("SELECT path, state FROM millrace.files ORDER BY path")).toEqual([
    ["1.csv", "loaded"],
    ["2.csv", "refused"],
    ["3.csv", "loaded"],
  ]);
  write("4.csv", csv(["/four", 4]));
  expect((await stage.platform.runUntilIdle({})).batches).toMatchObject([{ accepted: 1n }]);
  await stage.close();
  await open();
  expect(await stage.platform.runUntilIdle({})).toMatchObject({ errors: [], batches: [] });
  write("2.csv", csv(["/two", 2]));
  expect((await stage.platform.runUntilIdle({})).batches).toMatchObject([{ accepted: 1n }]);
  expect(await stage.one("SELECT count(*) FROM shop.visits")).toBe(4n);
});

it("keeps the rows of a file whose new version cannot be read", async () => {
  write("1.csv", csv(["/one", 1]));
  write("2.csv", csv(["/two", 2]));
  await stage.platform.runUntilIdle({});
  write("1.csv", `${csv(["/one again", 1])}"/broken,3\n/after,4\n`);
  expect((await stage.platform.runUntilIdle({})).errors).toMatchObject([{ code: "file-unreadable" }]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one", "/two"]);
  write("1.csv", csv(["/one at last", 1]));
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one at last", "/two"]);
});

it("sees files arrive by itself", async () => {
  await stage.close();
  await open(true);
  write("late.csv", csv(["/late", 1]));
  await expect.poll(() => stage.one("SELECT count(*) FROM shop.visits"), { timeout: 10_000 }).toBe(1n);
});
