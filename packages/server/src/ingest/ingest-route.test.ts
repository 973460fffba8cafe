// Events in over HTTP: what is taken, what the answer says, what is refused and with which code.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStage, type Answer, type ServedStage } from "../testing/served-stage.ts";

let stage: ServedStage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.close());

function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
  channel = "shop.orders_in",
): Promise<Answer> {
  return stage.send("POST", `/ingest/${channel}`, {
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

const order = (id: number, price = "1.00"): object => ({ id, price, changed: 1 });

it("takes one object, an array, or lines, and says what will be refused", async () => {
  const one = await post(JSON.stringify(order(1)));
  expect([one.status, one.json]).toEqual([202, { received: 1, accepted: 1, rejected: [], offset: 0, repeated: false }]);
  const some = await post(JSON.stringify([order(2), order(3, "-1.00"), order(4)]));
  expect(some.json).toMatchObject({
    received: 3,
    accepted: 2,
    offset: 1,
    rejected: [{ index: 1, codes: ["orders.price.min"] }],
  });
  const lines = `${JSON.stringify(order(5))}\n{oops\n${JSON.stringify(order(6))}`;
  const streamed = await post(lines, { "content-type": "application/x-ndjson; charset=utf-8" });
  expect(streamed.json).toMatchObject({ received: 3, rejected: [{ index: 1, codes: ["orders.record.malformed"] }] });
  await stage.platform.runUntilIdle({});
  expect((await stage.get("/data/shop/orders?select=id")).json).toEqual([1, 2, 4, 5, 6].map((id) => ({ id })));
});

it("answers 422 when nothing passes, and keeps the events for quarantine", async () => {
  const { status, json } = await post(JSON.stringify([order(10, "x"), order(11, "-2")]));
  expect([status, json]).toMatchObject([
    422,
    { code: "events-rejected", details: { received: 2, accepted: 0, rejected: [{ index: 0 }, { index: 1 }] } },
  ]);
  await stage.platform.runUntilIdle({});
  const rows = (await stage.get("/admin/quarantine?state=open")).json as { rows: { codes: string[] }[] };
  expect(rows.rows.flatMap((row) => row.codes)).toEqual(
    expect.arrayContaining(["orders.price.type", "orders.price.min"]),
  );
});

it("writes a repeated request once", async () => {
  const body = JSON.stringify(order(20));
  const first = await post(body, { "idempotency-key": "k-20" });
  const again = await post(body, { "idempotency-key": "k-20" });
  expect([again.status, again.json]).toEqual([202, { ...(first.json as object), repeated: true }]);
  const other = await post(JSON.stringify(order(21)), { "idempotency-key": "k-20" });
  expect([other.status, other.json]).toMatchObject([409, { code: "idempotency-conflict" }]);
  expect((await post(body, { "idempotency-key": "x".repeat(256) })).json).toMatchObject({ code: "request-invalid" });
  expect((await post(body, { "idempotency-key": "a b" })).status).toBe(400);
});

it("refuses what it cannot read, with nothing written", async () => {
  const offset = async (): Promise<unknown> =>
    ((await post(JSON.stringify(order(30)))).json as { offset: number }).offset;
  const before = (await offset()) as number;
  expect((await post("{oops")).json).toMatchObject({ code: "request-invalid" });
  expect((await post("")).json).toMatchObject({ code: "request-invalid" });
  expect((await post("x", { "content-type": "text/xml" })).json).toMatchObject({ code: "media-type-unsupported" });
  expect((await post("{}", { "content-encoding": "gzip" })).status).toBe(415);
  const large = await post(`"${"x".repeat(1024 * 1024 + 1)}"`);
  expect([large.status, large.json]).toMatchObject([413, { code: "request-too-large" }]);
  const unknown = await post("{}", {}, "shop.order_in");
  expect([unknown.status, unknown.json]).toMatchObject([
    404,
    { code: "channel-not-found", message: expect.stringContaining("shop.orders_in") },
  ]);
  expect(await offset()).toBe(before + 1);
});

it("answers 503 with Retry-After when the backlog is full", async () => {
  const full = await openStage({ limits: { backlogEventsMax: 0 } });
  const answer = await full.send("POST", "/ingest/shop.orders_in", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(order(1)),
  });
  expect([answer.status, answer.headers["retry-after"], answer.json]).toMatchObject([
    503,
    "1",
    { code: "overloaded", kind: "transient" },
  ]);
  await full.close();
});

it("takes CloudEvents in each mode, once per source and id, with every digit", async () => {
  const envelope = (id: string, data: string): string =>
    `{"specversion":"1.0","id":"${id}","source":"/till/7","type":"order","data":${data}}`;
  const structured = { "content-type": "application/cloudevents+json" };
  const data = '{"id":9007199254740993,"price":12.30,"changed":1}';
  expect((await post(envelope("a", data), structured)).json).toMatchObject({
    received: 1,
    accepted: 1,
    repeated: false,
  });
  expect((await post(envelope("a", data), structured)).json).toMatchObject({ repeated: true });
  const batch = { "content-type": "application/cloudevents-batch+json" };
  const events = `[${envelope("b", '{"id":41,"changed":1}')},${envelope("c", '{"id":42,"changed":1}')}]`;
  expect((await post(events, batch)).json).toMatchObject({ received: 2 });
  const binary = { "ce-specversion": "1.0", "ce-id": "d", "ce-source": "/till/7", "ce-type": "order" };
  expect((await post('{"id":43,"changed":1}', binary)).json).toMatchObject({ received: 1, repeated: false });
  expect((await post('{"id":43,"changed":1}', binary)).json).toMatchObject({ repeated: true });
  const encoded = `{"specversion":"1.0","id":"e","source":"s","type":"t","data_base64":"${Buffer.from('{"id":44,"changed":1}').toString("base64")}"}`;
  expect((await post(encoded, structured)).status).toBe(202);
  await stage.platform.runUntilIdle({});
  const { text } = await stage.get("/data/shop/orders?select=id,price&id=gte.41&order=id");
  expect(text).toContain('{"id":9007199254740993,"price":12.30}');
  expect(text).toContain('{"id":44,"price":null}');
  for (const wrong of [
    "[]",
    '{"specversion":"0.3"}',
    envelope("", data),
    envelope("x", data).replace('"data"', '"date"'),
  ])
    expect((await post(wrong, structured)).json).toMatchObject({ code: "request-invalid" });
});
