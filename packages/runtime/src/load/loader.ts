// Turns an arrival into one batch: claim, load, counts, ledger, file identities, all in one warehouse transaction.
import {
  isMillraceError,
  MillraceError,
  type Arrival,
  type BatchReport,
  type Clock,
  type Logger,
  type ObjectStore,
  type WriteTransaction,
} from "@millrace/core";
import { writeMode, type AdoptedTable, type AdoptedTables } from "./adopted-tables.ts";
import type { BatchSequence } from "./batch-sequence.ts";
import type { BatchTransactions } from "./batch-transaction.ts";
import type { ChannelClaims } from "./channel-claims.ts";
import { recordFiles } from "./file-ledger.ts";
import type { LedgerEntry, LedgerObject } from "./ledger.ts";
import { loadStep, type OpenObject } from "./load-step.ts";
import { withOpenObjects } from "./open-objects.ts";
import { discardReplaced, discardSwapped, planReplacement, type Replacement } from "./replacement.ts";
import { reloadRecords } from "./reload-records.ts";

export interface LoaderParts {
  readonly transactions: BatchTransactions;
  readonly claims: ChannelClaims;
  readonly sequence: BatchSequence;
  readonly tables: AdoptedTables;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An arrival of one stream, with the table (`domain.name`) that it fills. */
export interface BatchWork {
  readonly channel: string;
  readonly table: string;
  readonly arrival: Arrival;
}

export class Loader {
  readonly #parts: LoaderParts;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /**
   * Commits the arrival and its cursor, or nothing of it. Out of memory, the objects are loaded in smaller parts, each a batch of its own, still in one
   * transaction. Returns the reports of this arrival's batches; none when it has no objects and only moves the cursor.
   *
   * Errors: batch-fenced, batch-unreadable, counts-disagree, object-missing, warehouse-*, storage-*.
   */
  async commit(work: BatchWork, signal?: AbortSignal): Promise<readonly BatchReport[]> {
    const { arrival, channel } = work;
    const objects = withPaths(arrival);
    const table = this.#parts.tables.get(work.table);
    const subject = { channel, domain: table.domain, name: table.contract.name };
    return withOpenObjects(this.#parts.objects, objects, async (open) => {
      for (let parts = 1; ; parts = Math.min(parts * 2, open.length)) {
        try {
          return await this.#parts.transactions.run(subject, (tx) => this.#load(tx, work, split(open, parts)), signal);
        } catch (error) {
          if (!isMillraceError(error, "warehouse-out-of-memory") || parts >= open.length) throw error;
          this.#parts.log.warn("Out of memory: the batch is loaded in smaller parts.", {
            channel,
            parts: parts * 2,
            error: error.message,
          });
        }
      }
    });
  }

  async #load(
    tx: WriteTransaction,
    work: BatchWork,
    parts: readonly (readonly OpenObject[])[],
  ): Promise<readonly LedgerEntry[]> {
    const { claims, clock, sequence, tables } = this.#parts;
    const { arrival, channel } = work;
    const table = tables.get(work.table);
    const batches = parts.map(() => sequence.nextBatch());
    const [first, last] = [batches[0], batches.at(-1) ?? sequence.nextBatch()];
    const stream = { channel, stream: arrival.stream };
    await claims.advance(tx, stream, { batch: last, before: arrival.before, after: arrival.after });
    const replacement = await this.#replacement(tx, work);
    const entries: LedgerEntry[] = [];
    for (const [at, batch] of batches.entries()) {
      const replaces = at === 0 ? (replacement?.family ?? []) : [];
      entries.push(await this.#loadPart(tx, { work, table, batch, batches, objects: parts[at] ?? [], replaces }));
    }
    await this.#recordFiles(tx, arrival, channel, parts, batches);
    if (replacement !== undefined) entries.push(...(await this.#settle(tx, table, replacement, last)));
    if (first !== undefined && writeMode(table, channel) === "replace")
      await discardSwapped(tx, clock, { domain: table.domain, name: table.contract.name, first });
    return entries;
  }

  #loadPart(
    tx: WriteTransaction,
    part: {
      readonly work: BatchWork;
      readonly table: AdoptedTable;
      readonly batch: bigint;
      readonly batches: readonly bigint[];
      readonly objects: readonly OpenObject[];
      readonly replaces: readonly bigint[];
    },
  ): Promise<LedgerEntry> {
    const { batch, batches, objects, table } = part;
    const { arrival, channel } = part.work;
    const mode = writeMode(table, channel);
    return loadStep(tx, this.#parts.clock, {
      batch,
      kind: "load",
      channel,
      stream: arrival.stream,
      table,
      // The first part swaps the table, the others add to it.
      write: mode === "replace" && batch !== batches[0] ? "append" : mode,
      seq: this.#parts.sequence.nextSeq(arrival.receivedAtMicros),
      before: arrival.before,
      after: batch === batches.at(-1) ? arrival.after : arrival.before,
      replacesBatches: part.replaces,
      source: { kind: "objects", objects, format: arrival.format, parts: batches },
    });
  }

  /** Each file with the batch of its first object. */
  async #recordFiles(
    tx: WriteTransaction,
    arrival: Arrival,
    channel: string,
    parts: readonly (readonly OpenObject[])[],
    batches: readonly bigint[],
  ): Promise<void> {
    const byBatch = Map.groupBy(arrival.files ?? [], (file) => {
      const at = parts.findIndex((objects) => objects.some((object) => object.path === file.path));
      return batches[at];
    });
    for (const [batch, files] of byBatch)
      await recordFiles(tx, this.#parts.clock, { channel, batch, files, replaced: arrival.replacesBatches ?? [] });
  }

  async #replacement(tx: WriteTransaction, work: BatchWork): Promise<Replacement | undefined> {
    const batches = work.arrival.replacesBatches ?? [];
    if (batches.length === 0) return undefined;
    const files = (work.arrival.files ?? []).map((file) => file.path);
    return planReplacement(tx, { channel: work.channel, batches, files, wholeArrivals: true });
  }

  /** Files that shared a batch with a replaced one come back. */
  async #settle(
    tx: WriteTransaction,
    table: AdoptedTable,
    replacement: Replacement,
    by: bigint,
  ): Promise<readonly LedgerEntry[]> {
    await discardReplaced(tx, this.#parts.clock, replacement, by);
    // A swapped table shows the new batch alone.
    if ([...table.writes.values()].includes("replace")) return [];
    const reload = { tx, table, parts: this.#parts, family: replacement.family };
    const entries: LedgerEntry[] = [];
    for (const { origin, objects } of replacement.siblings)
      entries.push(await reloadRecords({ ...reload, origin, objects, replaces: [] }));
    return entries;
  }
}

/** @throws MillraceError internal when several files do not match the objects one to one */
function withPaths(arrival: Arrival): readonly LedgerObject[] {
  const files = arrival.files ?? [];
  if (files.length > 1 && files.length !== arrival.objects.length)
    throw new MillraceError("internal", `An arrival of ${files.length} files has ${arrival.objects.length} objects.`);
  return arrival.objects.map((object, at) => {
    const path = files.length === 1 ? files[0]?.path : files[at]?.path;
    return { ...object, ...(path === undefined ? {} : { path }) };
  });
}

/** `count` runs of neighbours, as even as possible; none for no objects. */
function split<T>(items: readonly T[], count: number): readonly (readonly T[])[] {
  const size = Math.ceil(items.length / count);
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
