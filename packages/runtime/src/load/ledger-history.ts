// Keeps the ledger of event channels bounded: batches beyond the newest fold into sums per day. Cursors, file identities and tables are not touched.
import type { Warehouse, WriteTransaction } from "@millrace/core";
import { records, toBigint, toText } from "./sql-values.ts";

const SUMS = ["batches", "received", "accepted", "quarantined", "duplicate", "replaced", "bytes"] as const;
const GROUP = "day, channel, stream, kind";

/** Folds all but the newest `keep` batches of the channel. Returns how many ledger rows went. */
export async function foldLedger(
  warehouse: Warehouse,
  channel: string,
  options: { readonly keep: number },
): Promise<number> {
  const counted = await warehouse.query("SELECT count(*) FROM millrace.ledger WHERE channel = ?", [channel]);
  const excess = Number(toBigint(counted.rows[0]?.[0])) - options.keep;
  // A tenth of slack: folding is rare, never once per batch.
  if (excess < Math.max(1, options.keep / 10)) return 0;
  return warehouse.write(["millrace.ledger"], (tx) => fold(tx, channel, options.keep));
}

async function fold(tx: WriteTransaction, channel: string, keep: number): Promise<number> {
  const edge = await tx.query(
    `SELECT batch FROM millrace.ledger WHERE channel = ? ORDER BY batch DESC LIMIT 1 OFFSET ${keep - 1}`,
    [channel],
  );
  const oldest = toBigint(edge.rows[0]?.[0]);
  const old = "channel = ? AND batch < ?";
  const summed = SUMS.map((name) => (name === "batches" ? "count(*) AS batches" : `sum(${name}) AS ${name}`));
  const sums = records(
    await tx.query(
      `SELECT CAST(committed_at AS DATE) AS day, channel, stream, kind, ${summed.join(", ")} FROM millrace.ledger WHERE ${old} GROUP BY ALL`,
      [channel, oldest],
    ),
  );
  for (const sum of sums) {
    const key = [toText(sum["day"]), channel, toText(sum["stream"]), toText(sum["kind"])];
    const values = SUMS.map((name) => toBigint(sum[name]));
    const additions = SUMS.map((name) => `${name} = ${name} + ?`).join(", ");
    const where = "day = CAST(? AS DATE) AND channel = ? AND stream = ? AND kind = ?";
    const changed = await tx.run(`UPDATE millrace.ledger_days SET ${additions} WHERE ${where}`, [...values, ...key]);
    if (changed === 0)
      await tx.run(
        `INSERT INTO millrace.ledger_days (${GROUP}, ${SUMS.join(", ")}) VALUES (CAST(? AS DATE), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [...key, ...values],
      );
  }
  return tx.run(`DELETE FROM millrace.ledger WHERE ${old}`, [channel, oldest]);
}
