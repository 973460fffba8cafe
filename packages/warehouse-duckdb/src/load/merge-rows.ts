// Good rows into a table by key: of each key the highest `_seq` stays, of equal ones the later row. The table's key columns are scanned once for a batch;
// what is newer than the batch is found among the few row groups whose `_seq` can be.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, type LoadRequest } from "@millrace/core";
import { ident, qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { keepReplaced, replacedRowsOf } from "../tables/replaced-rows.ts";
import type { CatalogueRecord } from "../tables/stored-tables.ts";

/**
 * @param rows SELECT of the accepted rows with `_batch`, `_row` and `_seq`
 * @returns how many earlier rows were replaced
 */
export async function mergeRows(
  connection: DuckDBConnection,
  request: LoadRequest,
  { rows, table }: { readonly rows: string; readonly table: CatalogueRecord },
): Promise<bigint> {
  const physical = qualified(storeSchema, table.physical);
  const key = keyColumns(request.contract).map(ident);
  const same = key.map((column) => `t.${column} = w.${column}`).join(" AND ");
  await execute(
    connection,
    `CREATE OR REPLACE TEMP TABLE batch_winners AS SELECT * FROM (${rows}) AS w
      QUALIFY row_number() OVER (PARTITION BY ${key.join(", ")} ORDER BY _seq DESC, _row DESC) = 1`,
  );
  await dropOutdated(connection, request, { physical, same });
  const replaced = await removeOlder(connection, request, { table, physical, same });
  const columns = [...request.contract.columns.map((column) => ident(column.name)), "_batch", "_row", "_seq"].join(
    ", ",
  );
  // In the order of receipt: neighbours of the batch stay neighbours in the table, which pages in that order read faster.
  await execute(connection, `INSERT INTO ${physical} (${columns}) SELECT ${columns} FROM batch_winners ORDER BY _row`);
  await execute(connection, "DROP TABLE batch_winners");
  return replaced;
}

interface Target {
  readonly physical: string;
  /** Equality of the keys of `t` and `w`. */
  readonly same: string;
}

/**
 * Rows of the batch whose key is newer in the table are not written; a re-admitted row that came in one batch with the table's row is newer when it
 * stood behind it. The bound is a literal, so that the engine leaves out row groups.
 */
async function dropOutdated(
  connection: DuckDBConnection,
  { source }: LoadRequest,
  { physical, same }: Target,
): Promise<void> {
  const found = await select(connection, "SELECT min(_seq) FROM batch_winners");
  const oldest = found.rows[0]?.[0];
  if (oldest === null || oldest === undefined) return;
  const readmitted = source.kind === "quarantine";
  const newer = readmitted ? "(t._seq > w._seq OR (t._seq = w._seq AND t._row > w._row))" : "t._seq > w._seq";
  const bound = `t._seq ${readmitted ? ">=" : ">"} ${String(oldest as bigint)}`;
  await execute(
    connection,
    `DELETE FROM batch_winners WHERE rowid IN (
      SELECT w.rowid FROM batch_winners AS w JOIN ${physical} AS t ON ${same} AND ${newer} WHERE ${bound})`,
  );
}

/** Every row that is still there under a key of the batch is older. */
async function removeOlder(
  connection: DuckDBConnection,
  request: LoadRequest,
  { table, physical, same }: Target & { readonly table: CatalogueRecord },
): Promise<bigint> {
  if (!request.keepReplaced) {
    // Joined, not compared by the order as well: that made the engine compare every row of the table (16 times slower at 10 million rows).
    const removed = await execute(
      connection,
      `DELETE FROM ${physical} AS t WHERE EXISTS (SELECT 1 FROM batch_winners AS w WHERE ${same})`,
    );
    return BigInt(removed.rowsChanged);
  }
  const older = `SELECT t.rowid AS _id, ${replacedRowsOf(request, "t.")} FROM ${physical} AS t JOIN batch_winners AS w ON ${same}`;
  return keepReplaced(connection, request, { table, rows: older });
}
