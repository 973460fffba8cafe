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
import type { BatchSubject, BatchTransactions } from "./batch-transaction.ts";
import type { ChannelClaims } from "./channel-claims.ts";
import { recordFiles, recordRemovals } from "./file-ledger.ts";
import type { LedgerEntry, LedgerObject } from "./ledger.ts";
import { brokenPromise, loadStep, type LoadStep, type OpenObject } from "./load-step.ts";
import { withOpenObjects } from "./open-objects.ts";
import { discardReplaced, discardSwapped, planReplacement, type Replacement } from "./replacement.ts";
import { reloadRecords } from "./reload-records.ts";
import { rollBack } from "./roll-back.ts";
import {
  cannotBeRead,
  findUnreadable,
  pageError,
  quarantineObject,
  refusedFiles,
  refuseFiles,
  without,
  type UnreadableObject,
} from "./unreadable.ts";

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
  /** Called after the commit, once for each file or page that could not be read; not again for a file that was refused before. */
  readonly onRefused?: (error: MillraceError) => void;
}

/** Work whose objects are open. */
interface OpenWork extends BatchWork {
  readonly open: readonly OpenObject[];
  readonly unreadable: readonly UnreadableObject[];
  /** How many batches to begin with. */
  readonly parts: number;
}

interface Loaded {
  readonly entries: readonly LedgerEntry[];
  readonly refused: readonly MillraceError[];
}

export class Loader {
  readonly #parts: LoaderParts;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /**
   * Commits the arrival and its cursor, or nothing of it. Out of memory, the objects are loaded in smaller parts, each a batch of its own, still in one
   * transaction. Returns the reports of this arrival's batches; none when it has no objects and only moves the cursor. Objects that cannot be read do
   * not keep the others: a file is refused, a page is quarantined as a whole. Only a table that is replaced takes all pages or none.
   *
   * Errors: batch-fenced, batch-unreadable, counts-disagree, object-missing, warehouse-*, storage-*.
   */
  async commit(work: BatchWork, signal?: AbortSignal): Promise<readonly BatchReport[]> {
    const { contract } = this.#parts.tables.get(work.table);
    const wanted = {
      objects: withPaths(work.arrival),
      format: work.arrival.format,
      contract,
      clock: this.#parts.clock,
      signal,
    };
    return withOpenObjects(this.#parts.objects, wanted, async (open) => {
      const whole = { ...work, open, unreadable: [], parts: 1 };
      try {
        return await this.#commit(whole, signal);
      } catch (error) {
        if (!cannotBeRead(error) || this.#takesAllOrNone(work)) throw error;
        return await this.#commit(await this.#sorted(whole, error, signal), signal);
      }
    });
  }

  async #commit(work: OpenWork, signal: AbortSignal | undefined): Promise<readonly BatchReport[]> {
    const { channel, open } = work;
    const subject = this.#subject(work);
    for (let parts = work.parts; ; parts = Math.min(parts * 2, open.length)) {
      let refused: readonly MillraceError[] = [];
      try {
        const reports = await this.#parts.transactions.run(
          subject,
          async (tx) => {
            const loaded = await this.#load(tx, work, split(open, parts));
            ({ refused } = loaded);
            return loaded.entries;
          },
          signal,
        );
        for (const error of refused) work.onRefused?.(error);
        return reports;
      } catch (error) {
        if (!isMillraceError(error, "warehouse-out-of-memory") || parts >= open.length) throw error;
        this.#parts.log.warn("Out of memory: the batch is loaded in smaller parts.", {
          channel,
          parts: parts * 2,
          error: error.message,
        });
      }
    }
  }

  #subject({ channel, table }: BatchWork): BatchSubject {
    const { domain, contract } = this.#parts.tables.get(table);
    return { channel, domain, name: contract.name };
  }

  /** A replaced table must not be torn; a file of one is refused and the table stays as it is. */
  #takesAllOrNone(work: BatchWork): boolean {
    const table = this.#parts.tables.get(work.table);
    return writeMode(table, work.channel) === "replace" && (work.arrival.files ?? []).length === 0;
  }

  /** What can be read and what cannot, found out in a transaction that leaves nothing behind. */
  async #sorted(work: OpenWork, cause: MillraceError, signal: AbortSignal | undefined): Promise<OpenWork> {
    let unreadable: readonly UnreadableObject[] = [];
    const table = this.#parts.tables.get(work.table);
    await this.#parts.transactions.run(
      this.#subject(work),
      async (tx) => {
        unreadable = await findUnreadable(work.open, (object) => {
          const batch = this.#parts.sequence.nextBatch();
          return loadStep(tx, this.#parts.clock, this.#step(work, table, { batch, objects: [object] }));
        });
        return rollBack();
      },
      signal,
    );
    // One file in several objects, which break its manifest's promise together.
    if (unreadable.length === 0 && cause.code === "file-manifest" && work.arrival.files?.length === 1)
      unreadable = work.open.map((object) => ({ object, error: cause }));
    const failed = new Set(unreadable.map(({ object }) => object));
    const files = new Set(unreadable.map(({ object }) => object.path));
    // A refused file comes again as a whole: none of its objects may stay.
    const open = work.open.filter(
      (object) => !failed.has(object) && (object.path === undefined || !files.has(object.path)),
    );
    // Each can be read, but not all of them together: files that hold one column in different types.
    const parts = failed.size === 0 ? open.length : 1;
    return { ...work, open, unreadable, parts };
  }

  async #load(tx: WriteTransaction, work: OpenWork, parts: readonly (readonly OpenObject[])[]): Promise<Loaded> {
    const { claims, clock, sequence, tables } = this.#parts;
    const { channel, unreadable } = work;
    const arrival = without(work.arrival, unreadable);
    const table = tables.get(work.table);
    const pages = unreadable.filter(({ object }) => object.path === undefined);
    const batches = parts.map(() => sequence.nextBatch());
    const pageBatches = pages.map(() => sequence.nextBatch());
    const last = pageBatches.at(-1) ?? batches.at(-1) ?? sequence.nextBatch();
    const stream = { channel, stream: arrival.stream };
    await claims.advance(tx, stream, { batch: last, before: arrival.before, after: arrival.after });
    const replacement = await this.#replacement(tx, channel, arrival);
    const entries: LedgerEntry[] = [];
    for (const [at, batch] of batches.entries()) {
      const replaces = at === 0 ? (replacement?.family ?? []) : [];
      const part = { batch, batches, last, objects: parts[at] ?? [], replaces };
      entries.push(await loadStep(tx, clock, this.#step(work, table, part)));
    }
    checkWholeFile(arrival, entries);
    const refused = await refuseFiles(tx, clock, channel, refusedFiles(work.arrival, unreadable));
    const told = [...refused];
    for (const [at, page] of pages.entries()) {
      const batch = pageBatches[at] ?? last;
      entries.push(
        await quarantineObject(tx, clock, this.#step(work, table, { batch, last, objects: [page.object] }), page),
      );
      told.push(pageError(batch, page));
    }
    await this.#recordFiles(tx, arrival, channel, parts, batches);
    if (replacement !== undefined && arrival.removesFiles !== undefined)
      entries.push(await this.#remove(tx, work, { table, batch: last, replaces: replacement.family }));
    if (replacement !== undefined) entries.push(...(await this.#settle(tx, table, replacement, last)));
    const [first] = batches;
    if (first !== undefined && writeMode(table, channel) === "replace")
      await discardSwapped(tx, clock, { domain: table.domain, name: table.contract.name, first });
    return { entries, refused: told };
  }

  /** Rows of deleted files leave: a batch of its own, which received nothing. */
  async #remove(
    tx: WriteTransaction,
    work: OpenWork,
    {
      table,
      batch,
      replaces,
    }: { readonly table: AdoptedTable; readonly batch: bigint; readonly replaces: readonly bigint[] },
  ): Promise<LedgerEntry> {
    const { clock } = this.#parts;
    const { removesFiles: paths = [], replacesBatches: replaced = [] } = work.arrival;
    const step = this.#step(work, table, { batch, last: batch, objects: [], replaces });
    // Never a swap: a replaced table keeps what another file brought.
    const entry = await loadStep(tx, clock, { ...step, write: "append" });
    await recordRemovals(tx, clock, { channel: work.channel, batch, paths, replaced });
    return entry;
  }

  #step(
    { arrival, channel }: BatchWork,
    table: AdoptedTable,
    part: {
      readonly batch: bigint;
      readonly batches?: readonly bigint[];
      readonly last?: bigint;
      readonly objects: readonly OpenObject[];
      readonly replaces?: readonly bigint[];
    },
  ): LoadStep {
    const { batch, batches = [batch] } = part;
    const mode = writeMode(table, channel);
    return {
      batch,
      kind: "load",
      channel,
      stream: arrival.stream,
      table,
      // The first part swaps the table, the others add to it.
      write: mode === "replace" && batch !== batches[0] ? "append" : mode,
      seq: this.#parts.sequence.nextSeq(arrival.receivedAtMicros),
      before: arrival.before,
      after: batch === part.last ? arrival.after : arrival.before,
      replacesBatches: part.replaces ?? [],
      source: { kind: "objects", objects: part.objects, format: arrival.format, parts: batches },
    };
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

  async #replacement(tx: WriteTransaction, channel: string, arrival: Arrival): Promise<Replacement | undefined> {
    const batches = arrival.replacesBatches ?? [];
    if (batches.length === 0) return undefined;
    const files = arrival.removesFiles ?? (arrival.files ?? []).map((file) => file.path);
    return planReplacement(tx, { channel, batches, files, wholeArrivals: true });
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
      entries.push(...(await reloadRecords({ ...reload, origin, objects, replaces: [] })));
    return entries;
  }
}

/** @throws MillraceError internal when several files do not match the objects one to one */
function withPaths(arrival: Arrival): readonly LedgerObject[] {
  const files = arrival.files ?? [];
  if (files.length > 1 && files.length !== arrival.objects.length)
    throw new MillraceError("internal", `An arrival of ${files.length} files has ${arrival.objects.length} objects.`);
  return arrival.objects.map((object, at) => {
    const file = files.length === 1 ? files[0] : files[at];
    // The records of a file in several objects are counted when all of them are loaded.
    const rows = files.length === arrival.objects.length ? file?.rows : undefined;
    return { ...object, ...(file === undefined ? {} : { path: file.path }), ...(rows === undefined ? {} : { rows }) };
  });
}

/** @throws MillraceError file-manifest */
function checkWholeFile({ files = [], objects }: Arrival, entries: readonly LedgerEntry[]): void {
  const [file, second] = files;
  if (file?.rows === undefined || second !== undefined || objects.length < 2) return;
  const received = entries.reduce((sum, entry) => sum + entry.received, 0n);
  if (BigInt(file.rows) !== received) throw brokenPromise(file.path, file.rows, received);
}

/** `count` runs of neighbours, as even as possible; none for no objects. */
function split<T>(items: readonly T[], count: number): readonly (readonly T[])[] {
  const size = Math.ceil(items.length / count);
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
