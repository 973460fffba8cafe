// Rows of the engine's chunks as values of the port. Reads column by column: what a column's cells are is found once, not per cell.
import type { DuckDBDataChunk, DuckDBMaterializedResult } from "@duckdb/node-api";
import type { SqlValue } from "@millrace/core";
import { fromEngine } from "./values.ts";

/** All rows of a result that the engine holds. Reading them needs no thread of the engine, so nothing is awaited. */
export function materializedRows(result: DuckDBMaterializedResult): SqlValue[][] {
  const rows: SqlValue[][] = [];
  const { chunkCount } = result;
  for (let at = 0; at < chunkCount; at += 1) appendRows(result.getChunk(at), rows);
  return rows;
}

/** @param columnCount the first columns only */
export function appendRows(chunk: DuckDBDataChunk, rows: SqlValue[][], columnCount: number = chunk.columnCount): void {
  const { rowCount } = chunk;
  const first = rows.length;
  for (let row = 0; row < rowCount; row += 1) rows.push([]);
  for (let column = 0; column < columnCount; column += 1) {
    const vector = chunk.getColumnVector(column);
    for (let row = 0; row < rowCount; row += 1)
      (rows[first + row] as SqlValue[])[column] = fromEngine(vector.getItem(row));
  }
}
