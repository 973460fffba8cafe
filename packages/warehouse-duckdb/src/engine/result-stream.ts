// The only place that streams results out of the engine. A stream that fails ends as if it were complete, so every result carries a last row
// that says so; without it the stream throws result-truncated.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type ResultColumn, type ResultStream, type SqlValue } from "@millrace/core";
import { appendRows } from "./chunk-rows.ts";
import { bindings, resultColumns, within, type Bounds } from "./statement-runner.ts";

const endColumn = "__end";

/** @param release called once when the stream is over, for whatever reason */
export async function openResultStream(
  connection: DuckDBConnection,
  request: { readonly sql: string; readonly params: readonly SqlValue[]; readonly bounds: Bounds },
  release: () => void,
): Promise<ResultStream> {
  const { values, types } = bindings(request.params);
  const sql = `SELECT *, false AS ${endColumn} FROM (${request.sql}\n) UNION ALL BY NAME SELECT true AS ${endColumn}`;
  try {
    const result = await within(connection, request.bounds, () =>
      request.params.length === 0 ? connection.stream(sql) : connection.stream(sql, values, types),
    );
    const columns = resultColumns(result).slice(0, -1);
    return { columns, [Symbol.asyncIterator]: () => chunks(connection, result, columns, request.bounds, release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function* chunks(
  connection: DuckDBConnection,
  result: Awaited<ReturnType<DuckDBConnection["stream"]>>,
  columns: readonly ResultColumn[],
  bounds: Bounds,
  release: () => void,
): AsyncGenerator<readonly (readonly SqlValue[])[]> {
  let ended = false;
  try {
    for (;;) {
      const chunk = await within(connection, bounds, () => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) break;
      const rows: SqlValue[][] = [];
      appendRows(chunk, rows, columns.length);
      if (chunk.getColumnVector(columns.length).getItem(chunk.rowCount - 1) === true) {
        ended = true;
        rows.pop();
      }
      if (rows.length > 0) yield rows;
    }
    if (!ended) throw new MillraceError("result-truncated", "The result ended before its last row.");
  } finally {
    release();
  }
}
