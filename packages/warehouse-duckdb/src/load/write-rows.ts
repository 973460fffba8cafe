// Good rows into the trusted table: appended, merged by key, or as a whole new table.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, type LoadRequest } from "@millrace/core";
import { ident, qualified } from "../engine/identifiers.ts";
import { execute } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import type { CatalogueRecord } from "../tables/stored-tables.ts";
import { mergeRows } from "./merge-rows.ts";
import { swapTable } from "./swap-table.ts";

/** Returns how many earlier rows were replaced. */
export async function writeRows(
  connection: DuckDBConnection,
  request: LoadRequest,
  { stage, table }: { readonly stage: string; readonly table: CatalogueRecord },
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
  return { replaced: await mergeRows(connection, request, { rows, table }) };
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
