// Files that leave, and files of which a manifest tells, through the platform: the table, the ledger and the accounts agree with what is in the folder.
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectors, files, manifest, quietPeriod, type FilesOptions } from "@millrace/connectors";
import type { ChannelDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import type { RunReport } from "../platform.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { Visit } from "../testing/shop-project.ts";

let folder: string;
let drop: string;
let stage: OpenStage;
let written = 0;

async function run(options: Partial<FilesOptions> = {}): Promise<RunReport> {
  const ready = quietPeriod("0s");
  const declared = files(join(drop, "*.csv"), { into: Visit, write: "append", ready, ...options });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "shop" }));
  const channel: ChannelDefinition = { ...declared, outputs, domain: "shop", name: "visit_files" };
  const domain = { name: "shop", folder, contracts: [Visit], channels: [channel], models: [] };
  stage = await openStage(folder, { config: { name: "shop" }, folder, domains: [domain] }, { connectors });
  await stage.platform.start({ live: false });
  return stage.platform.runUntilIdle({});
}

async function again(): Promise<RunReport> {
  return stage.platform.runUntilIdle({});
}

function write(name: string, ...rows: readonly (readonly [string, number])[]): void {
  const path = join(drop, name);
  writeFileSync(path, ["page,ms", ...rows.map((row) => row.join(","))].map((line) => `${line}\n`).join(""));
  const seconds = 1_700_000_000 + (written += 1);
  utimesSync(path, seconds, seconds);
}

const pages = (): Promise<unknown> => stage.rows("SELECT page FROM shop.visits ORDER BY page");

beforeEach(() => {
  folder = newFolder();
  drop = join(folder, "drop");
  mkdirSync(drop);
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("lets the rows of a deleted file leave in one transaction that the ledger tells of, and keeps the others", async () => {
  write("a.csv", ["a", 1], ["bad", -2]);
  write("b.csv", ["c", 3]);
  await run({ onDelete: "remove" });
  expect(await pages()).toEqual(["a", "c"]);
  rmSync(join(drop, "a.csv"));
  await again();
  expect(await pages()).toEqual(["c"]);
  const ledger = await stage.rows("SELECT kind, received, replaced FROM millrace.ledger ORDER BY received, kind");
  expect(ledger).toEqual([
    ["load", 0n, 2n],
    ["replay", 1n, 0n],
    ["load", 3n, 0n],
  ]);
  expect(await stage.rows("SELECT path, state FROM millrace.files ORDER BY path, version")).toEqual([
    ["a.csv", "superseded"],
    ["a.csv", "removed"],
    ["b.csv", "loaded"],
  ]);
  expect(await stage.rows("SELECT state FROM millrace.quarantine")).toEqual(["discarded"]);
  write("a.csv", ["a", 1]);
  await again();
  expect(await pages()).toEqual(["a", "c"]);
});

it("empties a replaced table only when the file that it shows is deleted", async () => {
  write("1.csv", ["old", 1]);
  write("2.csv", ["new", 1]);
  write("3.csv", ["newest", 1]);
  await run({ onDelete: "remove", write: "replace" });
  rmSync(join(drop, "1.csv"));
  await again();
  expect(await pages()).toEqual(["newest"]);
  rmSync(join(drop, "3.csv"));
  await again();
  expect(await pages()).toEqual([]);
});

it("brings back a renamed file that shared a batch with a rewritten one", async () => {
  write("a.csv", ["a", 1]);
  write("b.csv", ["b", 2]);
  await run();
  renameSync(join(drop, "b.csv"), join(drop, "renamed.csv"));
  expect((await again()).batches).toEqual([]);
  write("a.csv", ["a2", 1]);
  await again();
  expect(await pages()).toEqual(["a2", "b"]);
  rmSync(join(drop, "renamed.csv"));
  await again();
  expect(await pages()).toEqual(["a2", "b"]);
  const states = await stage.rows("SELECT state FROM millrace.files WHERE path = 'renamed.csv' ORDER BY version");
  expect(states).toEqual(["loaded", "gone"]);
});

it("refuses the file of which a manifest promises another number of records, and loads the others", async () => {
  write("a.csv", ["a", 1], ["b", 2]);
  write("b.csv", ["c", 3]);
  const said = {
    files: [
      { name: "a.csv", rows: 3 },
      { name: "b.csv", rows: 1 },
    ],
  };
  writeFileSync(join(drop, "MANIFEST.json"), JSON.stringify(said));
  const report = await run({ ready: manifest("MANIFEST.json") });
  expect(report.errors).toMatchObject([
    { code: "file-manifest", message: "a.csv is not what its manifest says: records expected 3, received 2." },
  ]);
  expect(await pages()).toEqual(["c"]);
});
