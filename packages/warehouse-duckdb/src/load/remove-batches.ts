// Takes the rows of replaced batches out of the table: a rewritten file, or a batch that is loaded again.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LoadRequest } from "@millrace/core";
import { execute } from "../engine/statement-runner.ts";

/** Returns how many trusted rows left. Their quarantined rows that were not resolved are discarded: the new version is judged on its own. */
export async function removeBatches(
  connection: DuckDBConnection,
  request: LoadRequest,
  physical: string,
): Promise<bigint> {
  if (request.replacesBatches.length === 0) return 0n;
  const batches = request.replacesBatches.map(String).join(", ");
  const own = "domain = ? AND table_name = ?";
  const table = [request.domain, request.contract.name];
  const removed = await execute(
    connection,
    `DELETE FROM ${physical} WHERE _batch IN (${batches}) OR (_batch, _row) IN (
      SELECT resolved_batch, row_no FROM millrace.quarantine WHERE batch IN (${batches}) AND state = 'readmitted' AND ${own})`,
    table,
  );
  await execute(
    connection,
    `UPDATE millrace.quarantine SET state = 'discarded', resolved_batch = ${request.batch}, changed_at = now()
      WHERE batch IN (${batches}) AND state IN ('open', 'held') AND ${own}`,
    table,
  );
  return BigInt(removed.rowsChanged);
}
