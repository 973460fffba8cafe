// Quarantine as a workflow: preview, repair, re-admit, discard; what follows from it, and what is remembered.
import { MillraceError, type ModelSource, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import type { Faults } from "../testing/faulty-warehouse.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { eventsChannel, shop, type Shop } from "../testing/shop-project.ts";
import type { QuarantineOutcome, QuarantineRequest } from "./quarantine.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;
let asked = 0;

const total: ModelSource = {
  domain: "shop",
  name: "sold",
  file: "/shop/sold.sql",
  text: "SELECT sum(qty)::BIGINT AS qty FROM shop.sales",
};

async function open(limits = {}, faults: Faults = {}): Promise<void> {
  const [domain] = shopping.project.domains;
  const project: ProjectDefinition = { ...shopping.project, domains: [{ ...domain!, models: [total] }] };
  stage = await openStage(folder, project, { connectors: [queueConnector(shopping.sources)], limits, faults });
  await stage.platform.start({ live: false });
}

async function run(): Promise<void> {
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
}

function act(request: Partial<QuarantineRequest> & Pick<QuarantineRequest, "kind">): Promise<QuarantineOutcome> {
  const selection = { table: "shop.sales" };
  return stage.platform.quarantineAct({ id: `a${(asked += 1)}`, selection, by: "ann", ...request });
}

async function counts(): Promise<unknown> {
  const { open: opened, held, readmitted, discarded } = (await stage.platform.status()).quarantine;
  return [opened, held, readmitted, discarded];
}

beforeEach(async () => {
  folder = newFolder();
  shopping = shop([eventsChannel()]);
  await open();
  shopping.products.push({ sku: "a" });
  await run();
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("previews, then repairs in bulk and re-admits; models follow, order and position stay", async () => {
  shopping.sales.push(
    { id: 1, sku: "a", qty: "-2", contact: "ann@example.org" },
    { id: 2, sku: "a", qty: "3" },
    { id: 3, sku: "a", qty: "5000" },
  );
  await run();
  const [batch, seq] = (await stage.one("SELECT batch, seq FROM millrace.quarantine WHERE row_no = 1")) as [
    bigint,
    bigint,
  ];
  const change = { kind: "sql", set: { qty: "abs(qty::int)" } } as const;
  const preview = await act({ kind: "fix", change, dryRun: true });
  expect(preview).toMatchObject({ dryRun: true, rows: 2n, readmitted: 1n });
  expect(preview.failing).toEqual([{ code: "sales.row.not_too_many", rows: 1n }]);
  expect(preview.samples?.map(({ state }) => state)).toEqual(["readmitted", "open"]);
  expect(preview.samples?.[0]?.after).toContain('"qty":"2"');
  expect(JSON.stringify(preview, (_key, value: unknown) => String(value))).not.toContain("ann@");
  expect(await counts()).toEqual([2n, 0n, 0n, 0n]);
  expect(await stage.one("SELECT count(*) FROM millrace.quarantine WHERE repaired IS NOT NULL")).toBe(0n);
  const outcome = await act({ kind: "fix", change, readmit: true, reason: "sign was lost" });
  expect(outcome).toMatchObject({ dryRun: false, rows: 2n, readmitted: 1n });
  expect(await counts()).toEqual([1n, 0n, 1n, 0n]);
  expect(await stage.rows("SELECT id, qty, _row, _seq FROM shop.sales WHERE id = 1")).toEqual([[1n, 2, 1n, seq]]);
  expect(await stage.one("SELECT qty FROM shop.sold")).toBe(5n);
  const shown = await stage.platform.quarantineShow(batch, 1n, { showPii: true });
  expect(shown).toMatchObject({
    state: "readmitted",
    actions: [{ kind: "fix", by: "ann", reason: "sign was lost", rows: 2n }],
  });
  expect(shown.original).toContain('"qty":"-2"');
  expect(shown.repaired).toContain('"qty":"2"');
  expect(shown.repaired).toContain("ann@example.org");
});

it("a fix alone waits for its re-admission, which does not overwrite a newer row", async () => {
  shopping.sales.push({ id: 1, sku: "a", qty: 0 });
  await run();
  shopping.sales.push({ id: 1, sku: "a", qty: 7 });
  await run();
  expect(await act({ kind: "fix", change: { kind: "values", set: { qty: "4" } } })).toMatchObject({
    rows: 1n,
    readmitted: 0n,
  });
  expect(await counts()).toEqual([1n, 0n, 0n, 0n]);
  expect(await act({ kind: "readmit" })).toMatchObject({ rows: 1n, readmitted: 1n, failing: [] });
  expect(await stage.rows("SELECT qty FROM shop.sales")).toEqual([7]);
});

it("does not let a re-admitted row replace one that stood behind it in the same batch", async () => {
  shopping.sales.push({ id: 1, sku: "a", qty: 0 }, { id: 1, sku: "a", qty: 7 }, { id: 1, sku: "a", qty: -9 });
  await run();
  const fix = { kind: "fix", readmit: true, change: { kind: "sql", set: { qty: "4 + abs(qty::int)" } } } as const;
  const batch = (await stage.platform.quarantineList({ limit: 1 }))[0]!.batch;
  await act({ ...fix, selection: { batch, row: 1n } });
  expect(await stage.rows("SELECT qty FROM shop.sales")).toEqual([7]);
  await act({ ...fix, selection: { batch, row: 3n } });
  expect(await stage.rows("SELECT qty FROM shop.sales")).toEqual([13]);
});

it("repairs one row that was no record at all", async () => {
  shopping.sales.push("broken {");
  await run();
  const [row] = await stage.platform.quarantineList({ limit: 1 });
  const selection = { batch: row!.batch, row: row!.row };
  const sql = await act({ kind: "fix", selection, change: { kind: "sql", set: { qty: "1" } }, dryRun: true });
  expect(sql).toMatchObject({ rows: 1n, readmitted: 0n, failing: [{ code: "sales.record.malformed", rows: 1n }] });
  const record = { id: 9, sku: "a", qty: 1, contact: null };
  const change = { kind: "records", records: [{ ...selection, record }], source: "by hand" } as const;
  expect(await act({ kind: "fix", selection, change, readmit: true })).toMatchObject({ readmitted: 1n });
  expect(await stage.rows("SELECT id, qty, contact FROM shop.sales")).toEqual([[9n, 1, null]]);
});

it("discards with a reason; what is settled is left alone", async () => {
  shopping.sales.push({ id: 1, sku: "a", qty: 0 }, { id: 2, sku: "a", qty: 0 }, { id: 3, sku: "late", qty: 1 });
  await run();
  const batch = (await stage.platform.quarantineList({ limit: 1 }))[0]!.batch;
  await expect(act({ kind: "discard" })).rejects.toMatchObject({ code: "request-invalid" });
  expect(await counts()).toEqual([2n, 1n, 0n, 0n]);
  const selection = { table: "shop.sales", where: "id::int = 2" };
  expect(await act({ kind: "discard", selection, reason: "test order" })).toMatchObject({ rows: 1n });
  expect(await counts()).toEqual([1n, 1n, 0n, 1n]);
  await expect(act({ kind: "readmit", selection: { batch, row: 2n } })).rejects.toMatchObject({
    code: "request-invalid",
  });
  await expect(act({ kind: "readmit", selection: { batch, row: 99n } })).rejects.toMatchObject({
    code: "quarantine-not-found",
  });
  expect(await act({ kind: "readmit" })).toMatchObject({ rows: 2n, readmitted: 0n });
  await stage.platform.replay(batch);
  expect(await counts()).toEqual([1n, 1n, 0n, 1n]);
});

it("replay judges the originals again and keeps repairs", async () => {
  shopping.visits.push({ page: "/a", ms: -1 }, { page: "/b", ms: 2 }, { page: "/c", ms: -3 });
  await run();
  const batch = (await stage.platform.quarantineList({ limit: 1 }))[0]!.batch;
  const selection = { batch, row: 1n };
  await act({ kind: "fix", selection, change: { kind: "values", set: { ms: "1" } }, readmit: true });
  const before = await stage.rows("SELECT page, ms, _row, _seq FROM shop.visits ORDER BY _row");
  expect(before).toHaveLength(2);
  for (let time = 0; time < 2; time += 1) {
    await stage.platform.replay(batch);
    expect(await stage.rows("SELECT page, ms, _row, _seq FROM shop.visits ORDER BY _row")).toEqual(before);
    expect(await counts()).toEqual([1n, 0n, 1n, 0n]);
  }
});

it("does once what is asked twice, also where it was interrupted", async () => {
  await stage.close();
  let loads = 0;
  const faults: Faults = {};
  await open({ readmitRowsMax: 2 }, faults);
  shopping.visits.push(...[1, 2, 3, 4, 5].map((at) => ({ page: `/${at}`, ms: -at })));
  await run();
  const request = {
    id: "once",
    kind: "fix",
    selection: { table: "shop.visits" },
    change: { kind: "sql", set: { ms: "-(ms::int)" } },
    readmit: true,
    by: "ann",
  } as const;
  faults.beforeLoad = () => {
    if ((loads += 1) === 2) throw new MillraceError("warehouse-out-of-memory", "too much at once");
  };
  await expect(stage.platform.quarantineAct(request)).rejects.toMatchObject({ code: "warehouse-out-of-memory" });
  expect(await counts()).toEqual([3n, 0n, 2n, 0n]);
  expect(await stage.platform.quarantineAct(request)).toMatchObject({ rows: 5n, readmitted: 5n });
  expect(await stage.platform.quarantineAct(request)).toMatchObject({ rows: 5n, readmitted: 5n });
  expect(await stage.rows("SELECT ms FROM shop.visits ORDER BY ms")).toEqual([1, 2, 3, 4, 5]);
  const replayed = await stage.platform.replay(2n, { request: "r" });
  expect(await stage.platform.replay(2n, { request: "r" })).toEqual(replayed);
});

it("does once what is asked twice at the same time", async () => {
  await stage.close();
  await open({ readmitRowsMax: 2 });
  shopping.visits.push(...[1, 2, 3, 4, 5].map((at) => ({ page: `/${at}`, ms: -at })));
  await run();
  const selection = { table: "shop.visits" };
  const fix = { id: "twins", kind: "fix", selection, change: { kind: "sql", set: { ms: "1 + ms::int" } } } as const;
  const outcomes = await Promise.all([act(fix), act(fix)]);
  expect(outcomes).toMatchObject([{ rows: 5n }, { rows: 5n }]);
  expect(await stage.rows("SELECT row_count FROM millrace.quarantine_actions")).toEqual([5n]);
  const repaired = "SELECT string_agg(repaired->>'ms', ' ' ORDER BY row_no) FROM millrace.quarantine";
  expect(await stage.one(repaired)).toBe("0 -1 -2 -3 -4");
  const { batch } = (await stage.platform.quarantineList({ limit: 1 }))[0]!;
  const replay = () => stage.platform.replay(batch, { request: "twins" });
  const [first, second] = await Promise.all([replay(), replay()]);
  expect(second).toEqual(first);
  expect(await stage.one("SELECT count(*) FROM millrace.ledger WHERE kind = 'replay'")).toBe(1n);
});

it("refuses an id that belongs to something else", async () => {
  for (const ms of [-1, 1]) {
    shopping.visits.push({ page: "/", ms });
    await run();
  }
  const selection = { table: "shop.visits" };
  await act({ id: "taken", kind: "readmit", selection });
  const conflict = { code: "idempotency-conflict" };
  await expect(act({ id: "taken", kind: "discard", selection, reason: "r" })).rejects.toMatchObject(conflict);
  await expect(act({ id: "taken", kind: "readmit" })).rejects.toMatchObject(conflict);
  expect(await counts()).toEqual([1n, 0n, 0n, 0n]);
  await stage.platform.replay(2n, { request: "taken" });
  await expect(stage.platform.replay(3n, { request: "taken" })).rejects.toMatchObject(conflict);
});

it("takes rows of many batches in bounded parts, each row once", async () => {
  const batches = 230;
  const columns =
    "batch, row_no, channel, domain, table_name, codes, reasons, original, object_key, position, seq, state";
  await stage.parts.warehouse.write([], (tx) =>
    tx.run(
      `INSERT INTO millrace.quarantine (${columns}) SELECT -i, 1, 'shop.visits_in', 'shop', 'visits', ['visits.ms.min'], ['ms: -1'],
        '{"page":"/' || i || '","ms":"-1"}', 'none', 1, i, 'open' FROM range(1, ${batches + 1}) AS r (i)`,
    ),
  );
  const selection = { table: "shop.visits" };
  const change = { kind: "values", set: { ms: "1" } } as const;
  expect(await act({ kind: "fix", selection, change })).toMatchObject({ rows: BigInt(batches) });
  expect(await stage.one("SELECT count(*) FROM millrace.quarantine WHERE repaired LIKE '%\"1\"%'")).toBe(
    BigInt(batches),
  );
  expect(await act({ kind: "discard", selection, reason: "made up" })).toMatchObject({ rows: BigInt(batches) });
  expect(await counts()).toEqual([0n, 0n, 0n, BigInt(batches)]);
});

it("goes by the version column of a repaired row", async () => {
  const orders = [
    { order_id: "o", seq: "one", amount: 1 },
    { order_id: "o", seq: 2, amount: 2 },
  ];
  const body = Buffer.from(JSON.stringify(orders));
  const receipt = await stage.platform.ingest("shop.order_events", { body, format: "json" });
  expect(receipt.rejected).toEqual([{ index: 0, codes: ["orders.seq.type"] }]);
  await run();
  expect(await counts()).toEqual([1n, 0n, 0n, 0n]);
  const fix = { kind: "fix", selection: { table: "shop.orders" }, readmit: true } as const;
  await act({ ...fix, change: { kind: "values", set: { seq: "1" } } });
  expect(await stage.rows("SELECT amount, _seq FROM shop.orders")).toEqual([["2.00", 2n]]);
});

it("lets only expressions over the record pass", async () => {
  shopping.sales.push({ id: 1, sku: "a", qty: 0 });
  await run();
  for (const [expression, code] of [
    ["(SELECT max(qty) FROM shop.sales)", "query-refused"],
    ["1), (2", "query-refused"],
    ["(SELECT content FROM read_text('/etc/passwd'))", "query-refused"],
    ["1) FROM shop.sales --", "query-invalid"],
    ["nothing_like_it + 1", "query-invalid"],
    ["abs(", "query-invalid"],
  ] as const) {
    const fix = act({ kind: "fix", change: { kind: "sql", set: { qty: expression } } });
    await expect(fix).rejects.toMatchObject({ code });
    const readmit = act({ kind: "readmit", selection: { table: "shop.sales", where: expression } });
    await expect(readmit).rejects.toMatchObject({ code });
  }
  expect(await counts()).toEqual([1n, 0n, 0n, 0n]);
});

it("refuses what is unclear, and changes nothing", async () => {
  shopping.sales.push({ id: 1, sku: "a", qty: 0 });
  shopping.visits.push({ page: "/", ms: -1 });
  await run();
  const requests: (Partial<QuarantineRequest> & Pick<QuarantineRequest, "kind">)[] = [
    { kind: "readmit", selection: {} },
    { kind: "readmit", selection: { row: 1n } },
    { kind: "fix" },
    { kind: "readmit", change: { kind: "values", set: { qty: "1" } } },
    { kind: "fix", change: { kind: "values", set: {} } },
    { kind: "fix", change: { kind: "values", set: { price: "1" } } },
  ];
  for (const request of requests) await expect(act(request)).rejects.toMatchObject({ code: "request-invalid" });
  expect(await act({ kind: "discard", selection: { code: "none" }, reason: "r" })).toMatchObject({ rows: 0n });
  expect(await counts()).toEqual([2n, 0n, 0n, 0n]);
});
