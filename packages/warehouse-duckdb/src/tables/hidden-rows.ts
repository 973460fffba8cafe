// Rows that a large batch left in its table although they failed: the view leaves them out until a transaction of its own has removed them.
// Removing them in the batch's own transaction would make the engine write all its rows again.
import type { DuckDBConnection } from "@duckdb/node-api";
import { qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asText } from "../engine/values.ts";
import { storeSchema } from "../system-schema.ts";
import { putView } from "./ensure-table.ts";
import { hiddenKeyPrefix, withoutHidden } from "./hidden-note.ts";
import { columnsOf } from "./stored-tables.ts";

/** Lets the view leave hidden rows out, and notes that they are to be removed. */
export async function hideRows(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string },
  physical: string,
): Promise<void> {
  await pointView(connection, table, physical, withoutHidden);
  await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [hiddenKeyPrefix + physical]);
  const value = JSON.stringify([table.domain, table.name]);
  await execute(connection, "INSERT INTO millrace.meta VALUES (?, ?)", [hiddenKeyPrefix + physical, value]);
}

/**
 * Removes the table's hidden rows in the caller's transaction, where a removal of their own failed or was cut off: whatever changes a table or its view
 * would else count them or show them.
 */
export async function clearHiddenRows(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string; readonly physical: string },
): Promise<void> {
  const key = hiddenKeyPrefix + table.physical;
  const noted = await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [key]);
  if (noted.rowsChanged > 0) await removeFrom(connection, table, table.physical);
}

/** Removes all hidden rows that are noted, table by table; what readers see does not change. */
export async function removeHiddenRows(connection: DuckDBConnection): Promise<void> {
  const noted = await select(connection, "SELECT key, value FROM millrace.meta WHERE starts_with(key, ?)", [
    hiddenKeyPrefix,
  ]);
  for (const [key, value] of noted.rows) {
    const [domain, name] = JSON.parse(asText(value)) as [string, string];
    const physical = asText(key).slice(hiddenKeyPrefix.length);
    await execute(connection, "BEGIN");
    try {
      if (await isCurrent(connection, { domain, name }, physical))
        await removeFrom(connection, { domain, name }, physical);
      await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [asText(key)]);
      await execute(connection, "COMMIT");
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }
}

async function removeFrom(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string },
  physical: string,
): Promise<void> {
  await execute(connection, `DELETE FROM ${qualified(storeSchema, physical)} WHERE _hidden IS NOT NULL`);
  await pointView(connection, table, physical, "");
}

/** A swap may have dropped the physical table since. */
async function isCurrent(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string },
  physical: string,
): Promise<boolean> {
  const found = await select(
    connection,
    "SELECT 1 FROM millrace.tables WHERE domain = ? AND name = ? AND physical = ?",
    [table.domain, table.name, physical],
  );
  return found.rows.length > 0;
}

async function pointView(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string },
  physical: string,
  where: string,
): Promise<void> {
  const shown = await columnsOf(connection, table.domain, table.name);
  const columns = shown.filter((column) => !column.name.startsWith("_"));
  await putView(connection, { ...table, columns }, physical, where);
}
