// What must hold of the ledger at any moment: sums, one number per batch, no row of a batch that it does not know, no batch without its rows.
import { duplicated, partial, type Finding } from "./finding.ts";
import { sqlName, type Query, type TableTruth } from "./table-truth.ts";

/** @param faults what the product's own check of its ledger says: batch and problem */
export async function checkLedger(
  query: Query,
  tables: readonly TableTruth[],
  faults: readonly (readonly unknown[])[],
): Promise<readonly Finding[]> {
  const findings = faults.map(([batch, problem]) => partial(1, `batch ${String(batch)}: ${String(problem)}`));
  const twice = await query("SELECT batch, count(*) FROM millrace.ledger GROUP BY batch HAVING count(*) > 1");
  for (const [batch, times] of twice)
    findings.push(duplicated(Number(times) - 1, `batch ${String(batch)} is ${String(times)} times in the ledger`));
  for (const table of tables) findings.push(...(await checkBatches(query, table)));
  return findings;
}

/** One statement sees one state of table and ledger, whatever is committed meanwhile. */
async function checkBatches(query: Query, table: TableTruth): Promise<readonly Finding[]> {
  const unknown = "entered IS NULL";
  const differs = table.keepsBatches ? `${unknown} OR coalesce(entered, 0) <> coalesce(stored, 0)` : unknown;
  const found = await query(
    `SELECT batch, entered, stored FROM (
       SELECT batch, sum(accepted) AS entered FROM millrace.ledger
         WHERE domain = '${table.domain}' AND table_name = '${table.name}' GROUP BY batch)
     FULL JOIN (SELECT _batch AS batch, count(*) AS stored FROM ${sqlName(table)} GROUP BY _batch) USING (batch)
     WHERE ${differs} ORDER BY batch`,
  );
  return found.map(([batch, entered, stored]) => {
    const rows = `${String(stored ?? 0)} rows in ${sqlName(table)}`;
    return partial(
      1,
      `batch ${String(batch)}: ${rows}, ${entered === null ? "not in the ledger" : `${String(entered)} accepted in the ledger`}`,
    );
  });
}
