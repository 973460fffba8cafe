// The fast way of a large batch: every row goes straight into its table, in source order and written once. Rows that fail are hidden there (see
// hidden-rows.ts) and judged again, alone, on their way to quarantine. Anything unusual takes the staged way of load-batch.ts.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, MillraceError, type LoadRequest, type LoadResult, type RawObject } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { mayWiden } from "./grow-contract.ts";
import { castRelation, goodRow, labelledRelation, originalOf, seqExpression } from "./label.ts";
import { originOf, tracedBy } from "./origin.ts";
import { recordField, recordOf } from "./quarantine-rows.ts";
import { mayReject, needsOriginals } from "./set-rules.ts";
import { sourceColumns, sourceRelation, type ReadManner, type SourceColumn } from "./source-reader.ts";
import { storedTypes } from "./stored-types.ts";

/** Below this size a batch is written too quickly for the difference to matter. */
const directBytesMin = 8 * 1024 * 1024;
const objectsMax = 16;

type ObjectsSource = Extract<LoadRequest["source"], { kind: "objects" }>;
export type DirectRequest = LoadRequest & { readonly source: ObjectsSource };

/** True where rows need no look beyond themselves and the engine's plan keeps their order. */
export function goesDirectly(request: LoadRequest): request is DirectRequest {
  const { source, verdict } = request;
  if (source.kind !== "objects" || source.format.kind === "json" || verdict.references.length > 0) return false;
  if (request.write === "merge" && keyColumns(request.contract).length > 0) return false;
  if (request.contract.deduplicate !== undefined || mayWiden(request.contract)) return false;
  // The position of a row inside its object is known only where there is one; that in a converted original stands in the stage alone.
  const atOnce = source.objects.length === 1 && tracedBy(source) === undefined;
  if (needsOriginals(verdict) || (mayReject(verdict) && !atOnce)) return false;
  const bytes = source.objects.reduce((sum, object) => sum + object.ref.bytes, 0);
  return bytes >= directBytesMin && source.objects.length <= objectsMax && verdict.rows.every(keepsOrder);
}

/** IN lists and subqueries become joins, whose rows leave in no order; what is quoted is no such word. */
function keepsOrder(check: { readonly sql: string }): boolean {
  return !/\b(?:in|select|exists|any|all)\b/i.test(check.sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, ""));
}

export interface DirectTarget {
  readonly connection: DuckDBConnection;
  /** Qualified name of the physical table, which has a column `_hidden`. */
  readonly physical: string;
  readonly bounds: Bounds;
}

/** Writes all rows of the batch; those that fail are hidden and in quarantine afterwards. */
export async function loadDirectly(
  target: DirectTarget,
  request: DirectRequest,
): Promise<Pick<LoadResult, "received" | "quarantined">> {
  const columns = sourceColumns(
    request.contract,
    await storedTypes(target.connection, request.source.format, request.source.objects),
  );
  let received = 0n;
  let quarantined = 0n;
  for (const object of request.source.objects) {
    const part = { request, columns, object, before: received };
    const rows = await insertObject(target, part);
    quarantined += await quarantineHidden(target, part);
    received += rows;
  }
  return { received, quarantined };
}

interface ObjectPart {
  readonly request: DirectRequest;
  readonly columns: readonly SourceColumn[];
  readonly object: RawObject;
  /** Rows of the batch that earlier objects brought. */
  readonly before: bigint;
}

async function insertObject(target: DirectTarget, part: ObjectPart): Promise<bigint> {
  const { request, columns, object, before } = part;
  const { contract, source } = request;
  const names = contract.columns.map((column) => ident(column.name));
  const numbered = source.format.kind === "parquet";
  const manner: ReadManner = "fast";
  const traced = tracedBy(source);
  const relation = sourceRelation(columns, { objects: [object], format: source.format }, manner);
  const named = names.map((name, at) => `_c${at} AS ${name}`).join(", ");
  const place = numbered ? `_place + ${before + 1n}` : "NULL::BIGINT";
  const inserted = await execute(
    target.connection,
    `INSERT INTO ${target.physical} (${names.join(", ")}, _batch, _row, _seq, _hidden)
      SELECT ${names.join(", ")}, CAST(${request.batch} AS BIGINT), ${place}, ${seqExpression(contract, `CAST(${request.receivedSeq} AS BIGINT)`)},
        CASE WHEN ${goodRow(request, columns, traced)} THEN NULL ELSE ${originalOf(columns, traced)} END
      FROM (SELECT *, ${named} FROM (${castRelation(request, columns, relation)}))`,
    [],
    target.bounds,
  );
  const rows = BigInt(inserted.rowsChanged);
  if (!numbered && rows > 0n) await numberRows(target, rows, before);
  return rows;
}

/** Rows that a transaction added stand in the order of its insert: their distance from the first one is their position. */
async function numberRows(target: DirectTarget, rows: bigint, before: bigint): Promise<void> {
  const found = await select(
    target.connection,
    `SELECT min(rowid), max(rowid) FROM ${target.physical} WHERE _row IS NULL`,
  );
  const [first, last] = (found.rows[0] ?? []).map((value) => asBigint(value));
  if (first === undefined || last === undefined || last - first + 1n !== rows)
    throw new MillraceError("internal", `The ${rows} rows of the batch do not stand together: ${first} to ${last}.`);
  const update = `UPDATE ${target.physical} SET _row = rowid - ${first - before - 1n} WHERE _row IS NULL`;
  await execute(target.connection, update, [], target.bounds);
}

/** Judges the hidden rows again from their originals, this time with codes and reasons. */
async function quarantineHidden(target: DirectTarget, part: ObjectPart): Promise<bigint> {
  const { request, columns, object, before } = part;
  const traced = tracedBy(request.source);
  const own = columns.filter((column) => column.typed).map((column) => `, ${ident(column.name)}`);
  const fields = columns.map((column) => {
    if (column.rest) return `NULL::JSON AS _s${column.at}`;
    return `${column.typed ? ident(column.name) : recordField(column, "_record")} AS _s${column.at}`;
  });
  // Gathered first: hidden rows are few and far between, and the engine works in blocks of rows.
  const hidden = `WITH gathered AS MATERIALIZED (
      SELECT _hidden, _row AS _place, _seq AS _order${own.join("")} FROM ${target.physical}
      WHERE _batch = ${request.batch} AND _hidden IS NOT NULL AND _row > ${before})
    SELECT ${fields.join(", ")}, NULL::VARCHAR AS _file, NULL::VARCHAR AS _malformed, _hidden, _place, _order${traced === undefined ? "" : `, ${originOf("_hidden")} AS _origin`}
    FROM (SELECT *, ${recordOf(columns, "_hidden")} AS _record FROM gathered)`;
  const carried = ["_hidden", "_place", "_order"];
  const labelled = labelledRelation(request, columns, hidden, { carried, traced });
  const inserted = await execute(
    target.connection,
    `INSERT INTO millrace.quarantine
      SELECT ${request.batch}, _place, ?, ?, ?, CASE WHEN _codes IS NULL THEN error('A hidden row has no code.') ELSE _codes END, _reasons, _hidden,
        ${literal(object.ref.key)}, _place - ${before}, _order, 'open', NULL, now(), NULL FROM (${labelled}) ORDER BY _place`,
    [request.channel, request.domain, request.contract.name],
    target.bounds,
  );
  return BigInt(inserted.rowsChanged);
}
