// What the loader does when the warehouse fails: tries again, loads in parts, or stops everything, and never loads anything twice.
import { contract, MillraceError, rule, sql, t, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import type { Faults } from "../testing/faulty-warehouse.ts";
import { file, ndjson, queueChannel, queueConnector } from "../testing/queue-connector.ts";
import { eventsChannel, shop, Visit, type Shop } from "../testing/shop-project.ts";
import { foldLedger } from "./ledger-history.ts";
import { trimRuleResults } from "./rule-result-history.ts";
import { ledgerFaults } from "./ledger-integrity.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;
let faults: Faults;

async function open(project: ProjectDefinition = shopping.project): Promise<void> {
  stage = await openStage(folder, project, { connectors: [queueConnector(shopping.sources)], faults });
  await stage.platform.start({ live: false });
}

beforeEach(() => {
  folder = newFolder();
  shopping = shop([eventsChannel()]);
  faults = {};
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("tries a batch again after conflicts, under a new number", async () => {
  await open();
  let conflicts = 0;
  faults.beforeCommit = () => {
    if ((conflicts += 1) <= 2) throw new MillraceError("warehouse-conflict", "somebody was faster");
  };
  shopping.visits.push({ page: "/", ms: 1 });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toEqual([]);
  expect(report.batches).toMatchObject([{ accepted: 1n }]);
  expect(stage.metrics.render()).toContain('millrace_batch_conflicts_total{channel="shop.visits_in"} 2');
});

it("loads the objects in parts when memory runs out, in one transaction", async () => {
  await open();
  faults.beforeLoad = ({ source }) => {
    if (source.kind === "objects" && source.objects.length > 1)
      throw new MillraceError("warehouse-out-of-memory", "too much at once");
  };
  const texts = ["/a", "/b", "/c"].map((page) =>
    ndjson([
      { page, ms: 1 },
      { page, ms: -1 },
    ]),
  );
  shopping.visits.items.push({ objects: texts, files: texts.map((text, at) => file(`${at}`, text)) });
  const report = await stage.platform.runUntilIdle({});
  expect(report.batches.map(({ received, accepted }) => [received, accepted])).toEqual([
    [2n, 1n],
    [2n, 1n],
    [2n, 1n],
  ]);
  expect(await stage.one("SELECT count(DISTINCT (batch, row_no)) FROM millrace.quarantine")).toBe(3n);
  const rewritten = ndjson([{ page: "/b again", ms: 1 }]);
  shopping.visits.items.push({ objects: [rewritten], files: [file("1", rewritten, 2n)], replacesPaths: ["1"] });
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/a", "/b again", "/c"]);
});

it("quarantines a page that cannot be read as a whole, goes on, and loads it by replay once it can be read", async () => {
  await open();
  const format = { kind: "json", path: ["data"] } as const;
  const page = (path: string): string => JSON.stringify({ data: [{ page: path, ms: 1 }] });
  const objects = [page("/a"), '{"data": [{"page": "/b", "ms": 1}', page("/c")];
  shopping.visits.items.push({ objects, format }, { objects: [page("/d")], format });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "batch-unreadable", hint: expect.stringContaining("millrace replay") }]);
  expect(report.batches.map(({ received, accepted, quarantined }) => [received, accepted, quarantined])).toEqual([
    [2n, 2n, 0n],
    [1n, 0n, 1n],
    [1n, 1n, 0n],
  ]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/a", "/c", "/d"]);
  const [row] = await stage.platform.quarantineList({ limit: 10 });
  expect(row).toMatchObject({ codes: ["visits.record.malformed"], position: 0n, state: "open" });
  const readable = await stage.parts.objects.put(Buffer.from(page("/b")), {
    prefix: "x",
    extension: "json",
    codec: "zstd",
  });
  await stage.parts.warehouse.write([], (tx) =>
    tx.run("UPDATE millrace.ledger SET objects = replace(objects, ?, ?) WHERE batch = ?", [
      row!.objectKey,
      readable.key,
      row!.batch,
    ]),
  );
  await stage.parts.warehouse.write([], (tx) =>
    tx.run("UPDATE millrace.quarantine SET object_key = ?", [readable.key]),
  );
  expect(await stage.platform.replay(row!.batch)).toMatchObject({ accepted: 1n });
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/a", "/b", "/c", "/d"]);
  expect((await stage.platform.status()).quarantine).toMatchObject({ open: 0n, readmitted: 1n });
});

it("loads nothing of a file of which one object cannot be read, and all of it once when it comes again", async () => {
  await open();
  const format = { kind: "json", path: ["data"] } as const;
  const page = (name: string): string => JSON.stringify({ data: [{ page: name, ms: 1 }] });
  const broken = [page("/a"), "{"];
  shopping.visits.items.push({ objects: broken, format, files: [file("whole", broken.join(""))] });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "file-unreadable" }]);
  expect(await stage.rows("SELECT page FROM shop.visits")).toEqual([]);
  const mended = [page("/a"), page("/b")];
  const files = [file("whole", mended.join(""), 2n)];
  shopping.visits.items.push({ objects: mended, format, files, replacesPaths: ["whole"] });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY page")).toEqual(["/a", "/b"]);
});

it("keeps a replaced table as it is when a part of its new content cannot be read, and tries again", async () => {
  const channel = queueChannel({ domain: "shop", name: "visits_in", contract: Visit, write: "replace" });
  const [domain] = shopping.project.domains;
  await open({ ...shopping.project, domains: [{ ...domain!, channels: [channel] }] });
  shopping.visits.push({ page: "/good", ms: 1 });
  await stage.platform.runUntilIdle({});
  shopping.visits.items.push({ objects: ["{"], format: { kind: "json", path: ["data"] } });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "batch-unreadable" }]);
  expect(report.channels).toMatchObject([{ state: "failing" }]);
  expect(await stage.rows("SELECT page FROM shop.visits")).toEqual(["/good"]);
});

it("tries a replaced table again whose new content a blocking rule refused", async () => {
  const quick = contract("visits", { page: t.string(), ms: t.int32() }, [
    rule("quick", sql`ms < 10`, { severity: "block" }),
  ]);
  const channel = queueChannel({ domain: "shop", name: "visits_in", contract: quick, write: "replace" });
  const [domain] = shopping.project.domains;
  const contracts = domain!.contracts.map((one) => (one.name === "visits" ? quick : one));
  await open({ ...shopping.project, domains: [{ ...domain!, contracts, channels: [channel] }] });
  shopping.visits.push({ page: "/slow", ms: 99 });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "batch-blocked" }]);
  expect(report.channels).toMatchObject([{ state: "failing" }]);
});

it("gives up with a coded error when one object alone does not fit", async () => {
  await open();
  faults.beforeLoad = () => {
    throw new MillraceError("warehouse-out-of-memory", "too much");
  };
  shopping.visits.push({ page: "/", ms: 1 });
  const run = stage.platform.runUntilIdle({});
  await expect
    .poll(
      async () => (await stage.platform.status()).channels.find(({ channel }) => channel === "shop.visits_in")?.error,
    )
    .toMatchObject({ code: "warehouse-out-of-memory" });
  faults.beforeLoad = () => undefined;
  expect((await run).errors).toEqual([]);
  expect(await stage.one("SELECT count(*) FROM shop.visits")).toBe(1n);
});

it("stops all writers after a storage error and loses nothing of what was acknowledged", async () => {
  await open();
  faults.beforeCommit = () => {
    throw new MillraceError("storage-failed", "the disk is gone");
  };
  const body = Buffer.from('{"order_id":"a","seq":1,"amount":5}');
  await stage.platform.ingest("shop.order_events", { body, format: "json" });
  await expect
    .poll(async () => (await stage.platform.status()).components["storage"])
    .toMatchObject({ code: "storage-failed" });
  await expect(stage.platform.ingest("shop.order_events", { body, format: "json" })).rejects.toMatchObject({
    code: "storage-poisoned",
  });
  expect((await stage.platform.status()).ready).toBe(false);
  await stage.close();
  faults = {};
  await open();
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT count(*) FROM shop.orders")).toBe(1n);
});

it("swaps a replace table and discards what the version before left in quarantine", async () => {
  const swapped = queueChannel({ domain: "shop", name: "visits_in", contract: Visit, write: "replace" });
  const domain = shopping.project.domains[0]!;
  const channels = domain.channels.map((channel) => (channel.name === "visits_in" ? swapped : channel));
  await open({ ...shopping.project, domains: [{ ...domain, channels }] });
  shopping.visits.push({ page: "/old", ms: 1 }, { page: "/old", ms: -1 });
  await stage.platform.runUntilIdle({});
  shopping.visits.push({ page: "/new", ms: 1 });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT page FROM shop.visits")).toEqual(["/new"]);
  expect(await stage.rows("SELECT state FROM millrace.quarantine")).toEqual(["discarded"]);
  const [newest, older] = await stage.platform.batches({ limit: 2, channel: "shop.visits_in" });
  await expect(stage.platform.replay(older!.batch)).rejects.toMatchObject({ code: "request-invalid" });
  expect(await stage.platform.replay(newest!.batch)).toMatchObject({ accepted: 1n });
  expect(await stage.rows("SELECT page FROM shop.visits")).toEqual(["/new"]);
});

it("folds old event batches into daily sums that still add up", async () => {
  await open();
  const total = async () =>
    (await stage.platform.status()).channels.find(({ channel }) => channel === "shop.order_events");
  for (let at = 0; at < 6; at += 1) {
    const body = Buffer.from(`[{"order_id":"${at}","seq":1,"amount":5},{"order_id":"x"}]`);
    await stage.platform.ingest("shop.order_events", { body, format: "json" });
    await stage.platform.runUntilIdle({});
  }
  const before = await total();
  const { warehouse } = stage.parts;
  expect(await foldLedger(warehouse, "shop.order_events", { keep: 4 })).toBe(2);
  expect(await foldLedger(warehouse, "shop.order_events", { keep: 4 })).toBe(0);
  expect(await foldLedger(warehouse, "shop.order_events", { keep: 1 })).toBe(3);
  expect(await stage.rows("SELECT batches, received, accepted, quarantined FROM millrace.ledger_days")).toEqual([
    [5n, 10n, 5n, 5n],
  ]);
  const newest = await stage.one("SELECT max(batch) FROM millrace.rule_results");
  expect(await stage.one("SELECT count(DISTINCT batch) FROM millrace.rule_results")).toBe(6n);
  expect(await trimRuleResults(warehouse, { keep: 100 })).toBe(0);
  expect(await trimRuleResults(warehouse, { keep: 3 })).toBeGreaterThan(2);
  expect(await stage.one("SELECT max(batch) FROM millrace.rule_results")).toBe(newest);
  expect(await stage.one("SELECT count(*) <= 3 FROM millrace.rule_results")).toBe(true);
  await stage.close();
  await open();
  const { lastCommitMs: _stamp, ...after } = (await total())!;
  expect(before).toMatchObject(after);
  expect(after.received).toBe(12n);
});

it("remembers a refused file once, and the batch of the version before", async () => {
  await open();
  const { knownFiles, recordRefusal } = await import("./file-ledger.ts");
  const text = ndjson([{ page: "/", ms: 1 }]);
  shopping.visits.items.push({ objects: [text], files: [file("a", text)] });
  await stage.platform.runUntilIdle({});
  const refused = { file: file("a", "broken", 2n), error: new MillraceError("file-truncated", "ends too early") };
  const { warehouse, clock } = stage.parts;
  expect(await recordRefusal(warehouse, clock, "shop.visits_in", refused)).toBe(true);
  expect(await recordRefusal(warehouse, clock, "shop.visits_in", refused)).toBe(false);
  const known = (await knownFiles(warehouse, "shop.visits_in", ["a", "b"])).get("a");
  expect(known).toMatchObject({ state: "refused", version: 2, batch: 1n });
});
