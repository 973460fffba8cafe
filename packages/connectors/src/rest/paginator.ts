// Finds the next page. A paginator is a pure function of the page before; its state is plain data that a cursor can keep.
import { MillraceError } from "@millrace/core";
import { keepable } from "../rest-engine/keepable.ts";
import { linksOf } from "../rest-engine/paginators.ts";
import { parseJsonPath, valueAt } from "./json-path.ts";
import type { Pagination } from "./rest-config.ts";

/** Where a page is: a token, a number, an address; null for the first page. */
export type PagePosition = string | number | { readonly at: number; readonly full: number } | null;

export interface PageSeen {
  readonly document: unknown;
  readonly records: number;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Paginator {
  /** The address of the page at a position. `base` has the stream's own parameters. */
  address(base: URL, position: PagePosition): URL;
  /** The position after this page; undefined at the end. */
  after(position: PagePosition, page: PageSeen): PagePosition | undefined;
  /** True when positions are counted here, so that an upstream that ignores the parameter shows only in its pages. */
  readonly counts: boolean;
}

export function createPaginator(pagination: Pagination | undefined): Paginator {
  switch (pagination?.kind) {
    case undefined:
      return { counts: false, address: (base) => base, after: () => undefined };
    case "cursor":
      return cursorPaginator(pagination);
    case "page":
      return pagePaginator(pagination);
    case "offset":
      return offsetPaginator(pagination);
    case "next-url": {
      const path = parseJsonPath(pagination.path);
      return addressPaginator((page) => valueAt(page.document, path), `nextUrl("${pagination.path}")`);
    }
    case "link-header":
      return addressPaginator((page) => linksOf(page.headers["link"])["next"]?.url, "linkHeader()");
  }
}

function withParams(base: URL, params: Readonly<Record<string, string | number | undefined>>): URL {
  const url = new URL(base.href);
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

function isEnd(token: unknown): boolean {
  return token === undefined || token === null || token === false || token === "";
}

function wrong(what: string, problem: string, hint: string): MillraceError {
  return new MillraceError("channel-invalid", `page: ${what} ${problem}`, { hint });
}

function cursorPaginator(pagination: Extract<Pagination, { kind: "cursor" }>): Paginator {
  const path = parseJsonPath(pagination.path);
  const more = pagination.more === undefined ? undefined : parseJsonPath(pagination.more);
  const what = `cursor("${pagination.path}")`;
  return {
    counts: false,
    address: (base, position) =>
      withParams(base, { [pagination.param]: (position as string | number | null) ?? undefined }),
    after(_, { document }) {
      if (more !== undefined && valueAt(document, more) === false) return undefined;
      const token = keepable(valueAt(document, path));
      if (isEnd(token)) return undefined;
      if (typeof token !== "string" && typeof token !== "number")
        throw wrong(
          what,
          `finds a value of type ${typeof token}; a token is text or a number`,
          "Correct the path of cursor().",
        );
      if (/^https?:\/\//i.test(String(token)))
        throw wrong(what, "finds an address, not a token", `Use nextUrl("${pagination.path}") instead of cursor().`);
      return token;
    },
  };
}

/**
 * The end is an empty page, or one that is shorter than an earlier one. A short first page proves nothing: upstreams may cap the size that was
 * asked for.
 */
function pagePaginator(pagination: Extract<Pagination, { kind: "page" }>): Paginator {
  const pages = pagination.pages === undefined ? undefined : parseJsonPath(pagination.pages);
  const place = (position: PagePosition): { at: number; full: number } => counted(position, pagination.start);
  return {
    counts: true,
    address: (base, position) =>
      withParams(base, {
        [pagination.param]: place(position).at,
        ...(pagination.sizeParam === undefined ? {} : { [pagination.sizeParam]: pagination.size }),
      }),
    after(position, { records, document }) {
      const { at, full } = place(position);
      const last = pages === undefined ? undefined : Number(valueAt(document, pages));
      if (records === 0 || records < full || (last !== undefined && at >= last)) return undefined;
      return { at: at + 1, full: Math.max(full, records) };
    },
  };
}

/** Moves on by the records that came, and ends as page() does. */
function offsetPaginator(pagination: Extract<Pagination, { kind: "offset" }>): Paginator {
  return {
    counts: true,
    address: (base, position) =>
      withParams(base, { [pagination.param]: counted(position, 0).at, [pagination.limitParam]: pagination.limit }),
    after(position, { records }) {
      const { at, full } = counted(position, 0);
      return records === 0 || records < full ? undefined : { at: at + records, full: Math.max(full, records) };
    },
  };
}

function counted(position: PagePosition, start: number): { at: number; full: number } {
  return typeof position === "object" && position !== null ? position : { at: start, full: 0 };
}

function addressPaginator(find: (page: PageSeen) => unknown, what: string): Paginator {
  return {
    counts: false,
    address: (base, position) => (typeof position === "string" ? new URL(position, base) : base),
    after(_, page) {
      const found = find(page);
      if (isEnd(found)) return undefined;
      const url = typeof found === "string" ? URL.parse(found, page.url.href) : null;
      if (url === null)
        throw wrong(what, `finds no address but a value of type ${typeof found}`, "Correct the path of nextUrl().");
      if (url.host !== page.url.host || (url.protocol !== page.url.protocol && url.protocol !== "https:"))
        throw new MillraceError(
          "upstream-refused",
          `The next page is on another host: ${url.host}; this channel reads ${page.url.host}.`,
          {
            hint: "Credentials are sent to the host of baseUrl only. Declare the other host as a channel of its own.",
          },
        );
      return url.href;
    },
  };
}
