// Rows on their way out: each version once under its key, through flaky receivers, poison rows and deaths between sending and acknowledging.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setFailpointHook } from "@millrace/core";
import { secret, toRest, toWebhook, env, bearer } from "@millrace/connectors/authoring";
import { newFolder, removeFolder } from "../testing/embedded-stage.ts";
import {
  openDeliveryStage,
  products,
  shop,
  toReceiver,
  type DeliveryStage,
  type DeliveryStageOptions,
} from "../testing/delivery-stage.ts";
import { Receiver } from "../testing/receiver.ts";
import type { Shop } from "../testing/shop-project.ts";

let folder: string;
let receiver: Receiver;
let source: Shop;
let stage: DeliveryStage | undefined;

beforeEach(async () => {
  folder = newFolder();
  receiver = await Receiver.open();
  source = shop();
});

afterEach(async () => {
  setFailpointHook(undefined);
  await stage?.close();
  stage = undefined;
  await receiver[Symbol.asyncDispose]();
  removeFolder(folder);
});

async function open(
  deliveries: DeliveryStageOptions["deliveries"],
  more: Partial<DeliveryStageOptions> = {},
): Promise<DeliveryStage> {
  stage = await openDeliveryStage({ folder, receiver: receiver.url, shop: source, deliveries, ...more });
  return stage;
}

async function counts(name = "shop.out"): Promise<Record<string, number>> {
  const found = (await stage?.platform.deliveries())?.find(({ delivery }) => delivery === name);
  if (found === undefined) throw new Error("no such delivery");
  const { due, acknowledged, pending, dead, discarded, superseded } = found;
  expect(due).toBe(acknowledged + pending + dead + discarded + superseded);
  return Object.fromEntries(
    Object.entries({ due, acknowledged, pending, dead, discarded, superseded }).map(([key, value]) => [
      key,
      Number(value),
    ]),
  );
}

describe("changes", () => {
  it("sends each new or changed row once, and nothing when nothing changed", async () => {
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "Apple", b: "Bread" }));
    await platform.runUntilIdle({});
    expect(receiver.held).toEqual(
      new Map([
        ["/products/a", '{"sku":"a","name":"Apple"}'],
        ["/products/b", '{"sku":"b","name":"Bread"}'],
      ]),
    );
    source.products.items.push(products({ a: "Apple", b: "Brown bread" }));
    await platform.runUntilIdle({});
    await platform.runUntilIdle({});
    expect(receiver.held.get("/products/b")).toBe('{"sku":"b","name":"Brown bread"}');
    expect([...receiver.ids].sort()).toEqual(["shop.out:a:1", "shop.out:b:1", "shop.out:b:2"]);
    expect(await counts()).toMatchObject({ due: 3, acknowledged: 3, pending: 0, dead: 0 });
  });

  it("a restart sends nothing again, and a model that is built anew with equal rows neither", async () => {
    const text = "/* ---\nmaterialize: table\n--- */\nSELECT sku, upper(name) AS name FROM shop.products";
    const models = [{ domain: "shop", name: "loud", file: "/shop/loud.sql", text }];
    const deliveries = { out: toReceiver({ from: "loud", key: ["sku"] }) };
    source.products.items.push(products({ a: "Apple", b: "Bread" }));
    await (await open(deliveries, { models })).platform.runUntilIdle({});
    expect(receiver.seen).toHaveLength(2);
    await stage?.close();
    source.products.items.push(products({ c: "Cheese" }));
    await (await open(deliveries, { models })).platform.runUntilIdle({});
    expect([...receiver.ids].sort()).toEqual(["shop.out:a:1", "shop.out:b:1", "shop.out:c:2"]);
  });

  it("tells rows that left, by key alone, where deletions are declared", async () => {
    const text = "/* ---\nmaterialize: table\n--- */\nSELECT sku, name FROM shop.products WHERE name <> 'gone'";
    const models = [{ domain: "shop", name: "present", file: "/shop/present.sql", text }];
    const { platform } = await open(
      { out: toReceiver({ from: "present", key: ["sku"], deletions: true }) },
      { models },
    );
    source.products.items.push(products({ a: "Apple", b: "Bread" }));
    await platform.runUntilIdle({});
    source.products.items.push(products({ b: "gone" }));
    await platform.runUntilIdle({});
    expect([...receiver.held.keys()]).toEqual(["/products/a"]);
    expect(receiver.seen.at(-1)).toMatchObject({ method: "DELETE", id: "shop.out:b:2", body: "" });
    source.products.items.push(products({ b: "back" }));
    await platform.runUntilIdle({});
    expect(receiver.held.get("/products/b")).toBe('{"sku":"b","name":"back"}');
  });

  it("packs rows into requests by number, and keeps digits", async () => {
    const rest = toRest({ baseUrl: env("RECEIVER"), path: "/sales", body: { items: "{rows}", from: "shop" } });
    const { platform } = await open({ out: { from: "sales", to: rest, columns: ["id", "qty"], batch: { rows: 2 } } });
    source.products.items.push(products({ a: "Apple" }));
    const sale = (id: string): string => `{"id":${id},"sku":"a","qty":1}`;
    source.sales.items.push({ objects: [[sale("1"), sale("2"), sale("9007199254740993")].join("\n")] });
    await platform.runUntilIdle({});
    expect(receiver.seen.map(({ body }) => body).sort()).toEqual([
      '{"items":[{"id":1,"qty":1},{"id":2,"qty":1}],"from":"shop"}',
      '{"items":[{"id":9007199254740993,"qty":1}],"from":"shop"}',
    ]);
  });

  it("refuses a key that does not tell rows apart, and sends nothing", async () => {
    const text = "/* ---\nmaterialize: table\n--- */\nSELECT 1 AS one, name FROM shop.products";
    const models = [{ domain: "shop", name: "same", file: "/shop/same.sql", text }];
    const to = toRest({ baseUrl: env("RECEIVER"), path: "/x/{one}" });
    const { platform } = await open({ out: { from: "same", to, key: ["one"] } }, { models });
    source.products.items.push(products({ a: "Apple", b: "Bread" }));
    const report = await platform.runUntilIdle({});
    expect(report.errors).toMatchObject([{ code: "delivery-key-not-unique" }]);
    expect(receiver.seen).toEqual([]);
  });
});

describe("a flaky receiver", () => {
  it("gets every row in spite of faults, broken answers and limits, each try under the same key", async () => {
    const faults = [500, 429, 503, 502, 408];
    receiver.answer = (_, index) =>
      index < faults.length ? { status: faults[index] ?? 500, headers: { "retry-after": "0.05" } } : { status: 201 };
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "A", b: "B", c: "C", d: "D" }));
    const report = await platform.runUntilIdle({});
    expect(report.errors).toEqual([]);
    expect(new Set(receiver.ids).size).toBe(4);
    expect(receiver.seen).toHaveLength(4 + faults.length);
    expect(await counts()).toMatchObject({ due: 4, acknowledged: 4 });
  });

  it("waits as long as Retry-After asks for", async () => {
    const at: number[] = [];
    receiver.answer = () => {
      at.push(performance.now());
      return at.length === 1 ? { status: 429, headers: { "retry-after": "0.4" } } : { status: 200 };
    };
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "A" }));
    await platform.runUntilIdle({});
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(390);
  });

  it("keeps what is due while nobody answers, and goes on with the next run", async () => {
    receiver.answer = () => ({ status: 200, silent: true });
    const { platform } = await open(
      { out: toReceiver({}, { timeout: "100ms" }) },
      { limits: { deliverySettleMs: 500 } },
    );
    source.products.items.push(products({ a: "A" }));
    const report = await platform.runUntilIdle({});
    expect(report.errors).toMatchObject([{ code: "deadline-exceeded" }]);
    expect(report.errors[0]?.message).toContain("/products/{sku}");
    expect(await counts()).toMatchObject({ pending: 1, dead: 0 });
    receiver.answer = () => ({ status: 200 });
    await platform.runUntilIdle({});
    expect(await counts()).toMatchObject({ acknowledged: 1, pending: 0 });
    expect(new Set(receiver.ids).size).toBe(1);
  });

  it("keeps versions of one key in order while others pass", async () => {
    receiver.answer = ({ path }) => ({ status: path === "/products/a" ? 500 : 200 });
    const slow = { attempts: 9, base: "10s", cap: "10s", deadline: "1m" };
    const { platform } = await open({ out: toReceiver({ retry: slow }) }, { limits: { deliverySettleMs: 400 } });
    source.products.items.push(products({ a: "first", b: "B" }));
    await platform.runUntilIdle({});
    source.products.items.push(products({ a: "second", b: "BB" }));
    await platform.runUntilIdle({});
    expect(receiver.held).toEqual(new Map([["/products/b", '{"sku":"b","name":"BB"}']]));
    expect(new Set(receiver.ids.filter((id) => id.includes(":a:")))).toEqual(new Set(["shop.out:a:1"]));
    await stage?.close();
    receiver.answer = () => ({ status: 200 });
    await (await open({ out: toReceiver() })).platform.runUntilIdle({});
    expect(receiver.ids.slice(-2)).toEqual(["shop.out:a:1", "shop.out:a:2"]);
    expect(receiver.held.get("/products/a")).toContain("second");
  });

  it("is left alone while the delivery is paused; then the newest version of each row goes", async () => {
    const { platform } = await open({ out: toReceiver() });
    await platform.deliveryAct({ kind: "pause", delivery: "shop.out" });
    source.products.items.push(products({ a: "first" }));
    const report = await platform.runUntilIdle({});
    expect([receiver.seen, report.deliveries]).toMatchObject([[], [{ state: "paused" }]]);
    await stage?.close();
    await open({ out: toReceiver() });
    source.products.items.push(products({ a: "second" }));
    await stage?.platform.runUntilIdle({});
    expect(receiver.seen).toEqual([]);
    await stage?.platform.deliveryAct({ kind: "resume", delivery: "shop.out" });
    await stage?.platform.runUntilIdle({});
    expect(receiver.seen).toMatchObject([{ id: "shop.out:a:1", body: '{"sku":"a","name":"second"}' }]);
  });
});

describe("a poison row", () => {
  it("becomes a dead letter while others go on; a replay sends it again", async () => {
    let healed = false;
    receiver.answer = ({ path }) => {
      if (path !== "/products/bad" || healed) return { status: 200 };
      return { status: 422, body: 'name "???" is not allowed' };
    };
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "A", bad: "???", c: "C" }));
    const report = await platform.runUntilIdle({});
    expect(report.errors).toMatchObject([{ code: "delivery-refused" }]);
    expect(await counts()).toMatchObject({ acknowledged: 2, dead: 1 });
    const shown = await platform.deliveryShow("shop.out", { limit: 10 });
    expect(shown.rows).toMatchObject([
      { key: { sku: "bad" }, state: "dead", code: "delivery-refused", answer: 'name "???" is not allowed' },
    ]);
    healed = true;
    expect(await platform.deliveryAct({ kind: "replay", delivery: "shop.out" })).toMatchObject({ changed: 1n });
    await platform.runUntilIdle({});
    expect(await counts()).toMatchObject({ due: 3, acknowledged: 3, dead: 0 });
    expect(new Set(receiver.ids.filter((id) => id.includes("bad"))).size).toBe(1);
  });

  it("that is answered with 500 dies after its tries", async () => {
    receiver.answer = ({ path }) => ({ status: path === "/products/bad" ? 500 : 200 });
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "A", bad: "?" }));
    await platform.runUntilIdle({});
    expect(receiver.ids.filter((id) => id.includes("bad"))).toHaveLength(3);
    expect(await counts()).toMatchObject({ acknowledged: 1, dead: 1 });
  });

  it("is found in a full request by halves, and the rest of it arrives", async () => {
    receiver.answer = ({ body }) => ({ status: body.includes('"bad"') ? 400 : 200 });
    const to = toRest({ baseUrl: env("RECEIVER"), path: "/bulk" });
    const { platform } = await open({ out: { from: "products", to, batch: { rows: 16 } } });
    const names = Array.from({ length: 16 }, (_, at) => [at === 11 ? "bad" : `s${at}`, "x"] as const);
    source.products.items.push(products(Object.fromEntries(names)));
    await platform.runUntilIdle({});
    expect(await counts()).toMatchObject({ acknowledged: 15, dead: 1 });
    expect(receiver.seen.length).toBeLessThanOrEqual(9);
  });

  it("stops a delivery in strict order until it is discarded", async () => {
    receiver.answer = ({ path }) => ({ status: path === "/products/b" ? 409 : 200 });
    const { platform } = await open({ out: toReceiver({ order: "strict" }) });
    source.products.items.push(products({ a: "A", b: "B", c: "C" }));
    const report = await platform.runUntilIdle({});
    expect(report.deliveries).toMatchObject([{ state: "stopped", error: { code: "delivery-stopped" } }]);
    expect([...receiver.held.keys()]).toEqual(["/products/a"]);
    expect(await counts()).toMatchObject({ acknowledged: 1, dead: 1, pending: 1 });
    await platform.deliveryAct({ kind: "discard", delivery: "shop.out" });
    await platform.runUntilIdle({});
    expect([...receiver.held.keys()]).toEqual(["/products/a", "/products/c"]);
    expect(await counts()).toMatchObject({ acknowledged: 2, discarded: 1 });
  });

  it("is not replayed over a newer version of itself", async () => {
    receiver.answer = ({ body }) => ({ status: body.includes("old") ? 400 : 200 });
    const { platform } = await open({ out: toReceiver() });
    source.products.items.push(products({ a: "old" }));
    await platform.runUntilIdle({});
    source.products.items.push(products({ a: "new" }));
    await platform.runUntilIdle({});
    receiver.answer = () => ({ status: 200 });
    const outcome = await platform.deliveryAct({ kind: "replay", delivery: "shop.out" });
    expect(outcome).toMatchObject({ changed: 0n, outdated: 1n, dead: 1n });
    await platform.runUntilIdle({});
    expect(receiver.held.get("/products/a")).toContain("new");
  });
});

describe("a death between sending and acknowledging", () => {
  it("sends again under the same key and with the same body, although the row has changed since", async () => {
    setFailpointHook((name) => {
      if (name === "delivery.sent") throw new Error("the process died here");
    });
    const { platform } = await open({ out: toReceiver() }, { limits: { deliverySettleMs: 300 } });
    source.products.items.push(products({ a: "before" }));
    await platform.runUntilIdle({});
    expect(receiver.ids.length).toBeGreaterThan(0);
    expect(await counts()).toMatchObject({ pending: 1, acknowledged: 0 });
    await stage?.close();
    setFailpointHook(undefined);
    source.products.items.push(products({ a: "after" }));
    await (await open({ out: toReceiver() })).platform.runUntilIdle({});
    const [id, ...others] = [...new Set(receiver.ids)];
    expect([id, others]).toEqual(["shop.out:a:1", ["shop.out:a:2"]]);
    const bodies = receiver.seen.filter((one) => one.id === "shop.out:a:1").map(({ body }) => body);
    expect(new Set(bodies)).toEqual(new Set(['{"sku":"a","name":"before"}']));
    expect(receiver.held.get("/products/a")).toContain("after");
    expect(await counts()).toMatchObject({ due: 2, acknowledged: 2 });
  });
});

describe("what leaves", () => {
  it("is signed for webhooks, as a CloudEvent where that is declared", async () => {
    const { createHmac } = await import("node:crypto");
    const to = toWebhook({ url: env("RECEIVER"), secret: secret("HOOK_KEY"), cloudEvents: true });
    const { platform } = await open({ out: { from: "products", to } });
    source.products.items.push(products({ a: "A" }));
    await platform.runUntilIdle({});
    const [request] = receiver.seen;
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      specversion: "1.0",
      id: "shop.out:a:1",
      source: "/millrace/shop/shop.out",
      type: "shop.products.changed",
      subject: "a",
      data: { sku: "a", name: "A" },
    });
    const { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature } = request?.headers ?? {};
    expect(request?.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    const mark = createHmac("sha256", Buffer.from("secret")).update(`${String(id)}.${String(stamp)}.${request?.body}`);
    expect(signature).toBe(`v1,${mark.digest("base64")}`);
  });

  it("does not stand in errors where it is personal, and secrets never do", async () => {
    receiver.answer = ({ headers }) => ({
      status: 400,
      body: `refused ann@shop.example ${String(headers.authorization)}`,
    });
    const rest = { auth: bearer(secret("TOKEN")), path: "/sales/{contact}" };
    const { platform } = await open({
      out: toReceiver({ from: "sales" }, rest),
      open: toReceiver({}, { auth: bearer(secret("TOKEN")) }),
    });
    source.products.items.push(products({ a: "A" }));
    source.sales.items.push({ objects: ['{"id":1,"sku":"a","qty":1,"contact":"ann@shop.example"}'] });
    const report = await platform.runUntilIdle({});
    const shown = await platform.deliveryShow("shop.out", { limit: 5 });
    const told = JSON.stringify([report.errors, shown.rows], (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    expect(told).toContain("delivery-refused");
    expect(told).not.toContain("ann@shop.example");
    expect((await platform.deliveryShow("shop.out", { limit: 5, showPii: true })).rows[0]?.payload).toMatchObject({
      contact: "ann@shop.example",
    });
    const other = await platform.deliveryShow("shop.open", { limit: 5 });
    expect(other.rows[0]?.answer).toBe("refused ann@shop.example Bearer [secret]");
  });
});

it("works by itself: a commit wakes one delivery, the clock another", async () => {
  const timed = toReceiver({ every: "200ms" }, { path: "/timed/{sku}" });
  await open({ out: toReceiver(), timed }, { live: true });
  source.products.items.push(products({ a: "Apple" }));
  source.products.wake();
  await expect.poll(() => [...receiver.held.keys()].sort(), { timeout: 10_000 }).toEqual(["/products/a", "/timed/a"]);
  await expect.poll(async () => (await counts("shop.timed"))["acknowledged"], { timeout: 10_000 }).toBe(1);
});

it("asks the receiver how many it holds, and says when that differs", async () => {
  receiver.answer = ({ method }) =>
    method === "GET" ? { status: 200, body: JSON.stringify({ count: receiver.held.size }) } : { status: 200 };
  const { platform } = await open({ out: toReceiver({}, { count: { path: "/count", at: "$.count" } }) });
  source.products.items.push(products({ a: "A", b: "B" }));
  await platform.runUntilIdle({});
  // The question itself is acknowledged with 200 and kept under its path: only rows count.
  receiver.held.delete("/count");
  expect(await platform.deliveryReconcile("shop.out")).toMatchObject({ equal: true, source: 2n, receiver: 2n });
  receiver.held.clear();
  expect(await platform.deliveryReconcile("shop.out")).toMatchObject({ equal: false, addsUp: true, receiver: 0n });
  await expect(platform.deliveryReconcile("shop.outt")).rejects.toMatchObject({
    code: "delivery-not-found",
    message: expect.stringContaining('did you mean "shop.out"?'),
  });
});
