// Loads records again that an earlier batch brought, from raw: for a replay, and for files that shared a replaced batch.
import { MillraceError, type Clock, type ObjectStore, type WriteTransaction } from "@millrace/core";
import { writeMode, type AdoptedTable } from "./adopted-tables.ts";
import type { BatchSequence } from "./batch-sequence.ts";
import type { LedgerEntry, LedgerObject } from "./ledger.ts";
import { loadStep } from "./load-step.ts";
import { withOpenObjects } from "./open-objects.ts";
import { settleReloaded } from "./replacement.ts";

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
}

/**
 * Raw objects of `origin` under the present contract, as a batch of kind `replay` with the original `_seq`. Its counts are its own: those of the
 * original stay as they are, and its quarantined rows keep their identity.
 */
export async function reloadRecords(reload: Reload): Promise<LedgerEntry> {
  const { tx, parts, table, origin } = reload;
  const format = origin.source.format;
  if (format === undefined) throw new MillraceError("internal", `Batch ${origin.batch} has no raw objects.`);
  return withOpenObjects(parts.objects, reload.objects, async (objects) => {
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
      source: { kind: "objects", objects, format, origin: origin.batch },
    });
    const keys = objects.map((object) => object.ref.key);
    await settleReloaded(tx, parts.clock, { family: reload.family, by: batch, keys });
    return entry;
  });
}
