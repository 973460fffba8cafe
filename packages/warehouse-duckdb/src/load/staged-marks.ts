// What only a look beyond the row can tell: rows whose parent is missing are held, rows that are there already are duplicates.
// Marks stand beside the stage, so that its rows keep their positions.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, versionColumn, type LoadRequest, type ReferenceCheck } from "@millrace/core";
import { ident, literal, qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { catalogueRecord } from "../tables/stored-tables.ts";

/** Creates the table of marks with the held rows and their codes. */
export async function markHeld(connection: DuckDBConnection, request: LoadRequest, stage: string): Promise<void> {
  await execute(
    connection,
    "CREATE OR REPLACE TEMP TABLE batch_stage_marks (_row_id BIGINT, mark VARCHAR, codes VARCHAR[], reasons VARCHAR[])",
  );
  const missing: string[] = [];
  for (const reference of request.verdict.references)
    missing.push(await missingParents(connection, { request, stage }, reference));
  if (missing.length === 0) return;
  await execute(
    connection,
    `INSERT INTO batch_stage_marks SELECT _row_id, 'held', list(code ORDER BY place), list(reason ORDER BY place) FROM (${missing.join(" UNION ALL ")}) GROUP BY _row_id`,
  );
}

async function missingParents(
  connection: DuckDBConnection,
  { request, stage }: { readonly request: LoadRequest; readonly stage: string },
  reference: ReferenceCheck,
): Promise<string> {
  const column = `s.${ident(reference.column)}`;
  const parent = await catalogueRecord(connection, reference.parentDomain, reference.parentTable);
  const parentColumn = ident(reference.parentColumn);
  const own = reference.parentDomain === request.domain && reference.parentTable === request.contract.name;
  const exists = [
    parent === undefined
      ? "false"
      : // The few values of the batch are looked for in the parent, not the other way round.
        `${column} IN (SELECT p.${parentColumn} FROM ${qualified(parent.domain, parent.name)} AS p SEMI JOIN ${stage} AS s ON s.${ident(reference.column)} = p.${parentColumn})`,
    own ? `EXISTS (SELECT 1 FROM ${stage} AS p WHERE p.${parentColumn} = ${column} AND p._codes IS NULL)` : "false",
  ].join(" OR ");
  const pii = request.contract.columns.some((candidate) => candidate.name === reference.column && candidate.pii);
  const value = pii ? literal("[pii]") : `left(CAST(${column} AS VARCHAR), 100)`;
  const at = request.verdict.references.indexOf(reference);
  return `SELECT s.rowid AS _row_id, ${at} AS place, ${literal(reference.code)} AS code,
    concat(${literal(`${reference.column}: `)}, ${value}, ${literal(` is not in ${reference.parentDomain}.${reference.parentTable} yet`)}) AS reason
    FROM ${stage} AS s WHERE s._codes IS NULL AND ${column} IS NOT NULL AND NOT (${exists})`;
}

/** With a version column, the same key and `_seq` is the same row: in the batch the first one stays, and one that the table has is not written again. */
export async function markDuplicates(
  connection: DuckDBConnection,
  request: LoadRequest,
  { stage, table }: { readonly stage: string; readonly table: string },
): Promise<void> {
  await markRepeated(connection, request, { stage, table });
  const key = keyColumns(request.contract).map(ident);
  if (request.write !== "merge" || key.length === 0 || versionColumn(request.contract) === undefined) return;
  const good = `s._codes IS NULL AND s.rowid NOT IN (SELECT _row_id FROM batch_stage_marks)`;
  const bounds = await select(connection, `SELECT min(s._seq), max(s._seq) FROM ${stage} AS s WHERE ${good}`);
  const [oldest, newest] = bounds.rows[0] ?? [];
  if (oldest === null || oldest === undefined) return;
  const keys = key.map((column) => `s.${column}`).join(", ");
  const same = key.map((column) => `t.${column} = s.${column}`).join(" AND ");
  // The bounds are literals, so that the engine leaves out the row groups of other times.
  await execute(
    connection,
    `INSERT INTO batch_stage_marks SELECT _row_id, 'duplicate', NULL, NULL FROM (
      SELECT s.rowid AS _row_id FROM ${stage} AS s WHERE ${good} QUALIFY row_number() OVER (PARTITION BY ${keys}, s._seq ORDER BY s.rowid) > 1
      UNION SELECT s.rowid FROM ${stage} AS s JOIN ${table} AS t ON ${same} AND t._seq = s._seq
        WHERE ${good} AND t._seq BETWEEN ${String(oldest as bigint)} AND ${String(newest as bigint)})`,
  );
}

/** Rows that the contract declares to be one: the first or last of the batch stays, or the one that the table has. NULL is a value like any other. */
async function markRepeated(
  connection: DuckDBConnection,
  request: LoadRequest,
  { stage, table }: { readonly stage: string; readonly table: string },
): Promise<void> {
  const { deduplicate } = request.contract;
  if (deduplicate === undefined) return;
  const good = "s._codes IS NULL AND s.rowid NOT IN (SELECT _row_id FROM batch_stage_marks)";
  const by = deduplicate.by.map((name) => `s.${ident(name)}`).join(", ");
  const order = deduplicate.keep === "last" ? "DESC" : "ASC";
  const repeated = `SELECT s.rowid AS _row_id FROM ${stage} AS s WHERE ${good} QUALIFY row_number() OVER (PARTITION BY ${by} ORDER BY s.rowid ${order}) > 1`;
  const same = deduplicate.by.map((name) => `t.${ident(name)} IS NOT DISTINCT FROM s.${ident(name)}`).join(" AND ");
  const looksBack = deduplicate.within === "table" && request.write !== "replace";
  const known = `UNION SELECT s.rowid FROM ${stage} AS s SEMI JOIN ${table} AS t ON ${same} WHERE ${good}`;
  await execute(
    connection,
    `INSERT INTO batch_stage_marks SELECT _row_id, 'duplicate', NULL, NULL FROM (${repeated} ${looksBack ? known : ""})`,
  );
}
