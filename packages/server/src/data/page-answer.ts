// Runs the statement of a page and puts its answer together: body, Content-Range, and the link to the next page.
import { MillraceError, type CacheEntry, type SqlValue, type Warehouse } from "@millrace/core";
import { contentType } from "./answer/media-type.ts";
import { contentRange } from "./answer/range.ts";
import { writeRows } from "./answer/row-writer.ts";
import type { CompiledPage, CompiledRow } from "./data-request.ts";
import { printQuery } from "./grammar/print-query.ts";

/** Where the status of a kept answer stands; never sent. */
export const statusHeader = ":status";

export function statusOf(entry: CacheEntry): number {
  return Number(entry.headers[statusHeader] ?? 200);
}

type Rows = readonly (readonly SqlValue[])[];

/** @throws MillraceError not-found (row), not-acceptable (object), range-not-satisfiable, and what the warehouse throws */
export async function readPage(
  request: CompiledPage | CompiledRow,
  warehouse: Pick<Warehouse, "query">,
  timeoutMs: number,
): Promise<CacheEntry> {
  const { plan, range, writer, media } = request;
  const { sql, params } = plan.page;
  const { rows } = await warehouse.query(sql, params, { rowsMax: range.limit + 1, timeoutMs });
  const shown = rows.length > range.limit ? rows.slice(0, range.limit) : rows;
  if (request.kind === "row" && shown.length === 0)
    throw new MillraceError("not-found", `${request.table.fullName} has no row with this key.`);
  if (request.kind === "page" && media === "object" && rows.length !== 1)
    throw new MillraceError(
      "not-acceptable",
      `${rows.length === 0 ? "No row fits" : "Several rows fit"}, one was asked for.`,
      {
        hint: "Accept application/json, or filter by the key.",
      },
    );
  const total = request.kind === "page" ? await totalOf(request, rows, { warehouse, timeoutMs }) : undefined;
  const body = Buffer.from(writeRows(writer, shown), "utf8");
  return {
    body,
    headers: {
      "content-type": contentType(media),
      "content-length": String(body.byteLength),
      ...(request.kind === "page" ? pageHeaders(request, { rows, shown, total }) : {}),
    },
  };
}

async function totalOf(
  request: CompiledPage,
  rows: Rows,
  how: { readonly warehouse: Pick<Warehouse, "query">; readonly timeoutMs: number },
): Promise<bigint | undefined> {
  const { plan, range, query, preferences } = request;
  if (!preferences.count) return undefined;
  const first = rows[0];
  if (first !== undefined) return toCount(plan.totalOf(first));
  if (range.offset === 0 && query.after === undefined) return 0n;
  const found = await how.warehouse.query(plan.total.sql, plan.total.params, { timeoutMs: how.timeoutMs });
  const total = toCount(found.rows[0]?.[0]);
  if (BigInt(range.offset) > total)
    throw new MillraceError(
      "range-not-satisfiable",
      `The range starts at ${range.offset}, and there are ${total} rows.`,
      {
        details: { total: Number(total) },
      },
    );
  return total;
}

/** A count as the warehouse answers it. */
export function toCount(value: SqlValue | undefined): bigint {
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  throw new MillraceError("internal", "The warehouse answered a count that is no number.");
}

function pageHeaders(
  request: CompiledPage,
  page: { readonly rows: Rows; readonly shown: Rows; readonly total: bigint | undefined },
): Record<string, string> {
  const { range, query, preferences } = request;
  const offset = query.after === undefined ? range.offset : undefined;
  const { total, shown } = page;
  const next = page.rows.length > range.limit ? nextLink(request, shown) : undefined;
  return {
    "content-range": contentRange({ rows: shown.length, offset, total }),
    ...(total !== undefined && BigInt(shown.length) < total ? { [statusHeader]: "206" } : {}),
    ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }),
    ...(preferences.applied === undefined ? {} : { "preference-applied": preferences.applied }),
  };
}

/** By cursor where rows can be told apart, else by counting. */
function nextLink({ table, query, range, plan }: CompiledPage, shown: Rows): string | undefined {
  const last = shown.at(-1);
  if (last === undefined) return undefined;
  const after = plan.cursorAfter(last);
  const { select, filters, order } = query;
  const place = after === undefined ? { offset: range.offset + range.limit } : { after };
  const text = printQuery({ select, filters, order, limit: range.limit, ...place });
  return `/data/${encodeURIComponent(table.domain)}/${encodeURIComponent(table.name)}?${text}`;
}
