// Keeps the results of rules and the figures of history rules bounded: the newest stay. Rows in quarantine and the ledger are not touched.
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

const series = "domain, table_name, code, dimension";

/** Keeps the newest `keep` figures of each rule and dimension, and none that is older than rules can look back. Returns how many went. */
export async function trimRuleHistory(
  warehouse: Warehouse,
  options: { readonly keep: number; readonly oldestMs: number },
): Promise<number> {
  const { keep } = options;
  const oldest = `make_timestamptz(${BigInt(options.oldestMs) * 1000n})`;
  const most = keep + Math.max(1, Math.floor(keep / 10));
  const excess = await warehouse.query(
    `SELECT 1 FROM millrace.rule_history GROUP BY ${series} HAVING count(*) > ${most} OR min(measured_at) < ${oldest} - to_days(1) LIMIT 1`,
  );
  if (excess.rows.length === 0) return 0;
  return warehouse.write(["millrace.rule_history"], (tx) =>
    tx.run(
      `DELETE FROM millrace.rule_history WHERE measured_at < ${oldest} OR rowid IN (SELECT rowid FROM millrace.rule_history
        QUALIFY row_number() OVER (PARTITION BY ${series} ORDER BY measured_at DESC) > ${keep})`,
    ),
  );
}
