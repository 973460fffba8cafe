// Creates a contract's table, or brings the stored one to its shape: see migrate-table.ts. Nothing is dropped that nobody stated.
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type TableSpec } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";
import { ident, qualified } from "../engine/identifiers.ts";
import { execute } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { hiddenFilter } from "./hidden-note.ts";
import { migrateTable } from "./migrate-table.ts";
import { refuseBadFills } from "./migration-refusals.ts";
import { dropReplaced } from "./replaced-rows.ts";
import { catalogueEntry, putEntry, type CatalogueEntry } from "./stored-tables.ts";

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

export function fingerprintOf(spec: Pick<TableSpec, "columns" | "key" | "dropped">): string {
  const shape = {
    columns: spec.columns.map((column) => [column.name, engineType(column.type), column.required]),
    key: spec.key,
    ...(spec.dropped === undefined || spec.dropped.length === 0 ? {} : { dropped: spec.dropped }),
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
  await refuseBadFills(connection, spec);
  await dropReplaced(connection, stored);
  const physical = await migrateTable(connection, spec, stored, physicalName(spec, fingerprint, stored));
  await putView(connection, spec, physical, await hiddenFilter(connection, physical));
  await putEntry(connection, { ...spec, kind: "table", physical, fingerprint, rewritten: true });
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
