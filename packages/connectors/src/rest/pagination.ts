// `cursor()`, `page()`, `offset()`, `nextUrl()`, `linkHeader()`: how a stream finds its next page, as data. paginator.ts runs it.
import { integer, parsed, text, variant } from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck } from "../authoring/option-fields.ts";
import { parseJsonPath } from "./json-path.ts";
import type { Pagination } from "./rest-config.ts";

/**
 * The page names a token for the next one at `path`; no token (missing, null, false or "") ends the stream.
 * `param`: query parameter that carries it, default `cursor`. `more`: path of a boolean that ends the stream when it is false.
 */
export function cursor(path: string, options: { readonly param?: string; readonly more?: string } = {}): Pagination {
  return { kind: "cursor", path, param: "cursor", ...options };
}

/**
 * Pages are numbered: `param` (default `page`) carries the number, from `start` (default 1). An empty page ends the stream, and one that is shorter
 * than another before it, and the page whose number stands at the path `pages`. `size` is sent as `sizeParam`; the two go together.
 */
export function page(
  options: {
    readonly param?: string;
    readonly start?: number;
    readonly size?: number;
    readonly sizeParam?: string;
    readonly pages?: string;
  } = {},
): Pagination {
  return { kind: "page", param: "page", start: 1, ...options };
}

/** Pages begin at a record's number, from 0. An empty page ends the stream, or one that is shorter than another before it. `param` default `offset`, `limitParam` default `limit`. */
export function offset(options: {
  readonly limit: number;
  readonly param?: string;
  readonly limitParam?: string;
}): Pagination {
  return { kind: "offset", param: "offset", limitParam: "limit", ...options };
}

/** The page names the address of the next one at `path`, absolute or relative, on the same host; none ends the stream. */
export function nextUrl(path: string): Pagination {
  return { kind: "next-url", path };
}

/** The header `Link: <...>; rel="next"` (RFC 8288) names the address of the next page, on the same host; none ends the stream. */
export function linkHeader(): Pagination {
  return { kind: "link-header" };
}

const path = parsed(parseJsonPath);
const size = integer({ min: 1, max: 1_000_000 });

const kinds = variant(
  {
    cursor: [
      required("path", "string", path, "where the token stands in a page"),
      required("param", "string", text, "query parameter that carries it"),
      optional("more", "string", path, "where a page says whether there are more"),
    ],
    page: [
      required("param", "string", text, "query parameter that carries the number"),
      required("start", "number", integer({ min: 0, max: 1_000_000_000 }), "number of the first page"),
      optional("size", "number", size, "records of a full page"),
      optional("sizeParam", "string", text, "query parameter that carries the size"),
      optional("pages", "string", path, "where a page names the last number"),
    ],
    offset: [
      required("limit", "number", size, "records of a full page"),
      required("param", "string", text, "query parameter that carries the offset"),
      required("limitParam", "string", text, "query parameter that carries the limit"),
    ],
    "next-url": [required("path", "string", path, "where the address stands in a page")],
    "link-header": [],
  },
  'cursor("$.next"), page(), offset({ limit: 100 }), nextUrl("$.next") or linkHeader()',
);

export const paginationCheck: OptionCheck = (value, at) => {
  const problem = kinds(value, at);
  if (problem !== undefined) return problem;
  const pagination = value as Pagination;
  if (pagination.kind === "page" && (pagination.sizeParam === undefined) !== (pagination.size === undefined))
    return `"${at}": "size" and "sizeParam" go together; one of them is missing`;
  return undefined;
};

/** Query parameters that the pagination sets. */
export function paginationParams(pagination: Pagination | undefined): readonly string[] {
  if (pagination?.kind === "cursor") return [pagination.param];
  if (pagination?.kind === "page")
    return [pagination.param, ...(pagination.sizeParam === undefined ? [] : [pagination.sizeParam])];
  return pagination?.kind === "offset" ? [pagination.param, pagination.limitParam] : [];
}
