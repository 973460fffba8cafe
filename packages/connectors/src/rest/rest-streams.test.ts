// Streams of rest() beyond pages: partitions, windows, decoders, changes and proofs, through a channel as the loader sees it.
import { contract, systemClock, t, type Arrival, type Clock } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { env, secret } from "../authoring/references.ts";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../testing/api-server.ts";
import { openHarness, type ChannelHarness } from "../testing/channel-harness.ts";
import { hastyClock } from "../testing/sales-channel.ts";
import { oauth, session } from "./authentication.ts";
import { offset } from "./pagination.ts";
import type { RestOptions, StreamOptions } from "./rest-config.ts";
import { restConnector } from "./rest-connector.ts";
import { rest } from "./rest.ts";
import {
  csv,
  each,
  flattenRecord,
  gzip,
  jsonItems,
  jsonLines,
  lowerCaseKeys,
  parent,
  removeFields,
  setField,
  snakeCaseKeys,
  xml,
  zip,
} from "./stream-shapes.ts";

const Row = contract("rows", { id: t.string().key() });

function open(
  api: ApiServer,
  streams: Record<string, Omit<StreamOptions, "into"> & Partial<StreamOptions>>,
  options: Partial<RestOptions> = {},
  clock: Clock = systemClock,
): Promise<ChannelHarness> {
  const all = Object.fromEntries(Object.entries(streams).map(([name, stream]) => [name, { into: Row, ...stream }]));
  const retry = { attempts: 4, base: "5ms", cap: "10ms", budget: "2s" };
  return openHarness(restConnector, rest({ baseUrl: env("API"), streams: all, retry, ...options }), {
    clock,
    env: { API: api.address, SECRET: "hush", REFRESH: "r0", CLIENT: "id" },
  });
}

async function records(
  harness: ChannelHarness,
  arrivals: readonly Arrival[],
  stream: string,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const arrival of arrivals.filter((one) => one.stream === stream))
    for (const text of await harness.contents(arrival)) {
      if (arrival.format.kind === "ndjson")
        found.push(
          ...text
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        );
      else found.push(...((JSON.parse(text) as { data?: Record<string, unknown>[] }).data ?? []));
    }
  return found;
}

const paths = (api: ApiServer): string[] => api.seen.map(({ url }) => url.pathname + url.search);

describe("partitions", () => {
  const shops = (): Promise<ApiServer> =>
    apiServer(({ url }, response) => {
      const [, kind, shop = ""] = url.pathname.split("/");
      const at = Number(url.searchParams.get("offset") ?? 0);
      const all = kind === "shops" && shop === "" ? ["a b", "c", "d"] : [`${shop}-1`, `${shop}-2`, `${shop}-3`];
      sendJson(response, { data: all.slice(at, at + 2).map((id) => ({ id })) });
    });
  const streams = {
    shops: { path: "/shops", records: "$.data", page: offset({ limit: 2 }) },
    orders: {
      path: "/shops/{shop}/orders",
      records: "$.data",
      page: offset({ limit: 2 }),
      partition: parent("shops", { key: "$.id", as: "shop" }),
      transform: [setField("$.shop", "{shop}")],
    },
  } as const;

  it("of another stream, whose pages are asked for once", async () => {
    await using api = await shops();
    await using harness = await open(api, streams);
    const arrivals = await harness.drain();
    const orders = await records(harness, arrivals, "orders");
    expect(orders.map(({ id, shop }) => [id, shop])).toEqual(
      ["a%20b", "c", "d"].flatMap((path) => [1, 2, 3].map((n) => [`${path}-${n}`, decodeURIComponent(path)])),
    );
    expect(paths(api).filter((path) => path.startsWith("/shops?"))).toEqual([
      "/shops?offset=0&limit=2",
      "/shops?offset=2&limit=2",
    ]);
    expect(arrivals.find(({ stream }) => stream === "shops")?.format).toEqual({ kind: "ndjson" });
  });

  it("of a list, in path, parameters and body", async () => {
    await using api = await apiServer((_, response) => sendJson(response, { data: [] }));
    await using harness = await open(api, {
      rows: {
        path: "/{region}/rows",
        params: { kind: "{kind}" },
        records: "$.data",
        method: "POST",
        body: { filter: { region: ["{region}"] } },
        partition: [each("region", ["eu", "us"], { param: "r" }), each("kind", [1, 2])],
      },
    });
    await harness.drain();
    expect(paths(api)).toEqual([
      "/eu/rows?kind=1&r=eu",
      "/eu/rows?kind=2&r=eu",
      "/us/rows?kind=1&r=us",
      "/us/rows?kind=2&r=us",
    ]);
    expect(api.seen[0]?.body).toBe('{"filter":{"region":["eu"]}}');
  });

  it("go on in the middle after a crash, and ask for no page of the parent again but the one in flight", async () => {
    await using api = await apiServer(({ url }, response) => {
      const [, kind, shop = ""] = url.pathname.split("/");
      if (kind === "shops" && shop === "")
        return sendJson(response, { data: ["a", "b", "c", "d"].map((id) => ({ id })) });
      return sendJson(response, { data: [{ id: `${shop}-1` }] });
    });
    await using harness = await open(
      api,
      {
        shops: { path: "/shops", records: "$.data" },
        orders: {
          path: "/shops/{shop}/orders",
          records: "$.data",
          partition: parent("shops", { key: "$.id", as: "shop" }),
        },
      },
      {},
      hastyClock(),
    );
    const before = await harness.drain({ stopAfter: 2 });
    harness.commit(before[1] as Arrival);
    expect(harness.cursors.get("orders")).toMatchObject({ pass: { slice: { partition: { shop: "b" } } } });
    await harness.restart();
    const asked = api.seen.length;
    const after = await harness.drain();
    const ids = (await records(harness, [...before, ...after], "orders")).map(({ id }) => id);
    expect(ids.slice(0, 4)).toEqual(["a-1", "b-1", "c-1", "d-1"]);
    expect(paths(api).slice(asked)[1]).toBe("/shops/c/orders");
  });
});

describe("windows", () => {
  it("are read in steps, with a state for each partition, and only what is new the next time", async () => {
    await using api = await apiServer(({ url }, response) =>
      sendJson(response, { data: [{ id: url.search, at: `${url.searchParams.get("from")}T10:00:00Z` }] }),
    );
    await using harness = await open(api, {
      rows: {
        path: "/rows",
        records: "$.data",
        partition: each("shop", ["a", "b"], { param: "shop" }),
        windows: {
          field: "at",
          start: new Date(Date.now() - 5 * 86_400_000).toISOString().slice(0, 10),
          step: "3d",
          format: "date",
          from: "from",
          to: "to",
        },
      },
    });
    await harness.drain();
    const first = paths(api);
    expect(first).toHaveLength(4);
    expect(new Set(api.seen.map(({ url }) => url.searchParams.get("shop")))).toEqual(new Set(["a", "b"]));
    expect(harness.cursors.get("rows")).toMatchObject({
      state: { states: [{ partition: { shop: "a" } }, { partition: { shop: "b" } }] },
    });
    await harness.drain();
    expect(paths(api).slice(4)).toHaveLength(2);
    expect(Number(paths(api)[4]?.localeCompare(first[0] ?? ""))).toBeGreaterThan(0);
  });

  it("take numbers as upstreams write them, also beside long ones", async () => {
    const all = [1_767_225_600, 1_767_225_700];
    await using api = await apiServer((_, response) =>
      response.end(`{"data":[${all.map((at) => `{"id":"12345678901234567890-${at}","at":${at}.0}`).join(",")}]}`),
    );
    await using harness = await open(api, {
      rows: {
        path: "/rows",
        records: "$.data",
        windows: { field: "at", start: "2026-01-01", format: "seconds", filter: "here" },
      },
    });
    expect(await records(harness, await harness.drain(), "rows")).toHaveLength(2);
    expect(harness.cursors.get("rows")).toMatchObject({ state: { at: 1_767_225_700 } });
  });

  it("that nothing filters leave out what was read before", async () => {
    const all = [
      { id: "1", at: 1_767_225_600 },
      { id: "2", at: 1_767_225_700 },
    ];
    await using api = await apiServer((_, response) => sendJson(response, { data: all }));
    await using harness = await open(api, {
      rows: {
        path: "/rows",
        records: "$.data",
        windows: { field: "at", start: "2026-01-01", format: "seconds", filter: "here" },
      },
    });
    expect(await records(harness, await harness.drain(), "rows")).toHaveLength(2);
    all.push({ id: "3", at: 1_767_225_800 });
    expect((await records(harness, await harness.drain(), "rows")).map(({ id }) => id)).toEqual(["2", "3"]);
  });
});

describe("records", () => {
  it.each([
    ["JSON lines", jsonLines(), '{"id":"1"}\n{"id":"2"}\n', "$"],
    ["CSV", csv({ delimiter: ";" }), "id;x\n1;a\n2;b\n", "$"],
    ["XML", xml(), "<r><row><id>1</id></row><row><id>2</id></row></r>", "$.r.row"],
    ["one XML element", xml(), "<r><row><id>1</id></row></r>", "$.r.row"],
    ["items of a list", jsonItems("$.data"), '{"data":[{"id":"1"},{"id":"2"}]}', "$"],
    ["what is not packed", gzip(jsonLines()), '{"id":"1"}\n', "$"],
    ["nested lists", undefined, '{"groups":[{"rows":[{"id":"1"}]},{"rows":[{"id":"2"}]}]}', "$.groups[*].rows"],
  ] as const)("come from %s", async (_, decode, body, path) => {
    await using api = await apiServer((_request, response) => response.end(body));
    await using harness = await open(api, {
      rows: { path: "/", records: path, ...(decode === undefined ? {} : { decode }) },
    });
    expect((await records(harness, await harness.drain(), "rows")).map(({ id }) => id).slice(0, 1)).toEqual(["1"]);
  });

  it("are changed in order", async () => {
    await using api = await apiServer((_, response) =>
      sendJson(response, { data: [{ Id: "1", Inner: { fooBar: 2 }, Drop: 3 }] }),
    );
    const transform = [
      removeFields("$.Drop"),
      flattenRecord(),
      snakeCaseKeys(),
      lowerCaseKeys(),
      setField("$.source", "api"),
    ];
    await using harness = await open(api, { rows: { path: "/", records: "$.data", transform } });
    expect(await records(harness, await harness.drain(), "rows")).toEqual([{ foo_bar: 2, id: "1", source: "api" }]);
    expect(zip()).toEqual({ kind: "zip" });
  });

  it("of pages side by side keep their order", async () => {
    await using api = await apiServer(({ url }, response) => {
      const at = Number(url.searchParams.get("offset"));
      setTimeout(
        () => sendJson(response, { data: at < 8 ? [{ id: `${at}` }, { id: `${at + 1}` }] : [] }),
        at === 0 ? 60 : 5,
      );
    });
    await using harness = await open(api, {
      rows: { path: "/", records: "$.data", page: offset({ limit: 2 }), ahead: 3 },
    });
    expect((await records(harness, await harness.drain(), "rows")).map(({ id }) => id)).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
    ]);
    expect(new Set(paths(api)).size).toBe(paths(api).length);
  });
});

it("the plan says which streams stay bytes, and why others do not", () => {
  const streams: Record<string, Omit<StreamOptions, "into">> = {
    plain: { path: "/", records: "$.data", since: "at" },
    lines: { path: "/", decode: jsonLines() },
    changed: { path: "/", transform: [lowerCaseKeys()] },
    table: { path: "/", decode: csv() },
    nested: { path: "/", records: "$.groups[*]" },
    compared: { path: "/", windows: { field: "at", start: "2026-01-01", filter: "feed" } },
  };
  const declared = rest({
    baseUrl: "https://a.example",
    streams: Object.fromEntries(Object.entries(streams).map(([name, one]) => [name, { into: Row, ...one }])),
  });
  const found = restConnector
    .readings?.(declared as never)
    .map(({ stream, reads, because }) => `${stream} ${reads}: ${because}`);
  expect(found).toEqual([
    "plain bytes: nothing has to look at single records",
    "lines bytes: nothing has to look at single records",
    "changed records: records are filtered or changed",
    "table records: the warehouse does not read csv",
    "nested records: the path of the records is more than names that lead to one list",
    "compared records: records are compared with the cursor",
  ]);
});

describe("proofs", () => {
  it("of OAuth keep the token that replaces the one in the project", async () => {
    let issued = 0;
    await using api = await apiServer(({ url, body, headers }, response) => {
      if (url.pathname === "/token") {
        if (new URLSearchParams(body).get("refresh_token") !== `r${issued}`) return sendStatus(response, 400);
        issued += 1;
        return sendJson(response, { access_token: `a${issued}`, refresh_token: `r${issued}`, expires_in: 3600 });
      }
      return headers["authorization"] === `Bearer a${issued}`
        ? sendJson(response, { data: [{ id: "1" }] })
        : sendStatus(response, 401);
    });
    const auth = oauth({
      tokenUrl: `${api.address}/token`,
      clientId: env("CLIENT"),
      clientSecret: secret("SECRET"),
      refreshToken: secret("REFRESH"),
    });
    await using harness = await open(api, { rows: { path: "/rows", records: "$.data" } }, { auth });
    expect(await harness.drain()).toHaveLength(1);
    await harness.restart();
    await harness.drain();
    expect([issued, harness.lines.join().includes("hush")]).toEqual([1, false]);
  });

  it("of OAuth are renewed when the upstream takes them no more, once", async () => {
    let issued = 0;
    let taken = "Bearer a1";
    await using api = await apiServer(({ url, headers }, response) => {
      if (url.pathname === "/token") return sendJson(response, { access_token: `a${(issued += 1)}` });
      return headers["authorization"] === taken
        ? sendJson(response, { data: [{ id: taken }] })
        : sendStatus(response, 401);
    });
    const auth = oauth({ tokenUrl: `${api.address}/token`, clientId: env("CLIENT"), clientSecret: secret("SECRET") });
    await using harness = await open(api, { rows: { path: "/rows", records: "$.data" } }, { auth });
    await harness.drain();
    taken = "Bearer a2";
    expect(await records(harness, await harness.drain(), "rows")).toEqual([{ id: "Bearer a2" }]);
    taken = "Bearer none";
    await expect(harness.drain()).rejects.toMatchObject({
      code: "upstream-refused",
      details: { status: 401, tries: 2 },
    });
    expect(issued).toBe(3);
  });

  it("of a session log in below baseUrl", async () => {
    await using api = await apiServer(({ url, body, headers }, response) =>
      url.pathname === "/login"
        ? sendJson(response, { token: JSON.parse(body).password as string })
        : sendJson(response, { data: [{ id: headers["x-token"] }] }),
    );
    const auth = session({
      url: "login",
      body: { password: secret("SECRET") },
      token: "$.token",
      header: "X-Token",
      prefix: "T ",
      lasts: "1h",
    });
    await using harness = await open(api, { rows: { path: "/rows", records: "$.data" } }, { auth });
    expect(await records(harness, await harness.drain(), "rows")).toEqual([{ id: "T hush" }]);
  });
});
