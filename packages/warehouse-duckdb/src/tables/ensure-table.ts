// Creates a contract's table, or changes the stored one by adding: columns come, types widen, nothing is ever dropped.
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { describeType, MillraceError, type LogicalType, type TableSpec } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";
import { ident, qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { storeSchema } from "../system-schema.ts";
import { hiddenFilter } from "./hidden-note.ts";
import { dropReplaced } from "./replaced-rows.ts";
import { catalogueEntry, columnsOf, putEntry, type CatalogueEntry } from "./stored-tables.ts";

/** Columns that every trusted row carries beside the declared ones. Rows with `_hidden` are not trusted: see hidden-rows.ts. */
const rowColumns = "_batch BIGINT, _row BIGINT, _seq BIGINT, _hidden VARCHAR";

/** @throws MillraceError contract-conflict */
export async function ensureTable(connection: DuckDBConnection, spec: TableSpec): Promise<CatalogueEntry> {
  const stored = await catalogueEntry(connection, spec.domain, spec.name);
  const fingerprint = fingerprintOf(spec);
  if (stored === undefined) await createTable(connection, spec, fingerprint);
  else if (stored.kind !== "table") throw conflict(spec, `a ${stored.kind} of this name exists`);
  else if (stored.fingerprint !== fingerprint) await migrate(connection, spec, stored, fingerprint);
  else return stored;
  const created = await catalogueEntry(connection, spec.domain, spec.name);
  if (created === undefined) throw new MillraceError("internal", `Table ${spec.domain}.${spec.name} was not created.`);
  return created;
}

export function fingerprintOf(spec: TableSpec): string {
  const shape = {
    columns: spec.columns.map((column) => [column.name, engineType(column.type), column.required]),
    key: spec.key,
  };
  return createHash("sha256").update(JSON.stringify(shape)).digest("hex").slice(0, 16);
}

/** A name in schema `store` that no other table has: the fingerprint tells shapes apart, the version that the swap will have tells swaps apart. */
export function physicalName(
  spec: { readonly domain: string; readonly name: string },
  fingerprint: string,
  stored?: { readonly version: bigint },
): string {
  const base = `${spec.domain}__${spec.name}__${fingerprint.slice(0, 8)}`;
  return stored === undefined ? base : `${base}_${stored.version + 1n}`;
}

async function createTable(connection: DuckDBConnection, spec: TableSpec, fingerprint: string): Promise<void> {
  const physical = physicalName(spec, fingerprint);
  await createPhysical(connection, spec, physical);
  await putView(connection, spec, physical);
  await putEntry(connection, { ...spec, kind: "table", physical, fingerprint, rewritten: false });
}

export async function createPhysical(
  connection: DuckDBConnection,
  spec: Pick<TableSpec, "columns">,
  physical: string,
): Promise<void> {
  const columns = spec.columns.map((column) => `${ident(column.name)} ${engineType(column.type)}`);
  await execute(connection, `CREATE TABLE ${qualified(storeSchema, physical)} (${columns.join(", ")}, ${rowColumns})`);
}

/** Points `domain.name` at a physical table: the declared columns, then _batch, _row and _seq. */
export async function putView(
  connection: DuckDBConnection,
  spec: Pick<TableSpec, "domain" | "name"> & { readonly columns: readonly { readonly name: string }[] },
  physical: string,
  where = "",
): Promise<void> {
  const columns = [...spec.columns.map((column) => ident(column.name)), "_batch", "_row", "_seq"];
  await execute(connection, `CREATE SCHEMA IF NOT EXISTS ${ident(spec.domain)}`);
  await execute(
    connection,
    `CREATE OR REPLACE VIEW ${qualified(spec.domain, spec.name)} AS SELECT ${columns.join(", ")} FROM ${qualified(storeSchema, physical)}${where}`,
  );
}

async function migrate(
  connection: DuckDBConnection,
  spec: TableSpec,
  stored: CatalogueEntry,
  fingerprint: string,
): Promise<void> {
  const table = qualified(storeSchema, stored.physical);
  const columns = await columnsOf(connection, storeSchema, stored.physical);
  const present = new Map(columns.map((column) => [column.name.toLowerCase(), column.type]));
  const counted = await select(connection, `SELECT count(*) FROM ${table} WHERE _hidden IS NULL`);
  const empty = counted.rows[0]?.[0] === 0n;
  if (!empty && stored.key.join() !== spec.key.join())
    throw conflict(spec, `the key changes from (${stored.key.join(", ")}) to (${spec.key.join(", ")})`);
  for (const column of spec.columns) {
    const before = present.get(column.name.toLowerCase());
    if (before === undefined) {
      if (column.required && !empty)
        throw conflict(
          spec,
          `the new column "${column.name}" is required, but the rows that are there have no value for it`,
        );
      await execute(connection, `ALTER TABLE ${table} ADD COLUMN ${ident(column.name)} ${engineType(column.type)}`);
    } else if (engineType(before) !== engineType(column.type)) {
      if (!empty && !widens(before, column.type))
        throw conflict(
          spec,
          `column "${column.name}" is ${describeType(before)} in the table and ${describeType(column.type)} in the contract`,
        );
      await execute(
        connection,
        `ALTER TABLE ${table} ALTER COLUMN ${ident(column.name)} TYPE ${engineType(column.type)}`,
      );
    }
  }
  if (!empty) await refuseMissingValues(connection, spec, table);
  await dropReplaced(connection, stored);
  await putView(connection, spec, stored.physical, await hiddenFilter(connection, stored.physical));
  await putEntry(connection, { ...spec, kind: "table", physical: stored.physical, fingerprint, rewritten: true });
}

/** A column that becomes required must have a value in every row that is there. */
async function refuseMissingValues(connection: DuckDBConnection, spec: TableSpec, table: string): Promise<void> {
  const required = spec.columns.filter((column) => column.required);
  if (required.length === 0) return;
  const counts = required.map(({ name }) => `count(*) - count(${ident(name)})`).join(", ");
  const found = await select(connection, `SELECT ${counts} FROM ${table} WHERE _hidden IS NULL`);
  const missing = required.flatMap(({ name }, at) => {
    const rows = asBigint(found.rows[0]?.[at]);
    return rows === 0n ? [] : [`"${name}" (${rows} ${rows === 1n ? "row" : "rows"})`];
  });
  if (missing.length > 0)
    throw conflict(spec, `required columns have no value in rows that are there: ${missing.join(", ")}`);
}

/** True where every stored value keeps its exact value in the new type. */
function widens(from: LogicalType, to: LogicalType): boolean {
  if (to.kind === "string") return from.kind !== "bytes" && from.kind !== "list" && from.kind !== "struct";
  if (from.kind === "int32" && to.kind === "int64") return true;
  if (to.kind !== "decimal") return false;
  const whole = to.precision - to.scale;
  if (from.kind === "int32") return whole >= 10;
  if (from.kind === "int64") return whole >= 19;
  return from.kind === "decimal" && to.scale >= from.scale && whole >= from.precision - from.scale;
}

function conflict(spec: TableSpec, problem: string): MillraceError {
  return new MillraceError(
    "contract-conflict",
    `Contract ${spec.domain}.${spec.name} contradicts the stored table: ${problem}.`,
    {
      details: { table: `${spec.domain}.${spec.name}` },
    },
  );
}
