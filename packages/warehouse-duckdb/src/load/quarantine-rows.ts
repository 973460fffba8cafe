// Rejected and held rows into quarantine with codes, reasons, original and position; and back, when they are re-admitted.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type LoadRequest } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { execute } from "../engine/statement-runner.ts";
import { originOf } from "./origin.ts";
import { storedOriginal } from "./set-rules.ts";
import type { SourceColumn } from "./source-reader.ts";
import { unknownOf, withRest, type UnknownFields } from "./unknown-fields.ts";

export async function insertQuarantine(
  connection: DuckDBConnection,
  request: LoadRequest,
  stage: string,
): Promise<void> {
  if (request.source.kind !== "objects") return;
  const { objects } = request.source;
  const keys = objects.map((object) => `WHEN ${literal(object.local.path)} THEN ${literal(object.ref.key)}`).join(" ");
  const single = objects.length === 1;
  const key = single ? literal(objects[0]?.ref.key ?? "") : `CASE r._file ${keys} END`;
  const first = single ? "0" : `(SELECT min(f.rowid) FROM ${stage} AS f WHERE f._file = r._file)`;
  await execute(
    connection,
    `INSERT INTO millrace.quarantine
      SELECT ${request.batch}, r.place + 1, ?, ?, ?, r.codes, r.reasons, r.original, ${key}, r.place - ${first} + 1, r._seq, r.state, NULL, now(), NULL FROM (
        SELECT s.rowid AS place, s._file, coalesce(s._original, ${storedOriginal(request.contract.columns, "s.")}) AS original, s._seq,
          coalesce(s._codes, m.codes) AS codes, coalesce(s._reasons, m.reasons) AS reasons, CASE WHEN m.mark = 'held' THEN 'held' ELSE 'open' END AS state
        FROM ${stage} AS s LEFT JOIN batch_stage_marks AS m ON m._row_id = s.rowid AND m.mark IN ('held', 'rejected')
        WHERE s._codes IS NOT NULL OR m.mark IS NOT NULL) AS r ORDER BY r.place`,
    [request.channel, request.domain, request.contract.name],
  );
}

/** SQL of an original (JSON text of an object) as a struct of its source fields: text, or JSON for nested types. */
export function recordOf(columns: readonly SourceColumn[], original: string): string {
  const fields = columns.filter((column) => !column.rest).map((column) => [column.field, column.type] as const);
  return `from_json(${original}, ${literal(JSON.stringify(Object.fromEntries(fields)))})`;
}

/** SQL of a field of such a struct; the JSON value null is a missing value. */
export function recordField(column: SourceColumn, record: string): string {
  const value = `${record}.${ident(column.field)}`;
  return column.type === "JSON" ? `CASE WHEN ${value}::VARCHAR <> 'null' THEN ${value} END` : value;
}

/** Quarantined records, repaired ones as they were repaired, as a source relation; `_file` carries the row's own `_seq`. Rows come in the order of their identity. */
export function quarantineRelation(
  columns: readonly SourceColumn[],
  rows: readonly { readonly batch: bigint; readonly row: bigint }[],
  unknown: UnknownFields | undefined,
): string {
  if (new Set(rows.map((row) => row.batch)).size > 1)
    throw new MillraceError(
      "internal",
      "Rows of one batch are re-admitted at a time, so that their positions stay unique.",
    );
  const wanted = rows.map((row) => `(${row.batch}, ${row.row})`).join(", ");
  const fields = columns
    .filter((column) => !column.rest)
    .map((column) => `${recordField(column, "j")} AS _s${column.at}`);
  if (unknown !== undefined) fields.push(unknownOf(unknown, "whole"));
  const relation = `SELECT ${fields.join(", ")}, CAST(seq AS VARCHAR) AS _file, CASE WHEN j IS NULL THEN record END AS _malformed, CASE WHEN j IS NOT NULL THEN _origin END AS _origin FROM (
    SELECT record, seq, CASE WHEN json_valid(record) THEN ${originOf("record")} END AS _origin, CASE WHEN json_valid(record) AND json_type(record) = 'OBJECT' THEN record::JSON END AS whole, ${recordOf(columns, "whole")} AS j
    FROM (SELECT coalesce(repaired, original) AS record, seq FROM millrace.quarantine
      WHERE (batch, row_no) IN (${wanted}) AND state IN ('open', 'held') ORDER BY batch, row_no))`;
  return withRest(columns, relation, unknown !== undefined);
}

/**
 * Which quarantined row stands at which place (rowid) of the stage; made before the stage's rows are written. The stage belongs to the transaction,
 * whose rows are not numbered from 0.
 */
export async function placeReadmitted(
  connection: DuckDBConnection,
  rows: readonly { readonly batch: bigint; readonly row: bigint }[],
  stage: string,
): Promise<void> {
  const wanted = rows.map((row) => `(${row.batch}, ${row.row})`).join(", ");
  await execute(
    connection,
    `CREATE OR REPLACE TEMP TABLE batch_readmit AS SELECT batch, row_no, row_number() OVER (ORDER BY batch, row_no) - 1 + (SELECT min(rowid) FROM ${stage}) AS place
      FROM millrace.quarantine WHERE (batch, row_no) IN (${wanted}) AND state IN ('open', 'held')`,
  );
}

/** Rows that passed are readmitted (also those that the table had already); the others keep their state and get their present codes. */
export async function resolveReadmitted(
  connection: DuckDBConnection,
  request: LoadRequest,
  stage: string,
): Promise<void> {
  await execute(
    connection,
    `UPDATE millrace.quarantine AS q SET state = 'readmitted', resolved_batch = ${request.batch}, changed_at = now()
      FROM (SELECT p.batch, p.row_no FROM temp.batch_readmit AS p JOIN ${stage} AS s ON s.rowid = p.place
        LEFT JOIN batch_stage_marks AS m ON m._row_id = s.rowid WHERE s._codes IS NULL AND (m.mark IS NULL OR m.mark = 'duplicate')) AS passed
      WHERE q.batch = passed.batch AND q.row_no = passed.row_no`,
  );
  await execute(
    connection,
    `UPDATE millrace.quarantine AS q SET codes = failed.codes, reasons = failed.reasons, state = failed.state, changed_at = now()
      FROM (SELECT p.batch, p.row_no, coalesce(s._codes, m.codes) AS codes, coalesce(s._reasons, m.reasons) AS reasons,
          CASE WHEN m.mark = 'held' THEN 'held' ELSE 'open' END AS state
        FROM temp.batch_readmit AS p JOIN ${stage} AS s ON s.rowid = p.place LEFT JOIN batch_stage_marks AS m ON m._row_id = s.rowid
        WHERE s._codes IS NOT NULL OR m.mark IN ('held', 'rejected')) AS failed
      WHERE q.batch = failed.batch AND q.row_no = failed.row_no`,
  );
  await execute(connection, "DROP TABLE batch_readmit");
}
