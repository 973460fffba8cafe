// Tables and views that models build: whole swaps, replaced keys, plain views. The old table stays readable until the transaction commits.
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { failpoint, MillraceError, type TableSpec } from "@millrace/core";
import { ident, qualified } from "../engine/identifiers.ts";
import { asBigint } from "../engine/values.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { physicalName } from "./ensure-table.ts";
import { dropReplaced } from "./replaced-rows.ts";
import { catalogueRecord, putEntry, touchEntry } from "./stored-tables.ts";

type ModelSpec = Pick<TableSpec, "domain" | "name" | "key">;

/** Fills a new physical table and swaps the name over to it. @throws MillraceError model-invalid, query-* */
export async function replaceModelTable(
  connection: DuckDBConnection,
  spec: ModelSpec,
  query: string,
): Promise<{ readonly rows: bigint }> {
  const stored = await catalogueRecord(connection, spec.domain, spec.name);
  if (stored?.kind === "table") throw nameTaken(spec);
  const fingerprint = createHash("sha256").update(query).digest("hex").slice(0, 16);
  const physical = physicalName(spec, fingerprint, stored);
  await execute(connection, `CREATE TABLE ${qualified(storeSchema, physical)} AS ${query}`);
  failpoint("table.swap");
  await execute(connection, `CREATE SCHEMA IF NOT EXISTS ${ident(spec.domain)}`);
  await execute(
    connection,
    `CREATE OR REPLACE VIEW ${qualified(spec.domain, spec.name)} AS SELECT * FROM ${qualified(storeSchema, physical)}`,
  );
  if (stored !== undefined && stored.physical !== "")
    await execute(connection, `DROP TABLE ${qualified(storeSchema, stored.physical)}`);
  await putEntry(connection, { ...spec, kind: "model", physical, fingerprint, rewritten: true });
  const counted = await select(connection, `SELECT count(*) FROM ${qualified(storeSchema, physical)}`);
  return { rows: asBigint(counted.rows[0]?.[0]) };
}

/** Deletes the rows whose key is touched, then inserts the recomputed ones. NULL is a key value like any other. */
export async function replaceModelKeys(
  connection: DuckDBConnection,
  spec: ModelSpec,
  touched: string,
  query: string,
): Promise<{ readonly deleted: bigint; readonly inserted: bigint }> {
  const stored = await catalogueRecord(connection, spec.domain, spec.name);
  if (stored?.kind !== "model")
    throw new MillraceError("internal", `Model ${spec.domain}.${spec.name} has no table to replace keys in.`);
  const table = qualified(storeSchema, stored.physical);
  const same = spec.key
    .map((column) => `target.${ident(column)} IS NOT DISTINCT FROM touched.${ident(column)}`)
    .join(" AND ");
  await execute(connection, `CREATE OR REPLACE TEMP TABLE model_touched AS ${touched}`);
  await execute(connection, `CREATE OR REPLACE TEMP TABLE model_rows AS ${query}`);
  const deleted = await execute(
    connection,
    `DELETE FROM ${table} AS target WHERE EXISTS (SELECT 1 FROM model_touched AS touched WHERE ${same})`,
  );
  const inserted = await execute(connection, `INSERT INTO ${table} BY NAME SELECT * FROM model_rows`);
  await execute(connection, "DROP TABLE model_touched; DROP TABLE model_rows;");
  await touchEntry(connection, spec, { batch: 0n, rewritten: deleted.rowsChanged > 0 });
  return { deleted: BigInt(deleted.rowsChanged), inserted: BigInt(inserted.rowsChanged) };
}

export async function putModelView(
  connection: DuckDBConnection,
  domain: string,
  name: string,
  query: string,
): Promise<void> {
  const stored = await catalogueRecord(connection, domain, name);
  if (stored?.kind === "table") throw nameTaken({ domain, name });
  await execute(connection, `CREATE SCHEMA IF NOT EXISTS ${ident(domain)}`);
  await execute(connection, `CREATE OR REPLACE VIEW ${qualified(domain, name)} AS ${query}`);
  if (stored !== undefined && stored.physical !== "")
    await execute(connection, `DROP TABLE ${qualified(storeSchema, stored.physical)}`);
  const fingerprint = createHash("sha256").update(query).digest("hex").slice(0, 16);
  await putEntry(connection, { domain, name, key: [], kind: "view", physical: "", fingerprint, rewritten: true });
}

export async function dropStoredTable(connection: DuckDBConnection, domain: string, name: string): Promise<void> {
  const stored = await catalogueRecord(connection, domain, name);
  if (stored === undefined) return;
  await dropReplaced(connection, stored);
  await execute(connection, `DROP VIEW IF EXISTS ${qualified(domain, name)}`);
  if (stored.physical !== "") await execute(connection, `DROP TABLE ${qualified(storeSchema, stored.physical)}`);
  await execute(connection, "DELETE FROM millrace.tables WHERE domain = ? AND name = ?", [domain, name]);
}

function nameTaken(spec: { readonly domain: string; readonly name: string }): MillraceError {
  return new MillraceError(
    "model-invalid",
    `Model ${spec.domain}.${spec.name} has the name of a table that channels write.`,
    {
      hint: "Give the model another name; nothing was changed.",
    },
  );
}
