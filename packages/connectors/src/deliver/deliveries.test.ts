// What authors write in deliveries.ts, the words that they read after a mistake, and single tries of requests.
import { afterEach, describe, expect, it } from "vitest";
import {
  contract,
  isMillraceError,
  silentLogger,
  silentMetrics,
  systemClock,
  systemRandom,
  t,
  type DeliveryDefinition,
  type DeliveryRetry,
  type Parcel,
} from "@millrace/core";
import { createSecrets } from "@millrace/store-local";
import { env, oauth, secret } from "../authoring.ts";
import { createHttpClient } from "../http/http-client.ts";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../testing/api-server.ts";
import { delivery, toFile, toRest, toWebhook } from "./delivery.ts";
import type { DeliveryOptions, RestTargetOptions } from "./delivery-config.ts";
import { fillName } from "./file-name.ts";
import { restDestination } from "./rest-destination.ts";

const Stock = contract("stock", { store: t.string().key(), sku: t.string().key(), on_hand: t.int32() });

function problemOf(options: Partial<DeliveryOptions>): string {
  try {
    delivery({ from: Stock, to: toRest({ baseUrl: "https://oms.example", path: "/stock" }), ...options });
  } catch (error) {
    if (!isMillraceError(error, "delivery-invalid")) throw error;
    expect(error.message).toMatch(/deliveries\.test\.ts:\d+: /);
    return error.message;
  }
  throw new Error("nothing was refused");
}

const rest = (options: Partial<RestTargetOptions>): DeliveryOptions["to"] =>
  toRest({ baseUrl: "https://oms.example", path: "/stock/{store}/{sku}", ...options });

describe("delivery()", () => {
  it("is plain data with the place where it was written", () => {
    const declared = delivery({ from: "inventory.stock", to: rest({ method: "PUT" }), key: ["store", "sku"] });
    expect(declared).toMatchObject({
      kind: "delivery",
      destination: "rest",
      send: "changes",
      every: "on-arrival",
      order: "key",
      batch: { rows: 1 },
      concurrency: 4,
      retry: { attempts: 8, deadline: "24h" },
    });
    expect(declared.location?.file).toContain("deliveries.test.ts");
    expect(structuredClone(declared)).toEqual(declared);
  });

  it.each<[string, Partial<DeliveryOptions>, string]>([
    ["an unknown option", { form: "x" } as never, 'unknown option "form"; did you mean "from"?'],
    ["a wrong target", { to: {} as never }, '"to" is made with toRest({...})'],
    [
      "a literal secret",
      { to: toWebhook({ url: "https://x.example", secret: "hunter2" as never }) },
      '"to.secret" is secret("NAME")',
    ],
    [
      "a value of one row in a request with several",
      { to: rest({}), batch: { rows: 10 } },
      '"{store}" is a value of one row',
    ],
    [
      "a capture with several rows",
      { to: rest({ path: "/x", capture: "$.id" }), batch: { rows: 2 } },
      '"capture" is for requests',
    ],
    ["deletions of snapshots", { send: "snapshot", deletions: true }, '"deletions" belong to changes'],
    ["a deletion that never is", { to: rest({ deletion: { method: "POST" } }) }, '"deletion" has no effect'],
    ["a deletion by more than the key", { to: rest({}), key: ["sku"], deletions: true }, 'names "{store}"'],
    [
      "files that would overwrite each other",
      { to: toFile({ folder: "out", name: "a.csv" }) },
      '"name" needs {version}',
    ],
    ["files outside of their folder", { to: toFile({ folder: "out", name: "../{version}.csv" }) }, 'without ".."'],
    ["files without a format", { to: toFile({ folder: "out", name: "{version}.xml" }) }, '"format" is missing'],
    ["an unknown part of a name", { to: toFile({ folder: "out", name: "{day}.csv" }) }, "{day}; valid are {version}"],
    [
      "a marker elsewhere",
      { to: toFile({ folder: "out", name: "{version}.csv", marker: "a/b" }) },
      '"marker" is a plain file name',
    ],
    ["a wrong source", { from: "a.b.c" }, '"from" is a contract, or the name'],
    ["statuses that are none", { to: rest({ success: [42] }) }, '"to.success" is a list of HTTP statuses'],
    ["a wrong trigger", { every: "sometimes" }, '"every" is "on-arrival", a duration'],
  ])("refuses %s", (_, options, message) => {
    const text = problemOf(options);
    expect(text).toContain(message);
    expect(text).not.toContain("hunter2");
  });
});

it("names files so that they sort as they came", () => {
  const at = { version: 17n, dueMs: Date.UTC(2026, 2, 1, 4, 5, 6) };
  expect(fillName("{date}/stock-{time}-{version}.csv", at)).toBe("2026-03-01/stock-040506-00000017.csv");
});

let server: ApiServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

const settings = { TOKEN_URL: "", CLIENT: "c", CLIENT_SECRET: "hunter2hunter2" };

async function send(
  options: Partial<RestTargetOptions>,
  change: Partial<DeliveryDefinition> = {},
  payload = row,
): ReturnType<Awaited<ReturnType<typeof restDestination.open>>["send"]> {
  const retry: DeliveryRetry = { attempts: 1, base: "1s", cap: "1s", deadline: "1m" };
  const to = toRest({ baseUrl: server?.address ?? "", path: "/stock/{store}", ...options });
  const declared = delivery({ from: Stock, to, retry });
  const definition = { ...declared, domain: "shop", name: "out", from: { domain: "shop", name: "stock" }, ...change };
  const address = server?.address ?? "";
  const sender = await restDestination.open({
    delivery: definition,
    project: "shop",
    projectFolder: "/",
    isPersonal: false,
    http: createHttpClient({ clock: systemClock, allowAddresses: ["127.0.0.1"] }),
    secrets: createSecrets({ env: { ...settings, TOKEN_URL: `${address}/token` }, folder: "/nowhere" }),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    metrics: silentMetrics,
  });
  const one = { id: "shop.out:S%201:1", key: ["S 1"], operation: "upsert" as const, payload, dueMs: 0 };
  const parcel: Parcel = { id: one.id, version: 1n, dueMs: 0, rows: [one] };
  return sender.send(parcel, new AbortController().signal);
}

const row = '{"store":"S 1/x","sku":"é","on_hand":12,"price":"1.50"}';

describe("a try", () => {
  it("fills in addresses, headers and bodies, with types kept", async () => {
    server = await apiServer((_, response) => sendJson(response, { data: { id: 77 } }));
    const body = { qty: "{on_hand}", text: "{sku} at {price}", list: ["{rows}"], none: "{missing}" };
    const outcome = await send({ body, headers: { "X-Store": "store {on_hand}" }, capture: "$.data.id" });
    expect(outcome).toEqual({ kind: "acknowledged", captured: "77" });
    const [request] = server.seen;
    expect([request?.url.pathname, request?.headers["x-store"], request?.headers["idempotency-key"]]).toEqual([
      "/stock/S%201%2Fx",
      "store 12",
      "shop.out:S%201:1",
    ]);
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      qty: 12,
      text: "é at 1.50",
      list: [[{ on_hand: 12 }]],
      none: null,
    });
  });

  it("refuses a row that has no value for its address, without asking anybody", async () => {
    server = await apiServer((_, response) => sendJson(response, {}));
    for (const payload of ['{"store":null}', '{"store":".."}', '{"store":""}'])
      expect(await send({}, {}, payload)).toMatchObject({ kind: "refused", error: { code: "delivery-row-unfit" } });
    expect(server.seen).toEqual([]);
  });

  it("goes by the statuses that are declared", async () => {
    server = await apiServer((_, response) => sendStatus(response, 409));
    expect(await send({ success: [200, 409] })).toMatchObject({ kind: "acknowledged" });
    expect(await send({ retryOn: [409] })).toMatchObject({ kind: "failed", isAway: false });
    expect(await send({})).toMatchObject({
      kind: "refused",
      error: { code: "delivery-refused", details: { status: 409 } },
    });
  });

  it("renews a token that is refused, once, and waits when that does not help", async () => {
    let tokens = 0;
    server = await apiServer(({ url, headers }, response) => {
      if (url.pathname === "/token") sendJson(response, { access_token: `t${(tokens += 1)}`, expires_in: 3600 });
      else sendStatus(response, headers.authorization === "Bearer t2" ? 204 : 401);
    });
    const auth = oauth({ tokenUrl: env("TOKEN_URL"), clientId: env("CLIENT"), clientSecret: secret("CLIENT_SECRET") });
    expect(await send({ auth })).toMatchObject({ kind: "acknowledged" });
    expect(tokens).toBe(2);
    expect(await send({ auth })).toMatchObject({ kind: "failed", isAway: true, error: { code: "upstream-refused" } });
  });

  it("does not go to private addresses that nobody allowed", async () => {
    server = await apiServer((_, response) => sendJson(response, {}));
    const outcome = await send({ baseUrl: "http://10.0.0.1:9" });
    expect(outcome).toMatchObject({ kind: "failed", isAway: true, error: { code: "egress-refused" } });
  });
});
