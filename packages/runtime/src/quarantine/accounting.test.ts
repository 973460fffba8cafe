// Nothing is lost and nothing is counted twice, whatever loads, parents, repairs, re-admissions, discards, replays and restarts come in whatever order.
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { shop, type Shop } from "../testing/shop-project.ts";

/** What a sale must be by the rules alone: `repaired` quantity in place of its own once someone repaired it. */
interface ExpectedSale {
  readonly batch: bigint;
  readonly id: number;
  readonly sku: string;
  readonly qty: number;
  repaired?: number;
  state: "trusted" | "held" | "open" | "discarded";
}

let folder: string;
let stage: OpenStage;
let shopping: Shop;
let sales: ExpectedSale[];
let products: Set<string>;
let asked = 0;

const sku = fc.constantFrom("a", "b", "c");
const id = fc.integer({ min: 1, max: 4 });
const sale = fc.record({ id, sku, qty: fc.constantFrom(0, 1, 2, 5000) });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(sale, { minLength: 1, maxLength: 5 }).map((rows) => ({ kind: "sales" as const, rows })),
  },
  { weight: 2, arbitrary: sku.map((name) => ({ kind: "product" as const, name })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ id, qty: fc.constantFrom(0, 3), readmit: fc.boolean() })
      .map((fix) => ({ kind: "fix" as const, ...fix })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "readmit" as const }) },
  { weight: 1, arbitrary: id.map((which) => ({ kind: "discard" as const, id: which })) },
  { weight: 2, arbitrary: fc.nat().map((pick) => ({ kind: "replay" as const, pick })) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function open(): Promise<void> {
  stage = await openStage(folder, shopping.project, { connectors: [queueConnector(shopping.sources)] });
  await stage.platform.start({ live: false });
}

beforeEach(async () => {
  folder = newFolder();
  shopping = shop();
  sales = [];
  products = new Set();
  await open();
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

function judged(one: ExpectedSale, qty = one.repaired ?? one.qty): ExpectedSale["state"] {
  if (qty < 1 || qty >= 1000) return "open";
  return products.has(one.sku) ? "trusted" : "held";
}

/** The original first: a repair stands in for one that does not pass. */
function judgedAgain(one: ExpectedSale): void {
  if (judged(one, one.qty) === "trusted") delete one.repaired;
  one.state = judged(one);
}

function judgeAll(which: (one: ExpectedSale) => boolean): void {
  for (const one of sales) if ((one.state === "open" || one.state === "held") && which(one)) one.state = judged(one);
}

async function act(request: {
  kind: "fix" | "readmit" | "discard";
  id?: number;
  qty?: number;
  readmit?: boolean;
}): Promise<void> {
  const where = request.id === undefined ? {} : { where: `id = '${request.id}'` };
  await stage.platform.quarantineAct({
    id: `a${(asked += 1)}`,
    kind: request.kind,
    selection: { table: "shop.sales", ...where },
    ...(request.qty === undefined ? {} : { change: { kind: "values", set: { qty: String(request.qty) } } }),
    readmit: request.readmit === true,
    by: "ann",
    reason: "property",
  });
}

async function replay(pick: number): Promise<void> {
  const loads = (await stage.platform.batches({ limit: 1000 })).filter((batch) => batch.kind !== "readmit");
  const chosen = loads[pick % Math.max(1, loads.length)];
  if (chosen === undefined) return;
  await stage.platform.replay(chosen.batch);
  const origin = await stage.one(
    "SELECT coalesce(CAST(json_extract_string(objects, '$.origin') AS BIGINT), batch) FROM millrace.ledger WHERE batch = ?",
    [chosen.batch],
  );
  // A discarded row that passes now is in the table, and so no longer discarded.
  for (const one of sales)
    if (one.batch === origin && (one.state !== "discarded" || judged(one, one.qty) === "trusted")) judgedAgain(one);
}

async function take(one: Step): Promise<void> {
  switch (one.kind) {
    case "sales":
      return shopping.sales.push(...one.rows);
    case "product":
      shopping.products.push({ sku: one.name });
      products.add(one.name);
      return;
    case "fix":
      await act(one);
      for (const row of sales)
        if (row.id === one.id && (row.state === "open" || row.state === "held")) row.repaired = one.qty;
      if (one.readmit) judgeAll((row) => row.id === one.id);
      return;
    case "readmit":
      await act(one);
      return judgeAll(() => true);
    case "discard":
      await act(one);
      for (const row of sales)
        if (row.id === one.id && (row.state === "open" || row.state === "held")) row.state = "discarded";
      return;
    case "replay":
      return replay(one.pick);
    case "restart":
      await stage.close();
      return open();
  }
}

/** After a run: what came is judged, and what waits is looked at again when a parent came, or at a start. */
async function settled(one: Step): Promise<void> {
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  if (one.kind === "sales") {
    const batch = (await stage.one(
      "SELECT max(batch) FROM millrace.ledger WHERE kind = 'load' AND channel = 'shop.sales_in'",
    )) as bigint;
    for (const row of one.rows) {
      const added: ExpectedSale = { batch, ...row, state: "open" };
      added.state = judged(added);
      sales.push(added);
    }
  }
  if (one.kind === "product" || one.kind === "restart") judgeAll((row) => row.state === "held");
}

async function everythingAddsUp(): Promise<void> {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  const status = await stage.platform.status();
  const wanted = (state: ExpectedSale["state"]): number => sales.filter((one) => one.state === state).length;
  const { open: opened, held, readmitted, discarded } = status.quarantine;
  expect([opened, held, discarded].map(Number)).toEqual([wanted("open"), wanted("held"), wanted("discarded")]);
  const quarantined = await stage.one(
    "SELECT coalesce(sum(quarantined), 0)::BIGINT FROM millrace.ledger WHERE kind = 'load'",
  );
  expect(opened + held + readmitted + discarded).toBe(quarantined);
  const received = status.channels.find(({ channel }) => channel === "shop.sales_in")?.received ?? 0n;
  expect(received).toBe(BigInt(sales.length));
}

/** Of each id, the trusted sale that was received last. */
async function tableIsRight(): Promise<void> {
  const newest = new Map<number, number>();
  for (const one of sales) if (one.state === "trusted") newest.set(one.id, one.repaired ?? one.qty);
  const rows = (await stage.rows("SELECT id, qty FROM shop.sales ORDER BY id")) as (readonly [bigint, number])[];
  expect(rows.map(([key, qty]) => [Number(key), qty])).toEqual([...newest].sort(([a], [b]) => a - b));
}

it("counts and table are right after every step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
      for (const one of steps) {
        await take(one);
        await settled(one);
        await everythingAddsUp();
        await tableIsRight();
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 180_000);
