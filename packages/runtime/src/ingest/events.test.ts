// Events from the request to the table: verdict at once, durable before the answer, each exactly once also across restarts.
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage, type StageOptions } from "../testing/embedded-stage.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { eventsChannel, shop } from "../testing/shop-project.ts";

let folder: string;
let stage: OpenStage;
const channel = "shop.order_events";

async function open(options: StageOptions & { validate?: "early" | "late" } = {}): Promise<void> {
  const shopping = shop([eventsChannel(options)]);
  stage = await openStage(folder, shopping.project, { connectors: [queueConnector(shopping.sources)], ...options });
  await stage.platform.start({ live: false });
}

function send(body: string, format: "json" | "ndjson" = "json", idempotencyKey?: string) {
  return stage.platform.ingest(channel, {
    body: Buffer.from(body),
    format,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
}

const order = (id: string, seq: number | string, amount: number | string = 1): string =>
  `{"order_id":"${id}","seq":${seq},"amount":${amount}}`;

beforeEach(async () => {
  folder = newFolder();
  await open();
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("answers with the verdict and loads all events", async () => {
  const receipt = await send(`[${order("a", 1)}, ${order("b", 1, -1)}, {"order_id": "c"}]`);
  expect(receipt).toEqual({
    received: 3,
    offset: 0n,
    repeated: false,
    rejected: [
      { index: 1, codes: ["orders.amount.min"] },
      { index: 2, codes: ["orders.seq.required", "orders.amount.required"] },
    ],
  });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT order_id FROM shop.orders")).toEqual(["a"]);
  expect(await stage.rows("SELECT codes FROM millrace.quarantine ORDER BY row_no")).toEqual(
    receipt.rejected.map(({ codes }) => codes),
  );
});

it("keeps digits that JavaScript would round", async () => {
  await send(`{"order_id":"a",\n "seq":9007199254740993,"amount":1234567890.12}`);
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT seq, CAST(amount AS VARCHAR) FROM shop.orders")).toEqual([
    [9007199254740993n, "1234567890.12"],
  ]);
});

it("takes values that are nested deeper than the stack reaches, and leaves them to the loader", async () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const events = [order("a", 1, deep), order("b", deep), order("c", 1), order("d", 1, -1)];
  const receipt = await send(events.join("\n"), "ndjson");
  expect(receipt).toMatchObject({ received: 4, rejected: [{ index: 3, codes: ["orders.amount.min"] }] });
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  expect(await stage.rows("SELECT order_id FROM shop.orders")).toEqual(["c"]);
  const rejected = await stage.platform.quarantineList({ limit: 10, showPii: false });
  expect(rejected.map(({ codes }) => codes)).toEqual([
    ["orders.amount.type"],
    ["orders.seq.type"],
    ["orders.amount.min"],
  ]);
});

it("takes NDJSON with blank lines and without a last newline, and quarantines malformed lines", async () => {
  const receipt = await send(`${order("a", 1)}\r\n\n{"order_id":\n${order("b", 1)}`, "ndjson");
  expect(receipt).toMatchObject({ received: 3, rejected: [{ index: 1, codes: ["orders.record.malformed"] }] });
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  expect(await stage.rows("SELECT order_id FROM shop.orders ORDER BY ALL")).toEqual(["a", "b"]);
  expect(await stage.rows("SELECT codes FROM millrace.quarantine")).toEqual([["orders.record.malformed"]]);
});

it.for([
  ["{", "request-invalid"],
  ["5", "request-invalid"],
  ["[]", "request-invalid"],
  ["", "request-invalid"],
] as const)("refuses the body %j and writes nothing", async ([body, code]) => {
  await expect(send(body)).rejects.toMatchObject({ code });
  expect(await stage.parts.eventLog.range(channel)).toEqual({ first: 0n, next: 0n });
});

it("refuses what is not UTF-8, too large, or sent to no events channel", async () => {
  const body = Uint8Array.of(0x7b, 0xff, 0x7d);
  await expect(stage.platform.ingest(channel, { body, format: "ndjson" })).rejects.toMatchObject({
    code: "request-invalid",
  });
  await expect(stage.platform.ingest("shop.order_event", { body, format: "json" })).rejects.toMatchObject({
    code: "channel-not-found",
    message: expect.stringContaining('did you mean "shop.order_events"'),
  });
  await expect(stage.platform.ingest("shop.sales_in", { body, format: "json" })).rejects.toMatchObject({
    code: "channel-not-found",
  });
  await stage.close();
  await open({ limits: { ingestBytesMax: 100, ingestEventsMax: 2 } });
  await expect(send(`[${order("a".repeat(100), 1)}]`)).rejects.toMatchObject({ code: "request-too-large" });
  await expect(send("[{},{},{}]")).rejects.toMatchObject({ code: "request-too-large" });
});

it("writes an idempotency key once and repeats its answer", async () => {
  const first = await send(order("a", 1), "json", "k");
  expect(await send(order("a", 1), "json", "k")).toEqual({ ...first, repeated: true });
  await expect(send(order("b", 1), "json", "k")).rejects.toMatchObject({ code: "idempotency-conflict" });
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT sum(received)::BIGINT FROM millrace.ledger")).toBe(1n);
});

it("refuses more when the backlog is full", async () => {
  await stage.close();
  await open({ limits: { backlogEventsMax: 0 } });
  await expect(send(order("a", 1))).rejects.toMatchObject({ code: "overloaded" });
});

it("says nothing about events that are judged late, and judges them all the same", async () => {
  await stage.close();
  await open({ validate: "late" });
  expect(await send(order("a", 1, -1))).toMatchObject({ received: 1, rejected: [] });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT codes FROM millrace.quarantine")).toEqual([["orders.amount.min"]]);
});

it("loads what was accepted before a crash exactly once, in order", async () => {
  for (let round = 0; round < 3; round += 1) {
    for (let event = 0; event < 20; event += 1) await send(order(`o${event}`, round * 100 + event, round));
    if (round === 1) await stage.platform.runUntilIdle({});
    await stage.close({ crash: true });
    await open();
  }
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT sum(received)::BIGINT FROM millrace.ledger WHERE kind = 'load'")).toBe(60n);
  expect(await stage.rows("SELECT DISTINCT CAST(amount AS VARCHAR) FROM shop.orders")).toEqual(["2.00"]);
  expect(await stage.one("SELECT count(*) FROM shop.orders")).toBe(20n);
});

it("trims the log behind committed events and reuses offsets never", async () => {
  await stage.close();
  await open({ limits: { trimBytesMax: 1 } });
  await send(order("a", 1));
  await stage.platform.runUntilIdle({});
  await expect.poll(() => stage.parts.eventLog.range(channel)).toEqual({ first: 1n, next: 1n });
  await stage.close();
  await open();
  await send(order("b", 1));
  await stage.platform.runUntilIdle({});
  expect(await stage.one("SELECT count(*) FROM shop.orders")).toBe(2n);
});

it("stops with a coded error when log and warehouse are not of one history", async () => {
  await send(order("a", 1));
  await stage.platform.runUntilIdle({});
  await stage.parts.warehouse.write([], (tx) =>
    tx.run(`UPDATE millrace.channels SET cursor = '{"incarnation":"other","offset":"1"}' WHERE channel = ?`, [channel]),
  );
  await stage.close();
  await open();
  const report = await stage.platform.runUntilIdle({});
  expect(report.channels.find((entry) => entry.channel === channel)).toMatchObject({
    state: "stopped",
    error: { code: "log-incarnation-mismatch" },
  });
});
