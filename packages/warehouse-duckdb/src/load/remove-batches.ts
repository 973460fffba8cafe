// Takes the rows of replaced batches out of the table: a rewritten file, or a batch that is loaded again.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LoadRequest } from "@millrace/core";
import { literal, qualified } from "../engine/identifiers.ts";
import { execute } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { keepReplaced, replacedRowsOf } from "../tables/replaced-rows.ts";
import type { CatalogueRecord } from "../tables/stored-tables.ts";

/** Returns how many trusted rows left. Their quarantined rows that were not resolved are discarded: the new version is judged on its own. */
export async function removeBatches(
  connection: DuckDBConnection,
  request: LoadRequest,
  table: CatalogueRecord,
): Promise<bigint> {
  if (request.replacesBatches.length === 0) return 0n;
  const batches = request.replacesBatches.map(String).join(", ");
  const own = `domain = ${literal(request.domain)} AND table_name = ${literal(request.contract.name)}`;
  const replaced = `_batch IN (${batches}) OR (_batch, _row) IN (
    SELECT resolved_batch, row_no FROM millrace.quarantine WHERE batch IN (${batches}) AND state = 'readmitted' AND ${own})`;
  const removed = await remove(connection, request, table, replaced);
  await execute(
    connection,
    `UPDATE millrace.quarantine SET state = 'discarded', resolved_batch = ${request.batch}, changed_at = now()
      WHERE batch IN (${batches}) AND state IN ('open', 'held') AND ${own}`,
  );
  return removed;
}

async function remove(
  connection: DuckDBConnection,
  request: LoadRequest,
  table: CatalogueRecord,
  condition: string,
): Promise<bigint> {
  const physical = qualified(storeSchema, table.physical);
  if (!request.keepReplaced)
    return BigInt((await execute(connection, `DELETE FROM ${physical} WHERE ${condition}`)).rowsChanged);
  const rows = `SELECT rowid AS _id, ${replacedRowsOf(request, "")} FROM ${physical} WHERE ${condition}`;
  return keepReplaced(connection, request, { table, rows });
}
