// How the next page is found, and where streams end.
import { describe, expect, it } from "vitest";
import { LoopGuard } from "../rest-engine/loop-guard.ts";
import { cursor, linkHeader, nextUrl, offset, page } from "./pagination.ts";
import { linksOf } from "../rest-engine/paginators.ts";
import { createPaginator, type PagePosition, type Paginator } from "./paginator.ts";

const base = new URL("https://api.example/v1/items?kind=a");

/** Addresses of a stream whose pages are given, until it ends. */
function walk(
  paginator: Paginator,
  pages: readonly { records: number; document?: unknown; link?: string }[],
): string[] {
  const addresses: string[] = [];
  let position: PagePosition | undefined = null;
  for (const { records, document = {}, link } of pages) {
    const url = paginator.address(base, position);
    addresses.push(url.href.replace("https://api.example/v1/items?kind=a", ""));
    position = paginator.after(position, { records, document, url, headers: link === undefined ? {} : { link } });
    if (position === undefined) return addresses;
  }
  return [...addresses, "more"];
}

describe("streams end", () => {
  it("cursor(): without token, or when there is no more", () => {
    const paginator = createPaginator(cursor("$.meta.next", { param: "after", more: "$.meta.more" }));
    const token = (next: unknown, more?: boolean): { records: number; document: unknown } => ({
      records: 1,
      document: { meta: { next, more } },
    });
    expect(walk(paginator, [token("a b"), token(7), token(2n ** 60n), token(null)])).toEqual([
      "",
      "&after=a+b",
      "&after=7",
      "&after=1152921504606846976",
    ]);
    expect(walk(paginator, [token("a", true), token("b", false)])).toEqual(["", "&after=a"]);
  });

  it("page(): with a shorter or empty page, or with the last number", () => {
    expect(
      walk(createPaginator(page({ size: 3, sizeParam: "n" })), [{ records: 3 }, { records: 3 }, { records: 1 }]),
    ).toEqual(["&page=1&n=3", "&page=2&n=3", "&page=3&n=3"]);
    expect(walk(createPaginator(page({ start: 0 })), [{ records: 3 }, { records: 0 }])).toEqual(["&page=0", "&page=1"]);
    const last = { records: 3, document: { pages: 2 } };
    expect(walk(createPaginator(page({ pages: "$.pages" })), [last, last, last])).toEqual(["&page=1", "&page=2"]);
  });

  it("offset(): moves by what came, so that an upstream that caps the limit loses nothing", () => {
    const paginator = createPaginator(offset({ limit: 1000 }));
    expect(walk(paginator, [{ records: 100 }, { records: 100 }, { records: 40 }])).toEqual([
      "&offset=0&limit=1000",
      "&offset=100&limit=1000",
      "&offset=200&limit=1000",
    ]);
  });

  it("nextUrl() and linkHeader(): without an address", () => {
    const next = "https://api.example/v1/items?kind=a&p=2";
    expect(walk(createPaginator(nextUrl("$.next")), [{ records: 1, document: { next } }, { records: 1 }])).toEqual([
      "",
      "&p=2",
    ]);
    expect(
      walk(createPaginator(nextUrl("$.next")), [{ records: 1, document: { next: "?kind=a&p=3" } }, { records: 1 }]),
    ).toEqual(["", "&p=3"]);
    expect(
      walk(createPaginator(linkHeader()), [{ records: 1, link: `<${next}>; rel="next"` }, { records: 1 }]),
    ).toEqual(["", "&p=2"]);
  });
});

describe("what is refused", () => {
  const after = (paginator: Paginator, document: unknown): (() => unknown) => {
    return () => paginator.after(null, { records: 1, document, url: base, headers: {} });
  };

  it("the address of another host", () => {
    expect(after(createPaginator(nextUrl("$.next")), { next: "https://evil.example/x" })).toThrow(
      /another host: evil\.example/,
    );
    expect(after(createPaginator(nextUrl("$.next")), { next: "http://api.example/x" })).toThrow(/another host/);
  });

  it("a token that is an address or no token", () => {
    expect(after(createPaginator(cursor("$.next")), { next: "https://api.example/2" })).toThrow(
      /an address, not a token/,
    );
    expect(after(createPaginator(cursor("$.next")), { next: {} })).toThrow(/type object/);
  });
});

it.each([
  ['<https://a/2>; rel="next", <https://a/9>; rel="last"', "https://a/2"],
  ["<https://a/1>; rel=prev, <https://a/2?x=1,2>; rel=next", "https://a/2?x=1,2"],
  ['<https://a/2>; title="a, b"; rel="last next"', "https://a/2"],
  ['<https://a/2>; rel="last"', undefined],
  [undefined, undefined],
])("the next link of %s", (header, expected) => {
  expect(linksOf(header)["next"]?.url).toBe(expected);
});

describe("LoopGuard", () => {
  it("finds a return at once, and a circle far out with bounded memory", () => {
    const near = new LoopGuard();
    expect(["a", "b", "c", "b"].map((token) => near.revisits(token))).toEqual([false, false, false, true]);
    const far = new LoopGuard();
    let steps = 0;
    const position = (step: number): number => (step < 25_000 ? step : 25_000 + ((step - 25_000) % 700));
    while (!far.revisits(position(steps))) steps += 1;
    expect(steps).toBeGreaterThan(25_000);
    expect(steps).toBeLessThan(60_000);
  });
});
