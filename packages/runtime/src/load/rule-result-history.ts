// Keeps the results of rules bounded: the newest stay. Rows in quarantine and the ledger are not touched.
import type { Warehouse } from "@millrace/core";
import { toBigint } from "./sql-values.ts";

/** Removes the results of the oldest batches when there are more than `keep`. Returns how many went. */
export async function trimRuleResults(warehouse: Warehouse, options: { readonly keep: number }): Promise<number> {
  const counted = await warehouse.query("SELECT count(*) FROM millrace.rule_results");
  const excess = Number(toBigint(counted.rows[0]?.[0])) - options.keep;
  // A tenth of slack: rarely, never once per batch.
  if (excess < Math.max(1, options.keep / 10)) return 0;
  return warehouse.write(["millrace.rule_results"], (tx) =>
    tx.run(
      `DELETE FROM millrace.rule_results WHERE batch <= (SELECT batch FROM millrace.rule_results ORDER BY batch DESC LIMIT 1 OFFSET ${options.keep})`,
    ),
  );
}
