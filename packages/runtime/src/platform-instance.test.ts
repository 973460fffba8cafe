// The platform as a whole: fencing, reload, live work.
import { contract, MillraceError, t, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPlatform } from "./platform-instance.ts";
import { newFolder, openStage, removeFolder, type OpenStage, type StageOptions } from "./testing/embedded-stage.ts";
import type { Faults } from "./testing/faulty-warehouse.ts";
import { queueChannel, queueConnector } from "./testing/queue-connector.ts";
import { eventsChannel, shop, type Order, type Shop } from "./testing/shop-project.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;

async function open(options: StageOptions & { live?: boolean; project?: ProjectDefinition } = {}): Promise<void> {
  const connectors = [queueConnector(shopping.sources)];
  stage = await openStage(folder, options.project ?? shopping.project, { connectors, ...options });
  await stage.platform.start({ live: options.live === true });
}

beforeEach(() => {
  folder = newFolder();
  shopping = shop([eventsChannel()]);
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

it("fences off the owner before: the newer one loads each row once, the older one stops", async () => {
  await open();
  shopping.visits.push({ page: "/first", ms: 1 });
  await stage.platform.runUntilIdle({});
  const newer = createPlatform(stage.parts);
  await newer.start({ live: false });
  shopping.visits.push({ page: "/second", ms: 1 });
  const [older] = await Promise.all([stage.platform.runUntilIdle({}), newer.runUntilIdle({})]);
  await newer.runUntilIdle({});
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY _batch")).toEqual(["/first", "/second"]);
  expect(older.channels.find(({ channel }) => channel === "shop.visits_in")).toMatchObject({
    state: "stopped",
    error: { code: "batch-fenced" },
  });
  await newer.stop();
});

it("numbers its batches behind those that the owner before commits while it starts", async () => {
  const faults: Faults = {};
  await open({ faults });
  const { promise: midway, resolve: reached } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  faults.beforeCommit = () => {
    delete faults.beforeCommit;
    reached();
    return released;
  };
  shopping.visits.push({ page: "/first", ms: 1 });
  const finishing = stage.platform.runUntilIdle({});
  await midway;
  const newer = createPlatform(stage.parts);
  const starting = newer.start({ live: false });
  setTimeout(release, 100);
  await Promise.all([starting, finishing]);
  shopping.visits.push({ page: "/second", ms: 1 });
  await newer.runUntilIdle({});
  expect(await stage.rows("SELECT batch FROM millrace.ledger ORDER BY batch")).toEqual([1n, 2n]);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY _batch")).toEqual(["/first", "/second"]);
  const totals = (await newer.status()).channels.find(({ channel }) => channel === "shop.visits_in");
  expect(totals).toMatchObject({ batches: 2n, received: 2n });
  await newer.stop();
});

it("commits a stream's cursor only from where it was: an arrival that is read twice is loaded once", async () => {
  await open();
  shopping.visits.push({ page: "/one", ms: 1 });
  const before = shopping.visits.beforeItem;
  await stage.platform.runUntilIdle({});
  await stage.parts.warehouse.write([], (tx) =>
    tx.run(`UPDATE millrace.channels SET cursor = NULL WHERE channel = 'shop.visits_in'`),
  );
  shopping.visits.beforeItem = () => {
    shopping.visits.beforeItem = before;
    void stage.parts.warehouse.write([], (tx) =>
      tx.run(`UPDATE millrace.channels SET cursor = '{"items":1}' WHERE channel = 'shop.visits_in'`),
    );
  };
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toEqual([]);
  expect(await stage.one("SELECT count(*) FROM shop.visits")).toBe(1n);
});

it("tries again after transient errors and stops after permanent ones until the source wakes it", async () => {
  await open({ live: true });
  let failures = 0;
  shopping.visits.beforeItem = () => {
    if ((failures += 1) <= 1) throw new MillraceError("upstream-unavailable", "not yet");
  };
  shopping.visits.push({ page: "/", ms: 1 });
  shopping.visits.wake();
  await expect.poll(() => stage.one("SELECT count(*) FROM shop.visits"), { timeout: 10_000 }).toBe(1n);
  shopping.sales.items.push({ objects: [], fail: new MillraceError("upstream-refused", "no") });
  shopping.sales.wake();
  const sales = async () => (await stage.platform.status()).channels.find(({ channel }) => channel === "shop.sales_in");
  await expect.poll(async () => (await sales())?.state).toBe("stopped");
  expect((await sales())?.error).toMatchObject({ code: "upstream-refused" });
  shopping.sales.items[0] = { objects: ['{"id":1,"sku":"x","qty":1}\n'] };
  shopping.sales.wake();
  await expect.poll(async () => (await sales())?.received).toBe(1n);
  expect(await sales()).toMatchObject({ state: "idle" });
});

it("works by itself: events, held rows, watched and timed channels", async () => {
  const timed = queueChannel({
    domain: "shop",
    name: "visits_in",
    contract: shopping.project.domains[0]!.contracts[2]!,
    write: "append",
    every: "100ms",
  });
  const domain = shopping.project.domains[0]!;
  const channels = domain.channels.map((channel) => (channel.name === "visits_in" ? timed : channel));
  await open({ live: true, project: { ...shopping.project, domains: [{ ...domain, channels }] } });
  shopping.visits.push({ page: "/timed", ms: 1 });
  shopping.sales.push({ id: 1, sku: "a", qty: 1 });
  shopping.sales.wake();
  await expect.poll(async () => (await stage.platform.status()).quarantine.held).toBe(1n);
  shopping.products.push({ sku: "a" });
  shopping.products.wake();
  const body = Buffer.from('{"order_id":"a","seq":1,"amount":5}');
  await stage.platform.ingest("shop.order_events", { body, format: "json" });
  await expect.poll(() => stage.one("SELECT count(*) FROM shop.orders")).toBe(1n);
  await expect.poll(() => stage.one("SELECT count(*) FROM shop.sales")).toBe(1n);
  await expect.poll(() => stage.one("SELECT count(*) FROM shop.visits")).toBe(1n);
  const { ready, components } = await stage.platform.status();
  expect({ ready, components }).toEqual({
    ready: true,
    components: { storage: "ok", warehouse: "ok", eventLog: "ok", control: "ok" },
  });
  expect(stage.metrics.render()).toContain('millrace_batches_total{channel="shop.order_events",kind="load"} 1');
});

function withOrder(next: typeof Order): ProjectDefinition {
  const domains = shopping.project.domains.map((domain) => ({
    ...domain,
    contracts: domain.contracts.map((entry) => (entry.name === "orders" ? next : entry)),
    channels: domain.channels.map((channel) =>
      channel.connector === "events"
        ? { ...channel, outputs: channel.outputs.map((output) => ({ ...output, contract: next })) }
        : channel,
    ),
  }));
  return { ...shopping.project, domains };
}

it("adopts a contract with a new column while it runs, and refuses one that contradicts the table", async () => {
  await open();
  const send = (text: string) =>
    stage.platform.ingest("shop.order_events", { body: Buffer.from(text), format: "json" });
  await send('{"order_id":"a","seq":1,"amount":5}');
  await stage.platform.runUntilIdle({});
  const columns = { order_id: t.string().key(), seq: t.int64().version(), amount: t.decimal(12, 2).min(0) };
  const wider: typeof Order = contract("orders", { ...columns, note: t.string().optional() });
  expect(await stage.platform.plan(withOrder(wider))).toMatchObject({
    conflicts: [],
    changes: [
      { action: "add-columns", subject: "table", name: "shop.orders", columns: ["note"] },
      { action: "change", subject: "channel", name: "shop.order_events" },
    ],
  });
  expect((await stage.parts.warehouse.table("shop", "orders"))?.columns.map(({ name }) => name)).not.toContain("note");
  await stage.platform.reload(withOrder(wider));
  await send('{"order_id":"b","seq":1,"amount":5,"note":"hello"}');
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT order_id, note FROM shop.orders ORDER BY ALL")).toEqual([
    ["a", null],
    ["b", "hello"],
  ]);
  const other: typeof Order = contract("orders", { ...columns, amount: t.bool() });
  const refused = await stage.platform.reload(withOrder(other));
  expect(refused.conflicts).toMatchObject([
    { code: "contract-conflict", message: expect.stringContaining("platform-instance.test.ts:") },
  ]);
  expect(await send('{"order_id":"c","seq":1,"amount":5,"note":"still"}')).toMatchObject({ rejected: [] });
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT count(*) FROM shop.orders")).toBe(3n);
  await stage.close();
  await expect(open({ project: withOrder(other) })).rejects.toMatchObject({ code: "contract-conflict" });
});

it("stops taking work and lets what runs finish", async () => {
  await open({ live: true });
  await stage.platform.ingest("shop.order_events", {
    body: Buffer.from('{"order_id":"a","seq":1,"amount":5}'),
    format: "json",
  });
  await stage.platform.stop();
  await expect(
    stage.platform.ingest("shop.order_events", { body: Buffer.from("{}"), format: "json" }),
  ).rejects.toMatchObject({ code: "overloaded" });
  expect((await stage.platform.status()).ready).toBe(false);
  await stage.close();
  await open();
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT count(*) FROM shop.orders")).toBe(1n);
});
