// Lines of CSV that have other cells than the header says, or a quote that goes wrong: the engine passes them by and keeps their text, and they enter
// the stage behind the good rows as malformed records, each naming its place in the file.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type LoadRequest } from "@millrace/core";
import { ident } from "../engine/identifiers.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { asBigint, asText } from "../engine/values.ts";
import { labelledRelation, seqExpression } from "./label.ts";
import { rejectedLines, rejectedScans, type SourceColumn } from "./source-reader.ts";

export interface StagedLines {
  readonly stage: string;
  readonly columns: readonly SourceColumn[];
  readonly bounds: Bounds;
  /** The stage has `_unknown` behind its columns. */
  readonly kept?: boolean;
}

/**
 * Adds the rejected lines of the read that filled the stage.
 *
 * @throws MillraceError query-failed where the fault is not one of single lines: nothing could be read, or a quote swallowed several lines
 */
export async function stageRejectedLines(
  stager: DuckDBConnection,
  request: LoadRequest,
  { stage, columns, bounds, kept }: StagedLines,
): Promise<void> {
  try {
    await refuseWhole(stager, stage);
    const fields = columns.map((_column, at) => `NULL::VARCHAR AS _s${at}`).join(", ");
    // A line with several faults is one record; its first one tells most.
    const lines = `SELECT ${fields}, scan.file_path AS _file, rtrim(csv_line, E'\\r\\n') AS _malformed,
        concat('Record ', line, ', counted from the first line of the file: ', rtrim(error_message, '.'), '.') AS _why, file_id AS _object, line AS _line
      FROM (SELECT * FROM ${rejectedLines} QUALIFY row_number() OVER (PARTITION BY file_id, line ORDER BY column_idx) = 1) AS fault
      JOIN ${rejectedScans} AS scan USING (scan_id, file_id)`;
    const labelled = labelledRelation(request, columns, lines, { carried: ["_why", "_object", "_line"] });
    const own = request.contract.columns.map((column) => ident(column.name));
    const names = [...own, ...(kept === true ? ["NULL"] : [])].join(", ");
    const several = request.source.kind === "objects" && request.source.objects.length > 1;
    await execute(
      stager,
      `INSERT INTO ${stage} SELECT ${names}, ${several ? "_file" : "NULL"}, ${seqExpression(request.contract, `CAST(${request.receivedSeq} AS BIGINT)`)},
        _codes, [_why], _original FROM (${labelled}) ORDER BY _object, _line`,
      [],
      bounds,
    );
  } finally {
    await forgetRejectedLines(stager);
  }
}

/** The connection is used again. */
export async function forgetRejectedLines(stager: DuckDBConnection): Promise<void> {
  for (const table of [rejectedLines, rejectedScans]) await execute(stager, `DROP TABLE IF EXISTS ${table}`);
}

async function refuseWhole(stager: DuckDBConnection, stage: string): Promise<void> {
  const found = await select(
    stager,
    `SELECT (SELECT count(*) FROM ${stage}), count(*) FILTER (contains(rtrim(csv_line, E'\\r\\n'), E'\\n')), min(line),
      arg_min(error_message, line) FROM ${rejectedLines}`,
  );
  const [good, swallowed, line, message] = found.rows[0] ?? [];
  if (line === null || (asBigint(good) > 0n && asBigint(swallowed) === 0n)) return;
  throw new MillraceError("query-failed", `CSV error on line ${asText(line)}: ${asText(message)}`);
}
