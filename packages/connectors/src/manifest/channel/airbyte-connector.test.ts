// A connector manifest as a channel, against a real upstream: requests, records, crash and second read.
import { fileURLToPath } from "node:url";
import { MillraceError, type Arrival } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { env, secret } from "../../authoring/references.ts";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../../testing/api-server.ts";
import { openHarness, type ChannelHarness } from "../../testing/channel-harness.ts";
import { airbyteConnector } from "./airbyte-connector.ts";
import { airbyte } from "./airbyte.ts";

const manifest = fileURLToPath(new URL("../testing/source-shop.yaml", import.meta.url));
const key = "k-4711-secret";
const config = { api_key: secret("SHOP_KEY"), base_url: env("SHOP_API"), start_date: "2024-01-01T00:00:00Z" };

const shops = [
  { id: 1, name: "North" },
  { id: 2, name: "South" },
  { id: 3, name: "Gone" },
];
const orders: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  "1": [
    { id: 10, status: "paid", total: "12.50", updated_at: "2024-01-05T00:00:00Z", lines: [{ sku: "a" }] },
    { id: 11, status: "draft", total: "1.00", updated_at: "2024-01-06T00:00:00Z", lines: [] },
    { id: 12, status: "paid", total: "3.10", updated_at: "2024-01-07T00:00:00Z", lines: [] },
  ],
  "2": [{ id: 20, status: "paid", total: "9.99", updated_at: "2024-02-01T00:00:00Z", lines: [] }],
};

/** Pages of two, the next one by the number of records before it. */
function upstream(): Promise<ApiServer> {
  return apiServer(({ url }, response) => {
    const shop = /^\/shops\/(\d+)\/orders$/.exec(url.pathname)?.[1];
    const since = url.searchParams.get("since") ?? "";
    if (shop === "3") return sendStatus(response, 404, { "content-type": "application/json" }, '{"code":"no_shop"}');
    const all =
      shop === undefined ? shops : (orders[shop] ?? []).filter((order) => String(order["updated_at"]) >= since);
    const from = Number(url.searchParams.get("after") ?? 0);
    const more = from + 2 < all.length;
    sendJson(response, { data: all.slice(from, from + 2), ...(more ? { next: String(from + 2) } : {}) });
  });
}

async function rows(harness: ChannelHarness, arrivals: readonly Arrival[]): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const arrival of arrivals)
    for (const text of await harness.contents(arrival)) {
      if (arrival.format.kind === "ndjson")
        found.push(
          ...text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        );
      else found.push(...(JSON.parse(text) as { data: Record<string, unknown>[] }).data);
    }
  return found;
}

function open(api: ApiServer, streams: readonly string[]): Promise<ChannelHarness> {
  return openHarness(airbyteConnector, airbyte(manifest, { config, streams }), {
    env: { SHOP_KEY: key, SHOP_API: api.address },
  });
}

test("reads a stream page by page, with the proof of the manifest", async () => {
  await using api = await upstream();
  await using harness = await open(api, ["shops"]);
  expect(await rows(harness, await harness.drain())).toEqual(shops);
  expect(api.seen.map(({ url }) => url.pathname + url.search)).toEqual(["/shops?limit=2", "/shops?after=2&limit=2"]);
  expect(api.seen.every(({ headers }) => headers["x-key"] === key)).toBe(true);
});

test("a child stream: partitions, filter, added fields, cursor, and an answer that is ignored", async () => {
  await using api = await upstream();
  await using harness = await open(api, ["orders"]);
  const found = await rows(harness, await harness.drain());
  expect(found.map(({ id, shop_id, total_cents }) => [id, shop_id, total_cents])).toEqual([
    [10, 1, 1250],
    [12, 1, 310],
    [20, 2, 999],
  ]);
  const asked = api.seen.filter(({ url }) => url.pathname.endsWith("/orders"));
  expect(asked[0]?.url.searchParams.get("since")).toBe("2024-01-01T00:00:00Z");
  expect(asked.map(({ url }) => url.pathname)).toEqual([
    "/shops/1/orders",
    "/shops/1/orders",
    "/shops/2/orders",
    "/shops/3/orders",
  ]);
});

test("the second read asks only for what is new, partition by partition", async () => {
  await using api = await upstream();
  await using harness = await open(api, ["orders"]);
  await harness.drain();
  const before = api.seen.length;
  await harness.drain();
  const since = api.seen
    .slice(before)
    .filter(({ url }) => url.pathname.endsWith("/orders"))
    .map(({ url }) => url.searchParams.get("since"));
  expect(since).toEqual(["2024-01-07T00:00:00Z", "2024-02-01T00:00:00Z", expect.any(String)]);
});

test("secrets appear in no error and no log", async () => {
  await using api = await apiServer((_request, response) =>
    sendStatus(response, 401, {}, `{"error":"bad key ${key}"}`),
  );
  await using harness = await open(api, ["shops"]);
  const thrown = await harness.drain().catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(MillraceError);
  expect(JSON.stringify(thrown) + harness.lines.join("\n")).not.toContain(key);
});

describe("tables are inferred from the manifest's schemas", () => {
  test("types, keys, names", () => {
    const [orderTable] = airbyte(manifest, { config, streams: ["orders"] }).outputs;
    const columns = Object.fromEntries(
      (orderTable?.contract.columns ?? []).map(({ name, type, key: isKey }) => [name, [type.kind, isKey]]),
    );
    expect(orderTable?.write).toBe("merge");
    expect(columns).toEqual({
      id: ["int64", true],
      status: ["string", false],
      total: ["string", false],
      total_cents: ["int64", false],
      shop_id: ["int64", false],
      updated_at: ["timestamp", false],
      lines: ["json", false],
    });
  });

  test("an unknown stream is named with those that there are", () => {
    expect(() => airbyte(manifest, { config, streams: ["order"] })).toThrow(/no stream "order".*shops, orders/);
  });
});

test("a config that does not fit its specification says which field, and not its value", async () => {
  await using api = await upstream();
  const wrong = { ...config, start_date: "yesterday-and-secret" };
  await using harness = await openHarness(airbyteConnector, airbyte(manifest, { config: wrong }), {
    env: { SHOP_KEY: key, SHOP_API: api.address },
  });
  const thrown = await harness.drain().catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "connector-config-invalid" });
  expect((thrown as MillraceError).message).toContain('"start_date" must look like');
  expect((thrown as MillraceError).message).not.toContain("yesterday");
});
