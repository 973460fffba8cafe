// The catalogue: which physical table stands behind `domain.table`, its version, and its columns.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ResultColumn, SqlValue, StoredTable } from "@millrace/core";
import { logicalType } from "../engine/engine-types.ts";
import { qualified } from "../engine/identifiers.ts";
import { asBigint, asText } from "../engine/values.ts";
import { execute, select } from "../engine/statement-runner.ts";

/** A row of millrace.tables. */
export interface CatalogueRecord extends Omit<StoredTable, "columns"> {
  /** Name inside schema `store`; empty for plain views. */
  readonly physical: string;
  readonly fingerprint: string;
}

/** The same together with the columns of the view or physical table. */
export type CatalogueEntry = CatalogueRecord & StoredTable;

const rowsMax = 1_000_000;

/** All tables, models and views. For readers: it looks at the whole catalogue of the engine. */
export async function catalogueEntries(connection: DuckDBConnection): Promise<readonly CatalogueEntry[]> {
  const found = await select(connection, `SELECT ${fields} FROM millrace.tables ORDER BY domain, name`, [], {
    rowsMax,
  });
  const columns = await allColumns(connection);
  return found.rows.map((row) => ({
    ...toRecord(row),
    columns: columns.get(`${asText(row[0])}.${asText(row[1])}`) ?? [],
  }));
}

/** One of them, also inside a write: touches nothing but that table, so that a transaction sees what is staged after it began. */
export async function catalogueEntry(
  connection: DuckDBConnection,
  domain: string,
  name: string,
): Promise<CatalogueEntry | undefined> {
  const record = await catalogueRecord(connection, domain, name);
  if (record === undefined) return undefined;
  return { ...record, columns: await columnsOf(connection, record.domain, record.name) };
}

/** The same without its columns, which cost the engine more to tell than all else. */
export async function catalogueRecord(
  connection: DuckDBConnection,
  domain: string,
  name: string,
): Promise<CatalogueRecord | undefined> {
  const found = await select(
    connection,
    `SELECT ${fields} FROM millrace.tables WHERE lower(domain) = lower(?) AND lower(name) = lower(?)`,
    [domain, name],
  );
  const row = found.rows[0];
  return row === undefined ? undefined : toRecord(row);
}

/** Columns of one table or view. */
export async function columnsOf(
  connection: DuckDBConnection,
  schema: string,
  name: string,
): Promise<StoredTable["columns"]> {
  const found = await select(connection, `SELECT column_name, column_type FROM (DESCRIBE ${qualified(schema, name)})`);
  return found.rows.map(([column, type]) => toColumn(column, type));
}

const fields = "domain, name, kind, physical, fingerprint, key_columns, version, rewrites, batch";

function toRecord(row: readonly SqlValue[]): CatalogueRecord {
  const [domain, name, kind, physical, fingerprint, key, version, rewrites, batch] = row;
  return {
    domain: asText(domain),
    name: asText(name),
    kind: kind as StoredTable["kind"],
    physical: asText(physical),
    fingerprint: asText(fingerprint),
    key: Array.isArray(key) ? key.map((column) => asText(column as SqlValue)) : [],
    version: asBigint(version),
    rewrites: asBigint(rewrites),
    batch: asBigint(batch),
  };
}

function toColumn(name: SqlValue | undefined, type: SqlValue | undefined): ResultColumn {
  return { name: asText(name), type: logicalType(asText(type)), engineType: asText(type) };
}

async function allColumns(connection: DuckDBConnection): Promise<Map<string, ResultColumn[]>> {
  const found = await select(
    connection,
    `SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
      WHERE NOT internal AND schema_name NOT IN ('millrace', 'store') ORDER BY schema_name, table_name, column_index`,
    [],
    { rowsMax },
  );
  const tables = new Map<string, ResultColumn[]>();
  for (const [schema, table, column, type] of found.rows) {
    const key = `${asText(schema)}.${asText(table)}`;
    tables.set(key, [...(tables.get(key) ?? []), toColumn(column, type)]);
  }
  return tables;
}

/** Writes the catalogue row of a new or changed table. Its version grows by one; `rewrites` too when rows changed other than by adding. */
export async function putEntry(
  connection: DuckDBConnection,
  entry: {
    readonly domain: string;
    readonly name: string;
    readonly kind: StoredTable["kind"];
    readonly physical: string;
    readonly fingerprint: string;
    readonly key: readonly string[];
    readonly rewritten: boolean;
  },
): Promise<void> {
  const identity = [entry.domain, entry.name];
  const changed = await execute(
    connection,
    `UPDATE millrace.tables SET kind = ?, physical = ?, fingerprint = ?, version = version + 1, rewrites = rewrites + ?, changed_at = now()
      WHERE domain = ? AND name = ?`,
    [entry.kind, entry.physical, entry.fingerprint, entry.rewritten ? 1n : 0n, ...identity],
  );
  if (changed.rowsChanged === 0)
    await execute(connection, "INSERT INTO millrace.tables VALUES (?, ?, ?, ?, ?, [], '', 1, 0, 0, now())", [
      ...identity,
      entry.kind,
      entry.physical,
      entry.fingerprint,
    ]);
  // Lists are set apart: an empty list parameter would have no type.
  const keys = entry.key.length === 0 ? "[]" : "?";
  await execute(
    connection,
    `UPDATE millrace.tables SET key_columns = CAST(${keys} AS VARCHAR[]) WHERE domain = ? AND name = ?`,
    [...(entry.key.length === 0 ? [] : [entry.key]), ...identity],
  );
}

/** A batch changed the rows of a table. */
export async function touchEntry(
  connection: DuckDBConnection,
  table: { readonly domain: string; readonly name: string },
  change: { readonly batch: bigint; readonly rewritten: boolean },
): Promise<void> {
  await execute(
    connection,
    `UPDATE millrace.tables SET version = version + 1, rewrites = rewrites + ?, batch = greatest(batch, ?), changed_at = now() WHERE domain = ? AND name = ?`,
    [change.rewritten ? 1n : 0n, change.batch, table.domain, table.name],
  );
}
