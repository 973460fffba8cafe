// The ways to the next page. Each is a pure function of the page before; tokens are JSON.
import { MillraceError } from "@millrace/core";
import { joinParts, partOf, textOf } from "./build-request.ts";
import type { PageSeen, Paginator } from "./components.ts";
import { keepable } from "./keepable.ts";
import type { RequestOption, RequestParts } from "./request.ts";
import type { PageToken } from "./slice.ts";

/** How many records a page should have, and where that is said. */
export interface PageSize {
  readonly size: number;
  readonly option?: RequestOption;
}

function sizePart(size: PageSize | undefined): RequestParts {
  return partOf(size?.option, size?.size);
}

/** One page. */
export const singlePage: Paginator = {
  kind: "single",
  counts: false,
  first: undefined,
  parts: () => ({}),
  address: () => undefined,
  next: () => undefined,
};

export interface TokenPagination {
  /** The next token, or an empty value at the end. */
  readonly token: (page: PageSeen) => unknown;
  /** Where it goes; `address` replaces the path of the request. */
  readonly into: RequestOption | "address" | undefined;
  readonly size?: PageSize;
  /** Name of the way, as a cursor keeps it. Default: `cursor`. */
  readonly kind?: string;
}

/** The answer names the next page: a token, or an address. */
export function tokenPaginator({ token, into, size, kind = "cursor" }: TokenPagination): Paginator {
  const option = into === "address" ? undefined : into;
  return {
    kind,
    counts: false,
    first: undefined,
    parts: (at) => joinParts([partOf(option, at), sizePart(size)]),
    address: (at) => (into === "address" && at !== undefined ? textOf(at) : undefined),
    next(page) {
      const found = keepable(token(page));
      return isEmpty(found) ? undefined : found;
    },
  };
}

/** What ends a stream in place of a token. */
function isEmpty(token: unknown): boolean {
  return (
    token === undefined ||
    token === null ||
    token === false ||
    token === "" ||
    token === 0 ||
    (Array.isArray(token) && token.length === 0) ||
    (typeof token === "object" && Object.keys(token).length === 0)
  );
}

export interface CountedPagination {
  readonly into: RequestOption | "address" | undefined;
  readonly size?: PageSize;
  /** The first request carries the position too. */
  readonly onFirst: boolean;
  /** Number of the first page; offsets begin at 0. */
  readonly start?: number;
  /** Size of a full page where the answer tells it; overrides `size` for finding the end. */
  readonly fullSize?: (page: PageSeen) => number | undefined;
}

/** Pages are numbered. An empty page ends the stream, and one with fewer records than the page size. */
export function pagePaginator(options: CountedPagination): Paginator {
  const start = options.start ?? 0;
  return counted("page", options, start, (at) => number(at, start) + 1);
}

/** Pages begin at a record's number. It ends as numbered pages do. */
export function offsetPaginator(options: CountedPagination): Paginator {
  return counted("offset", options, 0, (at, records) => number(at, 0) + records);
}

function counted(
  kind: string,
  { into, size, onFirst, fullSize }: CountedPagination,
  start: number,
  after: (at: PageToken, records: number) => number,
): Paginator {
  const option = into === "address" ? undefined : into;
  const full = size?.size;
  return {
    kind,
    counts: true,
    first: onFirst ? start : undefined,
    parts: (at) => joinParts([partOf(option, at), sizePart(size)]),
    address: (at) => (into === "address" && Boolean(at) ? textOf(at) : undefined),
    next(page) {
      const wanted = fullSize === undefined ? full : fullSize(page);
      if (page.extracted === 0 || (wanted !== undefined && page.extracted < wanted)) return undefined;
      return after(page.token, page.extracted);
    },
    ...(full === undefined || fullSize !== undefined ? {} : { ahead: (at: PageToken) => after(at, full) }),
  };
}

function number(token: PageToken, otherwise: number): number {
  if (token === undefined || token === null) return otherwise;
  if (typeof token === "number" && Number.isFinite(token)) return token;
  throw new MillraceError("internal", `A counted page stands at ${JSON.stringify(token)}, which is no number.`);
}

/** Links of the header `Link` (RFC 8288) by their relation. */
export function linksOf(header: string | undefined): Readonly<Record<string, { readonly url: string }>> {
  const links: Record<string, { readonly url: string }> = {};
  for (const match of (header ?? "").matchAll(/<([^>]*)>((?:\s*;\s*[^,;="]+(?:=(?:"[^"]*"|[^",;]*))?)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(match[2] ?? "");
    for (const name of (rel?.[1] ?? rel?.[2] ?? "").toLowerCase().split(/\s+/))
      if (name !== "") links[name] ??= { url: match[1] ?? "" };
  }
  return links;
}
