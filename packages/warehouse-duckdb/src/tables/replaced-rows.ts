// Rows that a batch replaced or removed, kept beside their table where an incremental model follows it: the keys that they counted for are recomputed.
import type { DuckDBConnection } from "@duckdb/node-api";
import { replacedRowsKey, type LoadRequest } from "@millrace/core";
import { ident, qualified } from "../engine/identifiers.ts";
import { asBigint } from "../engine/values.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import type { CatalogueRecord } from "./stored-tables.ts";

/** Beyond this many the older ones go; a model that has not seen them yet is then built in full. */
const replacedRowsMax = 1_000_000n;

/** The columns of the table that are kept. */
export function replacedRowsOf(request: LoadRequest, from: string): string {
  const names = [...request.contract.columns.map((column) => ident(column.name)), "_batch", "_row", "_seq"];
  return names.map((name) => `${from}${name}`).join(", ");
}

/**
 * Takes rows out of a table and keeps them.
 *
 * @param rows SELECT of `_id` (the row's id in the table) and `replacedRowsOf`
 * @returns how many
 */
export async function keepReplaced(
  connection: DuckDBConnection,
  request: LoadRequest,
  { table, rows }: { readonly table: CatalogueRecord; readonly rows: string },
): Promise<bigint> {
  await execute(connection, `CREATE OR REPLACE TEMP TABLE batch_replaced AS ${rows}`);
  const physical = qualified(storeSchema, table.physical);
  const removed = await execute(connection, `DELETE FROM ${physical} WHERE rowid IN (SELECT _id FROM batch_replaced)`);
  if (removed.rowsChanged > 0) {
    const kept = await prepare(connection, request, table);
    const columns = replacedRowsOf(request, "");
    await execute(
      connection,
      `INSERT INTO ${kept} (${columns}, _replaced_by) SELECT ${columns}, ${request.batch} FROM batch_replaced`,
    );
  }
  await execute(connection, "DROP TABLE batch_replaced");
  return BigInt(removed.rowsChanged);
}

/** Forgets what is kept beside a table: its shape changes, or it goes. */
export async function dropReplaced(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string; readonly physical: string },
): Promise<void> {
  await execute(connection, `DROP TABLE IF EXISTS ${qualified(storeSchema, relationName(table))}`);
  await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [replacedRowsKey(table)]);
}

/** The relation, with room for the rows of one more batch. */
async function prepare(connection: DuckDBConnection, request: LoadRequest, table: CatalogueRecord): Promise<string> {
  const relation = qualified(storeSchema, relationName(table));
  const key = replacedRowsKey(table);
  const noted = await select(connection, "SELECT value FROM millrace.meta WHERE key = ?", [key]);
  if (noted.rows.length === 0) {
    const shape = `SELECT ${replacedRowsOf(request, "")}, CAST(NULL AS BIGINT) AS _replaced_by FROM ${qualified(storeSchema, table.physical)}`;
    await execute(connection, `CREATE TABLE ${relation} AS ${shape} LIMIT 0`);
  } else {
    const counted = await select(connection, `SELECT count(*) FROM ${relation}`);
    if (asBigint(counted.rows[0]?.[0]) < replacedRowsMax) return relation;
    await execute(connection, `DELETE FROM ${relation}`);
    await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [key]);
  }
  const value = JSON.stringify({ relation, since: String(table.batch) });
  await execute(connection, "INSERT INTO millrace.meta VALUES (?, ?)", [key, value]);
  return relation;
}

function relationName({ physical }: { readonly physical: string }): string {
  return `${physical}__replaced`;
}
