// Loads records again that an earlier batch brought, from raw: for a replay, and for files that shared a replaced batch.
import { MillraceError, type Clock, type ObjectStore, type WriteTransaction } from "@millrace/core";
import { writeMode, type AdoptedTable } from "./adopted-tables.ts";
import type { BatchSequence } from "./batch-sequence.ts";
import type { LedgerEntry, LedgerObject } from "./ledger.ts";
import { loadStep } from "./load-step.ts";
import { withOpenObjects } from "./open-objects.ts";
import { settleReloaded } from "./replacement.ts";
import { readmitRows } from "../quarantine/readmit-rows.ts";

export interface ReloadParts {
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly sequence: BatchSequence;
}

export interface Reload {
  readonly tx: WriteTransaction;
  readonly parts: ReloadParts;
  readonly table: AdoptedTable;
  /** The original batch and its replays. */
  readonly family: readonly bigint[];
  readonly origin: LedgerEntry;
  readonly objects: readonly LedgerObject[];
  readonly replaces: readonly bigint[];
  /** The caller's own name of a replay. */
  readonly request?: string;
}

/**
 * Raw objects of `origin` under the present contract, as a batch of kind `replay` with the original `_seq`. Its counts are its own: those of the
 * original stay as they are, and its quarantined rows keep their identity. Rows that fail as they came, but have been repaired, follow as they
 * were repaired, in batches of kind `readmit`.
 */
export async function reloadRecords(reload: Reload): Promise<readonly LedgerEntry[]> {
  const { tx, parts, table, origin } = reload;
  const format = origin.source.format;
  if (format === undefined) throw new MillraceError("internal", `Batch ${origin.batch} has no raw objects.`);
  const request = reload.request === undefined ? {} : { request: reload.request };
  const wanted = { objects: reload.objects, format, contract: table.contract, clock: parts.clock };
  return withOpenObjects(parts.objects, wanted, async (objects) => {
    const batch = parts.sequence.nextBatch();
    const entry = await loadStep(tx, parts.clock, {
      batch,
      kind: "replay",
      channel: origin.channel,
      stream: origin.stream,
      table,
      write: writeMode(table, origin.channel),
      seq: origin.seq,
      before: null,
      after: null,
      replacesBatches: reload.replaces,
      source: { kind: "objects", objects, format, origin: origin.batch, ...request },
    });
    const keys = objects.map((object) => object.ref.key);
    const repaired = await settleReloaded(tx, parts.clock, { family: reload.family, by: batch, keys });
    const from = { table, channel: origin.channel, stream: origin.stream };
    return [entry, ...(await readmitRows(tx, parts, from, repaired))];
  });
}
