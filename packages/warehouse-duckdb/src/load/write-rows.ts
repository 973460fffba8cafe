// Good rows into the trusted table: appended, merged by key (the highest `_seq` stays, then the later row), or as a whole new table.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, type LoadRequest } from "@millrace/core";
import { ident, qualified } from "../engine/identifiers.ts";
import { execute } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import type { CatalogueEntry } from "../tables/stored-tables.ts";
import { swapTable } from "./swap-table.ts";

/** Returns how many earlier rows were replaced. */
export async function writeRows(
  connection: DuckDBConnection,
  request: LoadRequest,
  { stage, table }: { readonly stage: string; readonly table: CatalogueEntry },
): Promise<{ readonly replaced: bigint }> {
  const rows = accepted(request, stage);
  if (request.write === "replace")
    return swapTable(connection, request, table, (physical) =>
      insert(connection, request, qualified(storeSchema, physical), rows),
    );
  const physical = qualified(storeSchema, table.physical);
  if (request.write === "append" || keyColumns(request.contract).length === 0) {
    await insert(connection, request, physical, rows);
    return { replaced: 0n };
  }
  return merge(connection, request, { rows, physical });
}

/** Accepted rows with their positions and order. */
function accepted(request: LoadRequest, stage: string): string {
  const row = request.source.kind === "objects" ? "s.rowid + 1" : rowOfQuarantine;
  return `SELECT ${names(request, "s.")}, CAST(${request.batch} AS BIGINT) AS _batch, ${row} AS _row, s._seq FROM ${stage} AS s
    WHERE s._codes IS NULL AND s.rowid NOT IN (SELECT _row_id FROM batch_stage_marks) ORDER BY s.rowid`;
}

/** A re-admitted row keeps its position in the batch that brought it first. */
const rowOfQuarantine = "(SELECT q.row_no FROM temp.batch_readmit AS q WHERE q.place = s.rowid)";

function names(request: LoadRequest, from: string): string {
  return request.contract.columns.map((column) => `${from}${ident(column.name)}`).join(", ");
}

async function insert(
  connection: DuckDBConnection,
  request: LoadRequest,
  physical: string,
  rows: string,
): Promise<void> {
  await execute(connection, `INSERT INTO ${physical} (${names(request, "")}, _batch, _row, _seq) ${rows}`);
}

async function merge(
  connection: DuckDBConnection,
  request: LoadRequest,
  { rows, physical }: { readonly rows: string; readonly physical: string },
): Promise<{ readonly replaced: bigint }> {
  const key = keyColumns(request.contract).map(ident);
  const same = key.map((column) => `t.${column} = w.${column}`).join(" AND ");
  await execute(
    connection,
    `CREATE OR REPLACE TEMP TABLE batch_winners AS SELECT * FROM (${rows}) AS w
      QUALIFY row_number() OVER (PARTITION BY ${key.join(", ")} ORDER BY _seq DESC, _row DESC) = 1`,
  );
  const older = `EXISTS (SELECT 1 FROM batch_winners AS w WHERE ${same} AND w._seq >= t._seq)`;
  const removed = await execute(connection, `DELETE FROM ${physical} AS t WHERE ${older}`);
  await insert(
    connection,
    request,
    physical,
    `SELECT ${names(request, "w.")}, w._batch, w._row, w._seq FROM batch_winners AS w WHERE NOT EXISTS (SELECT 1 FROM ${physical} AS t WHERE ${same})`,
  );
  await execute(connection, "DROP TABLE batch_winners");
  return { replaced: BigInt(removed.rowsChanged) };
}
