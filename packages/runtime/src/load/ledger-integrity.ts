// The sums that must hold for ever, checked against the stored rows. For `doctor` and for tests.
import type { Warehouse } from "@millrace/core";
import { records, toBigint, toText } from "./sql-values.ts";

export interface IntegrityFault {
  readonly batch: bigint;
  readonly problem: string;
}

/**
 * Every batch: received = accepted + quarantined + duplicate. Every batch of kind `load`: quarantined = its rows in quarantine, in any state (also those
 * that were re-admitted). Empty when all is well. Batches that were folded into daily sums are checked in their sums only.
 */
export async function ledgerFaults(warehouse: Pick<Warehouse, "query">): Promise<readonly IntegrityFault[]> {
  const faults: IntegrityFault[] = [];
  const sums = "received <> accepted + quarantined + duplicate";
  const wrong = await warehouse.query(
    `SELECT batch FROM millrace.ledger WHERE ${sums} UNION ALL SELECT 0 FROM millrace.ledger_days WHERE ${sums} ORDER BY 1`,
  );
  for (const row of wrong.rows)
    faults.push({ batch: toBigint(row[0]), problem: "received is not accepted + quarantined + duplicate" });
  const compared = await warehouse.query(`
    SELECT l.batch, l.channel, l.quarantined, coalesce(q.total, 0) AS stored FROM millrace.ledger AS l
      LEFT JOIN (SELECT batch, count(*) AS total FROM millrace.quarantine GROUP BY batch) AS q ON q.batch = l.batch
      WHERE l.kind = 'load' AND l.quarantined <> coalesce(q.total, 0) ORDER BY l.batch`);
  for (const row of records(compared))
    faults.push({
      batch: toBigint(row["batch"]),
      problem: `${toText(row["channel"])}: ${toText(row["quarantined"])} quarantined, ${toText(row["stored"])} rows in quarantine`,
    });
  return faults;
}
