// Which batches a replay of several takes: those that are loaded, by table, channel and time of their commit, from the ledger.
import { MillraceError } from "@millrace/core";
import type { Admin } from "../admin/admin.ts";

export interface BatchSelection {
  /** `domain.table` */
  readonly table?: string | undefined;
  /** `domain.channel` */
  readonly channel?: string | undefined;
  /** Committed at or after; ISO 8601. */
  readonly from?: string | undefined;
  /** Committed before. */
  readonly to?: string | undefined;
}

const batchesMax = 10_000;

/** Oldest first. @throws MillraceError request-invalid for none, or for more than are taken at a time */
export async function selectBatches(
  admin: Admin,
  selection: BatchSelection,
  signal: AbortSignal,
): Promise<readonly bigint[]> {
  const { table, channel, from, to } = selection;
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const conditions = [
    "kind = 'load'",
    ...(table === undefined ? [] : [`domain || '.' || table_name = ${quoted(table)}`]),
    ...(channel === undefined ? [] : [`channel = ${quoted(channel)}`]),
    ...(from === undefined ? [] : [`committed_at >= CAST(${quoted(from)} AS TIMESTAMPTZ)`]),
    ...(to === undefined ? [] : [`committed_at < CAST(${quoted(to)} AS TIMESTAMPTZ)`]),
  ];
  const sql = `SELECT batch FROM millrace.ledger WHERE ${conditions.join(" AND ")} ORDER BY batch LIMIT ${batchesMax + 1}`;
  const { rows } = await admin.query(sql, { rowsMax: batchesMax + 1, signal });
  if (rows.length === 0)
    throw new MillraceError(
      "request-invalid",
      "No batch in the ledger is of this table, channel and time; nothing was done.",
      {
        hint: "List the batches with: millrace status --batches. Old event batches are folded into daily sums and cannot be replayed.",
      },
    );
  if (rows.length > batchesMax)
    throw new MillraceError("request-invalid", `More than ${batchesMax} batches are selected; nothing was done.`, {
      hint: "Take them in parts with --from and --to.",
    });
  return rows.map(([batch]) => BigInt(String(batch)));
}
