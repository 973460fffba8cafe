// Ends a transaction: through the write-ahead log, or for a large batch straight into the file.
import type { DuckDBConnection } from "@duckdb/node-api";
import { execute } from "./statement-runner.ts";

/** The log is written into the file at the latest at this size, within a commit; maintain() does it earlier and apart. */
export const walThreshold = "256MiB";

export function commit(connection: DuckDBConnection): Promise<unknown> {
  return execute(connection, "COMMIT");
}

/**
 * Commits and writes the file in one step, so that the rows of a large batch do not pass through the log. While another transaction writes, the
 * engine takes the way through the log by itself.
 *
 * @param other a connection beside the transaction's own
 */
export async function commitIntoFile(connection: DuckDBConnection, other: DuckDBConnection): Promise<void> {
  await execute(other, "SET GLOBAL checkpoint_threshold = '1B'");
  try {
    await execute(connection, "COMMIT");
  } finally {
    await execute(other, `SET GLOBAL checkpoint_threshold = '${walThreshold}'`);
  }
}
