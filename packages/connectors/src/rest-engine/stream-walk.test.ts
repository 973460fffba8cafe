// Streams against a real server: what is asked, what comes, and that a read goes on exactly where it stood.
import { describe, expect, it } from "vitest";
import { apiServer, sendJson, sendStatus, type ApiServer } from "../testing/api-server.ts";
import { engineStage, inQuery, planOf, readAll, type PlanOptions } from "../testing/engine-stage.ts";
import type { Partitioner } from "./components.ts";
import {
  compositeErrors,
  constantBackoff,
  errorText,
  exponentialBackoff,
  filteredErrors,
  waitTimeFromHeader,
  waitUntilFromHeader,
} from "./errors/response-filters.ts";
import { linksOf, offsetPaginator, pagePaginator, tokenPaginator } from "./paginators.ts";
import { parentPartitioner } from "./parent-partitioner.ts";
import {
  groupingPartitioner,
  listPartitioner,
  productPartitioner,
  sequencePartitioner,
  unionPartitioner,
} from "./partitioners.ts";
import { recordSelector } from "./record-selector.ts";
import { AnswerCache } from "./answer-cache.ts";
import { queryProperties, valuesFromStream } from "./query-properties.ts";
import { StreamWalk } from "./stream-walk.ts";
import { schemaNormaliser } from "./schema-normaliser.ts";
import { joinUrl } from "./build-request.ts";

const total = 7;

/** Numbers below `total` of any path, in pages of 3 by offset, page or token. */
function numbers(): Promise<ApiServer> {
  return apiServer(({ url }, response) => {
    const from = Number(
      url.searchParams.get("offset") ?? url.searchParams.get("token") ?? Number(url.searchParams.get("page") ?? 0) * 3,
    );
    const data = Array.from({ length: Math.max(0, Math.min(3, total - from)) }, (_, at) => ({
      id: from + at,
      path: url.pathname,
    }));
    const next = from + 3 < total ? String(from + 3) : null;
    sendJson(response, { data, next }, next === null ? {} : { link: `<${url.pathname}?offset=${next}>; rel="next"` });
  });
}

const paths = (api: ApiServer): string[] => api.seen.map(({ url }) => url.pathname + url.search);
const ids = (records: readonly Record<string, unknown>[]): unknown[] => records.map((record) => record["id"]);

const size = { size: 3 };
const next = (page: { readonly document: unknown }): unknown => (page.document as { next?: unknown }).next;
const ways: Record<string, PlanOptions> = {
  offset: { path: "/n", paginator: offsetPaginator({ into: inQuery("offset"), size, onFirst: true }) },
  page: { path: "/n", paginator: pagePaginator({ into: inQuery("page"), size, onFirst: false }) },
  token: { path: "/n", paginator: tokenPaginator({ token: next, into: inQuery("token") }) },
  link: {
    path: "/n",
    paginator: tokenPaginator({ token: ({ headers }) => linksOf(headers["link"])["next"]?.url, into: "address" }),
  },
};

describe("pages", () => {
  it.each(Object.entries(ways))("by %s, resumed at each of them", async (_, options) => {
    await using api = await numbers();
    await using stage = engineStage();
    const whole = await readAll(stage, planOf(api.address, options));
    expect(ids(whole.records)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(whole.places).toHaveLength(3);
    for (const [at, from] of whole.places.entries()) {
      const rest = await readAll(stage, planOf(api.address, options), { from });
      expect(ids(rest.records)).toEqual([0, 1, 2, 3, 4, 5, 6].slice(at * 3));
    }
  });

  it("side by side where their places are known, in their order", async () => {
    await using inner = await numbers();
    const first = Promise.withResolvers<void>();
    await using api = await apiServer(({ url }, response) => {
      // The first page is answered only when the second was asked for.
      if (url.searchParams.get("offset") === "3") first.resolve();
      const answer = async (): Promise<void> => {
        if (url.searchParams.get("offset") === "0") await first.promise;
        const got = await fetch(inner.address + url.pathname + url.search);
        sendJson(response, await got.json());
      };
      answer().catch(() => response.destroy());
    });
    await using stage = engineStage();
    const { records } = await readAll(stage, planOf(api.address, { ...ways["offset"], path: "/n", pagesAhead: 3 }));
    expect(ids(records)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(paths(api)).size).toBe(paths(api).length);
  });

  it("begin anew where the upstream or a limit says so", async () => {
    let resets = 0;
    await using api = await apiServer(({ url }, response) => {
      const from = Number(url.searchParams.get("offset") ?? 0);
      if (from === 3 && resets === 0)
        return sendStatus(response, 400, {}, JSON.stringify({ error: `expired ${(resets += 1)}` }));
      return sendJson(response, { data: from < 6 ? [{ id: from }, { id: from + 1 }, { id: from + 2 }] : [] });
    });
    await using stage = engineStage();
    const errors = filteredErrors({
      filters: [{ action: "RESET_PAGINATION", contains: "expired" }],
      backoff: [],
      attemptsMax: 2,
      waitMsMax: 100,
    });
    const { records } = await readAll(
      stage,
      planOf(api.address, { ...ways["offset"], path: "/n", requester: { errors }, reset: { action: "RESET" } }),
    );
    expect(ids(records)).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5]);
  });
});

describe("partitions", () => {
  const list = (field: string, values: readonly unknown[]): Partitioner =>
    listPartitioner({ field, values, option: inQuery(field) });
  const read = async (partitioner: Partitioner): Promise<string[]> => {
    await using api = await apiServer(({ url }, response) => sendJson(response, { data: [{ id: url.search }] }));
    await using stage = engineStage();
    const plan = planOf(api.address, { path: ({ slice }) => `/x?p=${JSON.stringify(slice.partition)}`, partitioner });
    const whole = await readAll(stage, plan);
    for (const [at, from] of whole.places.entries())
      expect(ids((await readAll(stage, plan, { from })).records)).toEqual(ids(whole.records).slice(at));
    return whole.records.map(({ id }) => decodeURIComponent(String(id)).replace("?p=", ""));
  };

  it("of a list, its products, groups, unions and sequences, resumed at each", async () => {
    expect(await read(list("a", [1, 2]))).toEqual(['{"a":1}&a=1', '{"a":2}&a=2']);
    expect(await read(productPartitioner([list("a", [1, 2]), list("b", ["x", "y"])]))).toEqual([
      '{"b":"x","a":1}&b=x&a=1',
      '{"b":"y","a":1}&b=y&a=1',
      '{"b":"x","a":2}&b=x&a=2',
      '{"b":"y","a":2}&b=y&a=2',
    ]);
    expect(await read(groupingPartitioner({ of: list("a", [1, 2, 1, 3]), size: 2, distinct: true }))).toEqual([
      '{"a":[1,2]}',
      '{"a":[3]}',
    ]);
    expect(await read(unionPartitioner({ field: "a", of: [list("a", [1, 2]), list("a", [2, 3])] }))).toEqual([
      '{"a":1}',
      '{"a":2}',
      '{"a":3}',
    ]);
    expect(await read(sequencePartitioner([list("a", [1]), list("a", [1, 2])]))).toHaveLength(3);
  });

  it("of a parent and its parent, whose walk is resumed and not repeated", async () => {
    await using api = await numbers();
    await using stage = engineStage();
    const shops = planOf(api.address, { ...ways["offset"], path: "/shops", name: "shops" });
    const orders = planOf(api.address, {
      ...ways["offset"],
      path: ({ slice }) => `/shops/${String(slice.partition["shop"])}/orders`,
      name: "orders",
      partitioner: parentPartitioner([
        { plan: shops, key: ["id"], field: "shop", incremental: false, extraFields: [["path"]] },
      ]),
    });
    const lines = planOf(api.address, {
      path: ({ slice }) => `/orders/${String(slice.partition["order"])}`,
      partitioner: parentPartitioner([{ plan: orders, key: ["id"], field: "order", incremental: false }]),
    });
    const whole = await readAll(stage, lines);
    expect(whole.places).toHaveLength(total * total);
    expect(paths(api).filter((path) => path.startsWith("/shops?"))).toHaveLength(3);
    const before = api.seen.length;
    const rest = await readAll(stage, lines, { from: JSON.parse(JSON.stringify(whole.places[40])) as never });
    expect(rest.places).toHaveLength(total * total - 40);
    // The parents' pages before the place are not asked for again.
    expect(paths(api).slice(before)).not.toContain("/shops?offset=0");
    expect(paths(api).slice(before)).toContain("/shops?offset=3");
  });

  it("whose first page stands in the parent's record", async () => {
    await using api = await apiServer(({ url }, response) =>
      sendJson(
        response,
        url.pathname === "/p"
          ? { data: [{ id: 1, kids: { data: [{ id: "a" }], next: "t" } }] }
          : { data: [{ id: "b" }] },
      ),
    );
    await using stage = engineStage();
    const parent = planOf(api.address, { path: "/p", name: "p" });
    const plan = planOf(api.address, {
      path: "/kids",
      paginator: tokenPaginator({ token: next, into: inQuery("token") }),
      partitioner: parentPartitioner([
        { plan: parent, key: ["id"], field: "p", incremental: false, documentPath: ["kids"] },
      ]),
    });
    const whole = await readAll(stage, plan);
    expect(ids(whole.records)).toEqual(["a", "b"]);
    expect(paths(api)).toEqual(["/p", "/kids?token=t"]);
    expect(ids((await readAll(stage, plan, { from: whole.places[1] as never })).records)).toEqual(["b"]);
  });
});

describe("answers that are no pages", () => {
  const errors = (options: Partial<Parameters<typeof filteredErrors>[0]>): ReturnType<typeof filteredErrors> =>
    filteredErrors({ filters: [], backoff: [], attemptsMax: 3, waitMsMax: 5000, ...options });
  const read = async (
    handler: Parameters<typeof apiServer>[0],
    errorHandler: ReturnType<typeof filteredErrors>,
  ): Promise<{ ids: unknown[]; asked: number }> => {
    await using api = await apiServer(handler);
    await using stage = engineStage();
    const { records } = await readAll(stage, planOf(api.address, { path: "/x", requester: { errors: errorHandler } }));
    return { ids: ids(records), asked: api.seen.length };
  };

  it("are ignored, retried, or end the stream as the first filter says", async () => {
    const gone = errors({ filters: [{ action: "IGNORE", statuses: [404] }] });
    expect(await read((_, response) => sendStatus(response, 404), gone)).toEqual({ ids: [], asked: 1 });
    const odd = errors({ filters: [{ action: "RETRY", predicate: (_, document) => "wait" in (document as object) }] });
    const once: Parameters<typeof apiServer>[0] = (_, response, index) =>
      sendJson(response, index === 0 ? { wait: 1 } : { data: [{ id: 1 }] });
    expect(await read(once, odd)).toEqual({ ids: [1], asked: 2 });
    const config = errors({
      filters: [{ action: "FAIL", contains: "no plan", failure: "config", message: () => "Buy a plan" }],
    });
    await expect(
      read((_, response) => sendJson(response, { error: { message: "no plan" } }), config),
    ).rejects.toMatchObject({
      code: "upstream-refused",
      message: expect.stringContaining("Buy a plan") as string,
    });
  });

  it("are asked again after the time that a strategy finds, or not at all when it is too long", async () => {
    const backoff = [waitTimeFromHeader({ header: "X-Wait", regex: /(\d+)s/, maxMs: 60_000 }), constantBackoff(1)];
    const wait =
      (value: string): Parameters<typeof apiServer>[0] =>
      (_, response, index) =>
        index === 0 ? sendStatus(response, 503, { "x-wait": value }) : sendJson(response, { data: [{ id: 1 }] });
    expect(await read(wait("none"), errors({ backoff }))).toEqual({ ids: [1], asked: 2 });
    await expect(read(wait("90s"), errors({ backoff }))).rejects.toMatchObject({ code: "upstream-unavailable" });
    const around = { clock: { nowMs: () => 1_000_000 }, random: { next: () => 0.5 } } as never;
    const answer = (value: string): never => ({ headers: { reset: value } }) as never;
    expect(waitUntilFromHeader({ header: "reset" })(answer("1010"), 1, around)).toBe(10_000);
    expect(waitUntilFromHeader({ header: "reset", minMs: 30_000 })(answer("1010"), 1, around)).toBe(30_000);
    expect(exponentialBackoff(100)(undefined, 3, around)).toBe(800);
    expect(exponentialBackoff(100, 40)(undefined, 3, around)).toBe(840);
    expect(constantBackoff(100, 40)(undefined, 3, around)).toBe(140);
  });

  it("are judged by several handlers in turn", async () => {
    const both = compositeErrors([
      errors({ filters: [{ action: "FAIL", statuses: [500] }] }),
      errors({ filters: [{ action: "IGNORE", statuses: [500] }] }),
    ]);
    expect(await read((_, response) => sendStatus(response, 500), both)).toEqual({ ids: [], asked: 1 });
  });

  it("say what is wrong in many ways", () => {
    expect(errorText({ errors: [{ message: "a" }, { detail: "b" }] })).toBe("a, b");
    expect(errorText({ ok: true })).toBeUndefined();
  });
});

describe("properties", () => {
  it("are asked for in chunks, and their records become one by their key", async () => {
    await using api = await apiServer(({ url }, response) => {
      if (url.pathname === "/names") return sendJson(response, { data: [{ name: "a" }, { name: "b" }, { name: "c" }] });
      const names = (url.searchParams.get("fields") ?? "").split(",");
      return sendJson(response, {
        data: [1, 2].map((id) => ({ id, ...Object.fromEntries(names.map((name) => [name, `${name}${id}`])) })),
      });
    });
    await using stage = engineStage();
    const names = valuesFromStream(planOf(api.address, { path: "/names" }), ["name"]);
    const properties = queryProperties({ names, always: ["z"], limit: { unit: "names", max: 2 }, key: ["id"] });
    const fields: PlanOptions["requestParts"] = ({ slice }) => ({
      query: { fields: (slice.extra["query_properties"] as string[]).join(",") },
    });
    const { records } = await readAll(stage, planOf(api.address, { path: "/x", properties, requestParts: fields }));
    expect(records).toEqual([1, 2].map((id) => ({ id, z: `z${id}`, a: `a${id}`, b: `b${id}`, c: `c${id}` })));
    expect(paths(api)).toEqual(["/names", "/x?fields=z%2Ca%2Cb", "/x?fields=z%2Cc"]);
    // What is stored is what was merged.
    const walk = new StreamWalk(stage, planOf(api.address, { path: "/x", properties, requestParts: fields }), {});
    for await (const { content } of walk.pages(new AbortController().signal))
      expect(
        Buffer.from(content.bytes)
          .toString()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(records);
    const byChars = queryProperties({
      names: ["abc", "de", "f"],
      always: [],
      limit: { unit: "characters", max: 11 },
      key: ["id"],
    });
    expect(await byChars.chunks(stage, { partition: {}, window: {}, extra: {} }, new AbortController().signal)).toEqual(
      [["abc", "de"], ["f"]],
    );
  });
});

describe("schema normalisation", () => {
  it("casts what can be cast and leaves the rest", () => {
    const step = schemaNormaliser({
      definitions: { money: { type: "number" } },
      properties: {
        n: { type: ["integer", "null"] },
        big: { type: "integer" },
        price: { $ref: "#/definitions/money" },
        flag: { type: "boolean" },
        text: { type: "string" },
        list: { type: "array", items: { type: "number" } },
        open: { type: ["string", "integer"] },
        deep: { type: "object", properties: { at: { type: "string" } } },
      },
    });
    const slice = { partition: {}, window: {}, extra: {} };
    const record = {
      n: "7",
      big: "9007199254740993",
      price: "1.5",
      flag: "Yes",
      text: 5,
      list: ["1", "x"],
      open: 3,
      deep: { at: 1 },
      other: 1,
    };
    expect(step(record, slice)).toEqual({
      n: 7,
      big: 9007199254740993n,
      price: 1.5,
      flag: true,
      text: "5",
      list: [1, "x"],
      open: 3,
      deep: { at: "1" },
      other: 1,
    });
    expect(step({ n: null, price: "cheap", list: 4, flag: "maybe" }, slice)).toEqual({
      n: null,
      price: "cheap",
      list: [4],
      flag: "maybe",
    });
  });
});

it("answers that streams share are asked for once", async () => {
  await using api = await numbers();
  await using stage = engineStage();
  const answers = new AnswerCache(1000);
  const plan = planOf(api.address, { ...ways["offset"], path: "/n", requester: { cached: true } });
  for (let time = 0; time < 3; time += 1)
    expect((await readAll({ ...stage, answers }, plan)).records).toHaveLength(total);
  expect(api.seen).toHaveLength(3);
  const small = new AnswerCache(1);
  for (let time = 0; time < 2; time += 1) await readAll({ ...stage, answers: small }, plan);
  expect(api.seen).toHaveLength(9);
});

describe("requests", () => {
  it("carry JSON, forms, text and lists", async () => {
    await using api = await apiServer((_, response) => sendJson(response, { data: [] }));
    await using stage = engineStage();
    const send = (requestParts: PlanOptions["requestParts"] & {}): Promise<unknown> =>
      readAll(
        stage,
        planOf(api.address, {
          method: "POST",
          path: "/x?a=1",
          requestParts,
          selector: recordSelector({ path: ["data"] }),
        }),
      );
    await send(() => ({ json: { query: "{ a }", variables: { n: 1 } } }));
    await send(() => ({ form: { a: "x y", b: ["1", "2"] } }));
    await send(() => ({ form: "plain", query: { a: 1, list: [1, 2], none: null } }));
    expect(api.seen.map(({ body, url }) => [body, url.search])).toEqual([
      ['{"query":"{ a }","variables":{"n":1}}', "?a=1"],
      ["a=x+y&b=1&b=2", "?a=1"],
      ["plain", "?a=1&list=1&list=2"],
    ]);
    expect(api.seen[0]?.headers["content-type"]).toBe("application/json");
    await expect(send(() => ({ form: "text", json: { a: 1 } }))).rejects.toMatchObject({ code: "request-conflict" });
  });

  it("carry a body with GET too, when there is one", async () => {
    await using api = await apiServer((_, response) => sendJson(response, { data: [] }));
    await using stage = engineStage();
    await readAll(stage, planOf(api.address, { path: "/search", requestParts: () => ({ json: { size: 3 } }) }));
    await readAll(stage, planOf(api.address, { path: "/search", requestParts: () => ({ json: {} }) }));
    expect(api.seen.map(({ method, body }) => [method, body])).toEqual([
      ["GET", '{"size":3}'],
      ["GET", ""],
    ]);
  });

  it("join addresses as folders and paths", () => {
    expect(joinUrl("https://a.b/v1", "/x/y")).toBe("https://a.b/v1/x/y");
    expect(joinUrl("https://a.b/v1/", "https://c.d/z")).toBe("https://c.d/z");
    expect(joinUrl("https://a.b/v1", "")).toBe("https://a.b/v1");
    expect(joinUrl("https://a.b//v1/", "x//y/?at=c//d")).toBe("https://a.b/v1/x/y/?at=c//d");
    expect(joinUrl("https://a.b/v1", "https://c.d//z")).toBe("https://c.d//z");
  });
});
