// The note that a table still holds hidden rows, and what its view must leave out as long as it stands. See hidden-rows.ts.
import type { DuckDBConnection } from "@duckdb/node-api";
import { select } from "../engine/statement-runner.ts";

export const hiddenKeyPrefix = "hidden:";

/** Condition of a view over a table with hidden rows. */
export const withoutHidden = " WHERE _hidden IS NULL";

/** What the view over this physical table must end with now. */
export async function hiddenFilter(connection: DuckDBConnection, physical: string): Promise<string> {
  const noted = await select(connection, "SELECT 1 FROM millrace.meta WHERE key = ?", [hiddenKeyPrefix + physical]);
  return noted.rows.length === 0 ? "" : withoutHidden;
}
