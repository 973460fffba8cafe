// A request of the data API, read and compiled against the catalogue: everything about its answer that does not depend on the rows.
import { MillraceError } from "@millrace/core";
import type { ServedTable } from "../catalogue/served-table.ts";
import { acceptedMedia, type MediaKind } from "./answer/media-type.ts";
import { preferencesOf, type Preferences } from "./answer/preferences.ts";
import { pageLimits, rowRange, type RowRange } from "./answer/range.ts";
import { rowWriter, type RowWriter } from "./answer/row-writer.ts";
import { parseQuery } from "./grammar/parse-query.ts";
import { printQuery } from "./grammar/print-query.ts";
import type { DataQuery } from "./grammar/syntax.ts";
import { planPage, planStream, type PagePlan } from "./sql/page-sql.ts";
import { rowQuery } from "./sql/row-query.ts";
import type { OutputColumn } from "./sql/output-column.ts";
import type { Statement } from "./sql/statement.ts";

/** What a client sends, as far as the answer depends on it. */
export interface DataRequest {
  readonly domain: string;
  readonly table: string;
  /** The path's last segment as it came, still encoded; absent for a page. */
  readonly key?: string;
  /** The URL behind `?`. */
  readonly query: string;
  readonly accept: string | undefined;
  readonly prefer: string | undefined;
  readonly range: string | undefined;
}

interface Compiled {
  readonly table: ServedTable;
  readonly query: DataQuery;
  readonly media: MediaKind;
  readonly range: RowRange;
  readonly preferences: Preferences;
  readonly writer: RowWriter;
  /** Tells apart all requests that may have different answers from the same table version. */
  readonly identity: string;
}

export interface CompiledPage extends Compiled {
  readonly kind: "page";
  readonly plan: PagePlan;
}

/** One row by its key, answered as an object. */
export interface CompiledRow extends Compiled {
  readonly kind: "row";
  readonly plan: PagePlan;
}

/** More rows than a page may hold: sent as they are read, never held as a whole. */
export interface CompiledStream extends Compiled {
  readonly kind: "stream";
  readonly statement: Statement;
  readonly columns: readonly OutputColumn[];
}

export type CompiledRequest = CompiledPage | CompiledRow | CompiledStream;

/** Version of the form of answers; a change makes every earlier ETag void. */
const answerFormat = 1;

/** @throws MillraceError request-invalid, not-acceptable, not-found */
export function compileRequest(request: DataRequest, table: ServedTable): CompiledRequest {
  const parsed = parseQuery(request.query);
  const media = acceptedMedia(request.accept);
  const preferences = preferencesOf(request.prefer);
  if (request.key !== undefined) return compileRow(rowQuery(parsed, table, request.key), { table, media, preferences });
  const asked = rowRange(parsed, request.range);
  const range = media === "object" ? { ...asked, limit: Math.min(asked.limit, 1) } : asked;
  const base = { table, query: parsed, media, range, preferences };
  if (range.limit > pageLimits.pageRowsMax) {
    const { columns, statement } = planStream(parsed, table, range);
    return { ...base, kind: "stream", columns, statement, writer: rowWriter(media, columns), identity: identify(base) };
  }
  const plan = planPage(parsed, table, { ...range, count: preferences.count });
  return { ...base, kind: "page", plan, writer: rowWriter(media, plan.columns), identity: identify(base) };
}

function compileRow(query: DataQuery, how: Pick<Compiled, "table" | "media" | "preferences">): CompiledRow {
  if (how.media !== "json" && how.media !== "object")
    throw new MillraceError("not-acceptable", "A single row is answered as JSON.", {
      hint: "Accept application/json, or ask for a page with a filter.",
    });
  const base = { ...how, query, range: { limit: 1, offset: 0 } };
  const plan = planPage(query, how.table, { ...base.range, count: false });
  return { ...base, kind: "row", plan, writer: rowWriter("object", plan.columns), identity: `row ${identify(base)}` };
}

function identify(request: Pick<Compiled, "query" | "table" | "media" | "range" | "preferences">): string {
  const { limit, offset } = request.range;
  return [
    answerFormat,
    request.table.fullName,
    request.media,
    `${offset}+${limit}`,
    request.preferences.count ? "count" : "",
    printQuery(request.query),
  ].join("\n");
}
