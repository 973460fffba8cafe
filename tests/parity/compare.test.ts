// The comparison itself: what counts as a difference, what does not, and that each kind is seen.
import { describe, expect, it } from "vitest";
import { headersThatMatter, requestKey } from "./canonical.ts";
import { recordDifference, requestDifference } from "./compare.ts";
import type { Exchange, GoldenSync, SentRequest } from "./golden.ts";
import { ReplayUpstream } from "./replay-upstream.ts";

const ask = (url: string, more: Partial<SentRequest> = {}): SentRequest => ({
  method: "GET",
  url,
  headers: {},
  ...more,
});

function exchange(url: string, lane: number | null = 0, body = "{}"): Exchange {
  return {
    lane,
    for: "main",
    request: ask(url, { headers: { authorization: "Bearer x" } }),
    response: { status: 200, headers: {}, body },
  };
}

const golden: GoldenSync = {
  now: "2025-06-15T12:00:00.123Z",
  exchanges: [exchange("https://api.test/items?page=1"), exchange("https://api.test/items?page=2")],
  records: [
    { id: 1, name: "one" },
    { id: 2, name: "two" },
  ],
  state: {},
  partitions: 1,
};

async function send(
  urls: readonly string[],
  headers: Record<string, string> = { Authorization: "Bearer x" },
): Promise<ReplayUpstream> {
  const upstream = new ReplayUpstream(golden.exchanges);
  for (const url of urls) await upstream.request({ method: "GET", url, headers, timeoutMs: 1000 });
  return upstream;
}

const pages = ["https://api.test/items?page=1", "https://api.test/items?page=2"];

describe("requests", () => {
  it("mean the same however parameters, keys and escapes are written", () => {
    expect(requestKey(ask("https://a.test/x%7ey?b=2&a=1%202"))).toBe(requestKey(ask("https://a.test/x~y?a=1+2&b=2")));
    const json = { headers: { "content-type": "application/json" } };
    expect(requestKey(ask("https://a.test/", { ...json, body: '{"a":1,"b":[2]}' }))).toBe(
      requestKey(ask("https://a.test/", { ...json, body: '{ "b": [2], "a": 1 }' })),
    );
    expect(requestKey(ask("https://a.test/a%2Fb"))).not.toBe(requestKey(ask("https://a.test/a/b")));
  });

  it("are equal when the same were sent", async () => {
    expect(requestDifference(golden, (await send(pages)).seen)).toBeUndefined();
  });

  it.each([
    ["one is missing", pages.slice(0, 1), /2 requests by the reference, 1 by Millrace[^]*page=2[^]*not sent/],
    ["one is new", [...pages, "https://api.test/items?page=3"], /nothing more[^]*page=3/],
    ["one is sent twice", [...pages, ...pages.slice(1)], /nothing more[^]*page=2/],
    ["pages come in another order", pages.toReversed(), /out of order[^]*page=1/],
  ])("differ when %s", async (_, urls, message) => {
    expect(requestDifference(golden, (await send(urls)).seen)).toMatch(message);
  });

  it("differ by a header that carries meaning, and only by such", async () => {
    expect(requestDifference(golden, (await send(pages, { authorization: "Bearer y" })).seen)).toMatch(
      /header authorization[^]*Bearer y/,
    );
    expect(
      requestDifference(
        golden,
        (await send(pages, { authorization: "Bearer x", "user-agent": "m", accept: "*/*" })).seen,
      ),
    ).toBeUndefined();
    expect(headersThatMatter({ Host: "a", "X-Key": "1" })).toEqual({ "x-key": "1" });
  });

  it("that are unknown get an answer that no manifest takes for success", async () => {
    const upstream = new ReplayUpstream([]);
    const { status } = await upstream.request({ method: "GET", url: "https://api.test/", timeoutMs: 1000 });
    expect(status).toBe(418);
  });
});

describe("records", () => {
  it("are equal in any order and any order of keys", () => {
    expect(
      recordDifference(golden, [
        { name: "two", id: 2 },
        { name: "one", id: 1 },
      ]),
    ).toBeUndefined();
  });

  it.each([
    [
      "a value",
      [
        { id: 1, name: "one" },
        { id: 2, name: "TWO" },
      ],
      /record 2: field name[^]*"two"[^]*"TWO"/,
    ],
    [
      "a null for an absence",
      [
        { id: 1, name: "one" },
        { id: 2, name: "two", more: null },
      ],
      /field more[^]*absent[^]*null/,
    ],
    ["one too few", [{ id: 1, name: "one" }], /2 records by the reference, 1 by Millrace/],
    ["one doubled", [...golden.records, { id: 1, name: "one" }], /only Millrace: \{"id":1/],
  ])("differ by %s", (_, records, message) => {
    expect(recordDifference(golden, records)).toMatch(message);
  });
});
