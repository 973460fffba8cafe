// Rows of quarantine through their contract again, inside a transaction: for held rows, for people's repairs, and for repairs that a replay must keep.
import type { Clock, WriteMode, WriteTransaction } from "@millrace/core";
import { addingMode, writeMode, type AdoptedTable } from "../load/adopted-tables.ts";
import type { BatchSequence } from "../load/batch-sequence.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { LedgerEntry } from "../load/ledger.ts";
import { loadStep } from "../load/load-step.ts";
import { toText } from "../load/sql-values.ts";

/** Identity of a row in quarantine: the batch that brought it, and its place there. */
export interface RowIdentity {
  readonly batch: bigint;
  readonly row: bigint;
}

export interface ReadmissionParts {
  readonly sequence: Pick<BatchSequence, "nextBatch" | "nextSeq">;
  readonly clock: Clock;
}

/**
 * Judges the rows anew; those that pass become trusted, the others keep their state and take their present codes. One batch per batch that the rows
 * came with, so that they keep their positions; each row keeps its own `_seq`.
 */
export async function readmitRows(
  tx: WriteTransaction,
  parts: ReadmissionParts,
  from: { readonly table: AdoptedTable; readonly channel: string; readonly stream: string },
  rows: readonly RowIdentity[],
): Promise<readonly LedgerEntry[]> {
  const { sequence, clock } = parts;
  const write = readmitMode(from.table, from.channel);
  const entries: LedgerEntry[] = [];
  for (const group of Map.groupBy(rows, (row) => row.batch).values()) {
    const source = { kind: "quarantine", rows: group } as const;
    const numbers = { batch: sequence.nextBatch(), seq: sequence.nextSeq() };
    const step = { kind: "readmit", ...from, write, before: null, after: null, replacesBatches: [] } as const;
    entries.push(await loadStep(tx, clock, { ...step, ...numbers, source }));
  }
  return entries;
}

/** Takes the fence of the stream that fills the table, also of a channel that the project no longer has. Returns its name. */
export async function holdStream(
  tx: WriteTransaction,
  claims: ChannelClaims,
  channel: string,
  table: AdoptedTable,
): Promise<string> {
  const found = await tx.query(
    "SELECT stream FROM millrace.ledger WHERE channel = ? AND domain = ? AND table_name = ? ORDER BY batch DESC LIMIT 1",
    [channel, table.domain, table.contract.name],
  );
  const stream = found.rows[0] === undefined ? "default" : toText(found.rows[0][0]);
  await claims.hold(tx, { channel, stream });
  return stream;
}

/** As the channel writes; a re-admitted row never swaps a whole table. */
function readmitMode(table: AdoptedTable, channel: string): WriteMode {
  const mode = writeMode(table, channel);
  return mode === "replace" ? addingMode(table) : mode;
}
