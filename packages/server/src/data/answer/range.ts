// Which rows a request asks for: limit and offset, the Range header, and the default; and how the answer says what it holds.
import { MillraceError } from "@millrace/core";
import type { DataQuery } from "../grammar/syntax.ts";

export const pageLimits = {
  rowsDefault: 100,
  /** Larger results are streamed, without a total and a link to the next page. */
  pageRowsMax: 10_000,
  streamRowsMax: 10_000_000,
  /** Counting past rows costs as much as reading them; `after` does not. */
  offsetMax: 10_000_000,
} as const;

export interface RowRange {
  readonly limit: number;
  readonly offset: number;
}

const rangeHeader = /^(?:items=)?([0-9]{1,15})-([0-9]{1,15})?$/;

/** The query wins over the header, whose unit is rows. @throws MillraceError request-invalid */
export function rowRange(query: DataQuery, header: string | undefined): RowRange {
  const asked = query.limit === undefined && query.offset === undefined ? headerRange(header) : undefined;
  const limit = query.limit ?? asked?.limit ?? pageLimits.rowsDefault;
  const offset = query.offset ?? asked?.offset ?? 0;
  if (limit > pageLimits.streamRowsMax) throw tooMany("limit", pageLimits.streamRowsMax);
  if (offset > pageLimits.offsetMax) throw tooMany("offset", pageLimits.offsetMax);
  return { limit, offset };
}

function headerRange(header: string | undefined): { limit?: number; offset: number } | undefined {
  if (header === undefined || header.startsWith("bytes")) return undefined;
  const [, from, to] = rangeHeader.exec(header.trim()) ?? [];
  const limit = to === undefined ? undefined : Number(to) - Number(from) + 1;
  if (from === undefined || (limit !== undefined && limit < 1))
    throw new MillraceError("request-invalid", "The Range header is not a range of rows such as 0-99.", {
      details: { parameter: "range" },
    });
  return limit === undefined ? { offset: Number(from) } : { offset: Number(from), limit };
}

function tooMany(parameter: string, most: number): MillraceError {
  return new MillraceError("request-invalid", `${parameter}: at most ${most} rows.`, {
    hint: "Follow the Link header from page to page, or narrow the filter.",
    details: { parameter, most },
  });
}

/** `0-24/3573`; `*` where there are no rows, or where the total was not asked for. Pages behind a cursor do not know their place. */
export function contentRange(page: {
  readonly rows: number;
  readonly offset: number | undefined;
  readonly total: bigint | undefined;
}): string {
  const place = page.rows === 0 || page.offset === undefined ? "*" : `${page.offset}-${page.offset + page.rows - 1}`;
  return `${place}/${page.total ?? "*"}`;
}
