// What authors write in channels.ts: the data that comes out, and the words they read after a mistake.
import { contract, isMillraceError, rule, sql, t } from "@millrace/core";
import { describe, expect, it } from "vitest";
import {
  apiKey,
  basic,
  bearer,
  cursor,
  env,
  events,
  files,
  marker,
  offset,
  page,
  quietPeriod,
  rest,
  secret,
} from "../index.ts";

const Promotion = contract(
  "promotions",
  { promo_id: t.string().key(), price: t.decimal(12, 2).min(0), updated_at: t.timestamp() },
  [rule("positive", sql`price > 0`)],
);
const Visit = contract("visits", { page: t.string(), at: t.timestamp() });

function problemOf(declare: () => unknown): string {
  try {
    declare();
  } catch (error) {
    if (!isMillraceError(error, "channel-invalid")) throw error;
    expect(error.message).toMatch(/declarations\.test\.ts:\d+: /);
    return error.message;
  }
  throw new Error("nothing was refused");
}

describe("the project of the design page", () => {
  it("declares weekly files", () => {
    const weekly = files("promotions/*.csv", { into: Promotion, ready: marker("_SUCCESS"), every: "on-arrival" });
    expect(weekly).toMatchObject({
      kind: "channel",
      connector: "files",
      every: "on-arrival",
      config: { pattern: "promotions/*.csv", ready: { kind: "marker", name: "_SUCCESS" }, onRewrite: "replace" },
      outputs: [{ stream: "default", contract: { name: "promotions" }, write: "merge" }],
    });
    expect(weekly.location?.file).toContain("declarations.test.ts");
    expect(structuredClone(weekly)).toEqual(weekly);
  });

  it("declares a REST feed", () => {
    const flash = rest({
      baseUrl: env("MPTS_URL"),
      auth: bearer(secret("MPTS_TOKEN")),
      streams: {
        flash: {
          path: "/flash-sales",
          records: "$.data",
          page: cursor("$.next"),
          since: "updated_at",
          into: Promotion,
        },
      },
      rateLimit: { requests: 10, perSeconds: 1 },
      every: "30s",
    });
    expect(flash.outputs).toMatchObject([{ stream: "flash", write: "merge" }]);
    expect(flash.config).toEqual({
      baseUrl: { $env: "MPTS_URL" },
      auth: { kind: "bearer", token: { $secret: "MPTS_TOKEN" } },
      headers: {},
      streams: {
        flash: {
          path: "/flash-sales",
          params: {},
          records: "$.data",
          page: { kind: "cursor", path: "$.next", param: "cursor" },
          since: { field: "updated_at", param: "since", exclusive: false },
        },
      },
      rateLimit: { requests: 10, perSeconds: 1 },
      retry: { attempts: 5, base: "1s", cap: "30s", budget: "10m" },
      timeout: "30s",
    });
  });

  it("declares events", () => {
    expect(events({ into: Visit, batch: { ageMs: 20 } })).toMatchObject({
      connector: "events",
      every: "on-arrival",
      config: { validate: "early", batch: { bytesMax: 8_388_608, ageMs: 20 } },
      outputs: [{ stream: "default", write: "append" }],
    });
  });
});

describe("files() refuses", () => {
  it.each<[string, unknown, string]>([
    ["an unknown option, with the nearest", { redy: marker("x") }, 'unknown option "redy"; did you mean "ready"?'],
    ["a wrong trigger", { every: "sometimes" }, '"every" is "on-arrival", a duration'],
    ["a wrong duration", { ready: quietPeriod("soon") }, '"ready.period" is a duration'],
    ["a bare marker", { ready: "_SUCCESS" }, '"ready" is made with marker("_SUCCESS")'],
    ["a wrong choice", { onRewrite: "ignore" }, '"onRewrite" is one of "replace", "append", "reject"'],
    ["columns beside a header", { columns: ["promo_id"] }, '"columns" is for files without a header'],
    [
      "columns that lack a required one",
      { header: false, columns: ["promo_id", "prize", "updated_at"] },
      '"price", perhaps "prize"',
    ],
    ["JSON settings for CSV", { records: "$.data" }, '"records" is for JSON documents and XML; these files are csv'],
    ["CSV settings for Parquet", { format: "parquet", quote: "'" }, '"quote" is for CSV; these files are parquet'],
    ["a rescan that would do nothing", { every: "1h", rescan: "1m" }, '"rescan" belongs to every: "on-arrival"'],
    ["a delimiter of two characters", { delimiter: "||" }, '"delimiter" is one character'],
    ["a missing contract", { into: undefined }, '"into" is missing'],
  ])("%s", (_, options, message) => {
    expect(problemOf(() => files("a/*.csv", { into: Promotion, ...(options as object) }))).toContain(message);
  });

  it("a merge without key", () => {
    expect(problemOf(() => files("a/*.csv", { into: Visit, write: "merge" }))).toContain(
      'column of contract "visits" with .key()',
    );
  });
});

describe("rest() refuses", () => {
  const stream = { path: "/x", into: Promotion };
  const declare = (change: object, streamChange: object = {}): string =>
    problemOf(() =>
      rest({ baseUrl: "https://shop.example", streams: { x: { ...stream, ...streamChange } }, ...change }),
    );

  it("unknown options at every depth", () => {
    expect(declare({ rateLimits: {} })).toContain('unknown option "rateLimits"; did you mean "rateLimit"?');
    expect(declare({}, { recrods: "$" })).toContain('unknown option "streams.x.recrods"; did you mean "records"?');
    expect(declare({}, { since: { feild: "a" } })).toContain(
      'unknown option "streams.x.since.feild"; did you mean "field"?',
    );
    expect(declare({ retry: { attempt: 1 } })).toContain('"retry.attempt"; did you mean "attempts"?');
  });

  it("literal secrets, without repeating them", () => {
    const message = declare({ auth: { kind: "bearer", token: "hunter2" } });
    expect(message).toContain('"auth.token" is secret("NAME")');
    expect(message).not.toContain("hunter2");
    expect(declare({ auth: { ...basic("u", secret("p")), password: "hunter2" } })).not.toContain("hunter2");
    expect(declare({ auth: apiKey({ value: secret("K") } as never) })).toContain(
      "either a header or a query parameter",
    );
  });

  it("what would lose or double rows", () => {
    expect(declare({}, { into: Visit, since: "at" })).toContain("would be appended twice");
    expect(declare({}, { write: "replace", since: "updated_at" })).toContain("would lose the rest");
  });

  it("parameters that are set twice", () => {
    expect(declare({}, { params: { cursor: "a" }, page: cursor("$.next") })).toContain('"cursor" is set by "page"');
    expect(declare({}, { params: { since: 1 }, since: "updated_at" })).toContain('"since" is set by "since"');
    expect(declare({}, { page: { ...offset({ limit: 10 }), limit: 0 } })).toContain("streams.x.page.limit");
    expect(declare({}, { page: page({ sizeParam: "per_page" }) })).toContain('"size" and "sizeParam" go together');
  });

  it("paths that are none, names that cannot be tables, no stream at all, a trigger that never comes", () => {
    expect(declare({}, { records: "data" })).toContain("a path starts with $");
    expect(declare({}, { records: "$.a[0]" })).toContain("from position 3");
    expect(declare({ streams: { "a b": stream } })).toContain('"a b" is not a valid name');
    expect(declare({ streams: {} })).toContain('"streams" is empty');
    expect(declare({ every: "on-arrival" })).toContain('"every" is a duration');
  });
});

it("events() refuses what it does not know", () => {
  expect(problemOf(() => events({ into: Visit, validate: "never" as never }))).toContain(
    '"validate" is one of "early", "late"',
  );
  expect(problemOf(() => events({ into: Visit, batch: { ageMs: 0 } }))).toContain(
    '"batch.ageMs" is a whole number from 1',
  );
});
