// Creates the system tables of schema `millrace` and checks the format that wrote them.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, systemFormat, systemMigrations, systemTables, type Random } from "@millrace/core";
import { engineType } from "./engine/engine-types.ts";
import { ident, qualified } from "./engine/identifiers.ts";
import { asText } from "./engine/values.ts";
import { execute, select } from "./engine/statement-runner.ts";

/** Schema of the physical tables; users see views over them. */
export const storeSchema = "store";

/** Returns the warehouse's incarnation. @throws MillraceError data-folder-newer */
export async function prepareSystemSchema(connection: DuckDBConnection, random: Random): Promise<string> {
  await execute(connection, `CREATE SCHEMA IF NOT EXISTS millrace; CREATE SCHEMA IF NOT EXISTS ${storeSchema};`);
  const exists = await select(
    connection,
    "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'millrace' AND table_name = 'meta'",
  );
  if (exists.rows.length === 0) return createAll(connection, random);
  const meta = await select(connection, "SELECT key, value FROM millrace.meta");
  const values = new Map(meta.rows.map(([key, value]) => [asText(key), asText(value)]));
  const format = Number(values.get("format"));
  if (format > systemFormat)
    throw new MillraceError(
      "data-folder-newer",
      `The warehouse has format ${format}; this version knows formats up to ${systemFormat}.`,
    );
  const incarnation = values.get("incarnation");
  if (incarnation === undefined)
    throw new MillraceError("data-folder-invalid", "The warehouse has no incarnation in millrace.meta.");
  await createTables(connection);
  if (format < systemFormat) await migrate(connection, format);
  return incarnation;
}

/** All or none. */
async function migrate(connection: DuckDBConnection, format: number): Promise<void> {
  await execute(connection, "BEGIN");
  await addColumns(connection);
  for (const step of systemMigrations)
    if (step.format > format) for (const statement of step.statements) await execute(connection, statement);
  await execute(connection, "UPDATE millrace.meta SET value = ? WHERE key = 'format'", [String(systemFormat)]);
  await execute(connection, "COMMIT");
}

/** Adds the columns that this version has and the stored tables have not. */
async function addColumns(connection: DuckDBConnection): Promise<void> {
  const found = await select(
    connection,
    "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'millrace'",
  );
  const stored = new Set(found.rows.map(([table, column]) => `${asText(table)}.${asText(column)}`));
  for (const table of systemTables)
    for (const [column, type] of Object.entries(table.columns))
      if (!stored.has(`${table.name}.${column}`))
        await execute(
          connection,
          `ALTER TABLE ${qualified("millrace", table.name)} ADD COLUMN ${ident(column)} ${engineType(type)}`,
        );
}

async function createAll(connection: DuckDBConnection, random: Random): Promise<string> {
  const incarnation = random.uuid();
  await execute(connection, "BEGIN");
  await createTables(connection);
  await execute(connection, "INSERT INTO millrace.meta VALUES ('format', ?), ('incarnation', ?)", [
    String(systemFormat),
    incarnation,
  ]);
  await execute(connection, "COMMIT");
  return incarnation;
}

/** Also those that an earlier version did not have. */
async function createTables(connection: DuckDBConnection): Promise<void> {
  const statements = systemTables.map((table) => {
    const columns = Object.entries(table.columns).map(([name, type]) => `${ident(name)} ${engineType(type)}`);
    return `CREATE TABLE IF NOT EXISTS ${qualified("millrace", table.name)} (${columns.join(", ")});`;
  });
  await execute(connection, statements.join("\n"));
}
