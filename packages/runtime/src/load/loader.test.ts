// One arrival, one transaction: what it leaves in table, quarantine, ledger and files, also when it is cut off.
import { setFailpointHook, type CommitEvent } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "./ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { file, ndjson, queueConnector } from "../testing/queue-connector.ts";
import { shop, type Shop } from "../testing/shop-project.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;

async function open(): Promise<void> {
  stage = await openStage(folder, shopping.project, { connectors: [queueConnector(shopping.sources)] });
  await stage.platform.start({ live: false });
}

beforeEach(async () => {
  folder = newFolder();
  shopping = shop();
  await open();
});

afterEach(async () => {
  setFailpointHook(undefined);
  await stage.close();
  removeFolder(folder);
});

it("brings accepted rows to the table, refused ones to quarantine, and enters their counts", async () => {
  shopping.products.push({ sku: "a" }, { sku: "b" });
  const commits: CommitEvent[] = [];
  stage.platform.onCommit((commit) => commits.push(commit));
  await stage.platform.runUntilIdle({});
  shopping.sales.push({ id: 1, sku: "a", qty: 2 }, { id: 2, sku: "a", qty: 0 }, '{"id": 3, "sku": "b"', {
    id: 4,
    sku: "b",
    qty: 5000,
  });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toEqual([]);
  expect(report.batches).toMatchObject([
    { channel: "shop.sales_in", received: 4n, accepted: 1n, quarantined: 3n, duplicate: 0n, kind: "load" },
  ]);
  expect(await stage.rows("SELECT codes FROM millrace.quarantine ORDER BY row_no")).toEqual([
    ["sales.qty.min"],
    ["sales.record.malformed"],
    ["sales.row.not_too_many"],
  ]);
  expect(await stage.rows("SELECT id FROM shop.sales")).toEqual([1n]);
  const sales = commits.find((commit) => commit.batch?.channel === "shop.sales_in");
  expect(sales?.tables).toEqual([
    { table: "shop.sales", version: (await stage.parts.warehouse.table("shop", "sales"))?.version },
  ]);
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
});

it("does nothing the second time", async () => {
  shopping.products.push({ sku: "a" });
  await stage.platform.runUntilIdle({});
  expect((await stage.platform.runUntilIdle({})).batches).toEqual([]);
  await stage.close();
  await open();
  expect((await stage.platform.runUntilIdle({})).batches).toEqual([]);
  expect(await stage.rows("SELECT sku FROM shop.products")).toEqual(["a"]);
});

it.for(["batch.staged", "batch.before-commit"] as const)("leaves nothing of a batch that ends at %s", async (place) => {
  shopping.visits.push({ page: "/", ms: 1 }, { page: "/", ms: -1 });
  setFailpointHook((name) => {
    if (name === place) throw new Error("cut off");
  });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors.length).toBeGreaterThan(0);
  setFailpointHook(undefined);
  for (const table of ["shop.visits", "millrace.quarantine", "millrace.ledger"])
    expect(await stage.one(`SELECT count(*) FROM ${table}`)).toBe(0n);
  await stage.close();
  await open();
  expect((await stage.platform.runUntilIdle({})).batches).toMatchObject([
    { received: 2n, accepted: 1n, quarantined: 1n },
  ]);
  expect(await stage.one("SELECT count(*) FROM shop.visits")).toBe(1n);
});

it("goes on behind a batch whose commit was not heard of", async () => {
  shopping.visits.push({ page: "/", ms: 1 });
  await stage.platform.runUntilIdle({});
  await stage.close({ crash: true });
  await open();
  shopping.visits.push({ page: "/next", ms: 2 });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY _batch")).toEqual(["/", "/next"]);
});

it("replaces the rows of a rewritten file and brings back the files that shared its batch", async () => {
  const one = ndjson([
    { page: "/one", ms: 1 },
    { page: "/one", ms: -1 },
  ]);
  const two = ndjson([
    { page: "/two", ms: 2 },
    { page: "/two", ms: -2 },
  ]);
  shopping.visits.items.push({ objects: [one, two], files: [file("1", one), file("2", two)] });
  await stage.platform.runUntilIdle({});
  const rewritten = ndjson([{ page: "/one again", ms: 3 }]);
  shopping.visits.items.push({ objects: [rewritten], files: [file("1", rewritten, 2n)], replacesPaths: ["1"] });
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one again", "/two"]);
  expect(await stage.rows("SELECT state, count(*) FROM millrace.quarantine GROUP BY ALL ORDER BY ALL")).toEqual([
    ["discarded", 1n],
    ["open", 1n],
  ]);
  const again = ndjson([{ page: "/two again", ms: 4 }]);
  shopping.visits.items.push({ objects: [again], files: [file("2", again, 2n)], replacesPaths: ["2"] });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/one again", "/two again"]);
  expect(await stage.rows("SELECT path, version, state FROM millrace.files ORDER BY ALL")).toEqual([
    ["1", 1n, "superseded"],
    ["1", 2n, "loaded"],
    ["2", 1n, "superseded"],
    ["2", 2n, "loaded"],
  ]);
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
});
