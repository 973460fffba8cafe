// The SQLite side of the event log: groups in, entries out. Synchronous; lives on the log's own thread (log-worker.ts).
import { backup, type DatabaseSync, type StatementSync } from "node:sqlite";
import { hash as digest } from "node:crypto";
import { MillraceError } from "@millrace/core";
import { FileGuard } from "../sqlite/file-guard.ts";
import { openDatabase, pragmaNumber } from "../sqlite/open-database.ts";
import { IdempotencyIndex, receiptKey, type Receipt } from "./idempotency-index.ts";
import type { AppendOutcome, GroupAppend, GroupMessage, LogFileOptions, ReadAnswer } from "./log-messages.ts";
import { logMigrations, logPageBytes } from "./log-schema.ts";
import { outOfRange, PartitionTable } from "./partition-table.ts";

/** One partition's share of a group, decided but not yet committed. */
interface PendingRow {
  readonly partition: PartitionTable;
  readonly next: bigint;
}

export class LogFile {
  readonly incarnation: string;
  readonly #guard: FileGuard;
  readonly #db: DatabaseSync;
  readonly #options: LogFileOptions;
  readonly #partitions = new Map<string, PartitionTable>();
  readonly #receipts: IdempotencyIndex;
  readonly #insertReceipts: StatementSync;
  readonly #deleteReceipts: StatementSync;
  #seenMicros = 0n;
  #walBytes = 0;

  constructor(options: LogFileOptions) {
    this.#guard = FileGuard.require(`${options.file}-guard`, options.file);
    this.#db = openDatabase(
      options.file,
      {
        pageBytes: logPageBytes,
        cacheBytes: 8 * 1024 * 1024,
        walBytesMax: options.walBytesMax,
        autoCheckpointBytes: 0,
        busyTimeoutMs: 5000,
        ...(options.fileBytesMax === undefined ? {} : { fileBytesMax: options.fileBytesMax }),
      },
      logMigrations,
    );
    this.#options = options;
    this.#insertReceipts = this.#db.prepare("INSERT INTO receipts (received, keys) VALUES (?, ?)");
    this.#deleteReceipts = this.#db.prepare("DELETE FROM receipts WHERE id <= ?");
    this.#receipts = new IdempotencyIndex({ keysMax: options.idempotencyKeysMax, ageMs: options.idempotencyAgeMs });
    this.incarnation = this.#identify(options.incarnation);
    this.#loadPartitions();
    this.#loadReceipts(options.nowMicros);
  }

  /** Writes the group in one transaction and syncs it. A failure leaves the file as it was. */
  append(group: GroupMessage): readonly AppendOutcome[] {
    // The helper should have moved it long ago; it is slow or only starting. Space is bounded, so this group waits.
    if (this.#walBytes >= this.#options.walBytesMax) this.checkpoint();
    const now = group.nowMicros > this.#seenMicros ? group.nowMicros : this.#seenMicros + 1n;
    const bytes = new Uint8Array(group.buffer);
    const outcomes: AppendOutcome[] = [];
    const pending: PendingRow[] = [];
    const receipts = new Map<string, Receipt>();
    this.#transaction(() => {
      let start = 0;
      let at = 0;
      while (at < group.appends.length) {
        const run = runOfPartition(group.appends, at);
        const partition = this.#partition(run[0]?.partition ?? "");
        const end = start + run.reduce((sum, append) => sum + append.bytes, 0);
        const row = this.#appendRun(partition, run, bytes.subarray(start, end), now, receipts);
        outcomes.push(...row.outcomes);
        pending.push({ partition, next: row.next });
        start = end;
        at += run.length;
      }
      return this.#writeReceipts(now, receipts);
    });
    for (const { partition, next } of pending) {
      if (next > partition.next) partition.seenMicros = now;
      partition.next = next;
    }
    this.#seenMicros = now;
    this.#walBytes += bytes.length + 2 * logPageBytes * pending.length;
    return outcomes;
  }

  read(name: string, from: bigint, bytesMax: number): ReadAnswer {
    const partition = this.#partitions.get(name);
    if (partition !== undefined) return partition.read(from, bytesMax);
    if (from !== 0n) throw outOfRange({ name, first: 0n, next: 0n }, from);
    return { blobs: [], entries: [] };
  }

  range(name: string): { readonly first: bigint; readonly next: bigint } {
    const { first, next } = this.#partitions.get(name) ?? { first: 0n, next: 0n };
    return { first, next };
  }

  /** True when forgotten rows are left to `sweep`. */
  trim(name: string, before: bigint): boolean {
    const partition = this.#partitions.get(name);
    if (partition === undefined) {
      if (before > 0n) throw outOfRange({ name, first: 0n, next: 0n }, before);
      return false;
    }
    this.#transaction(() => partition.forget(before));
    return this.sweep(name);
  }

  sweep(name: string): boolean {
    const partition = this.#partitions.get(name);
    if (partition === undefined) return false;
    const more = this.#transaction(() => partition.sweep());
    this.#walBytes += 16 * logPageBytes;
    if (!more) this.#shrink();
    return more;
  }

  partitions(): readonly string[] {
    return [...this.#partitions.keys()].sort();
  }

  get checkpointDue(): boolean {
    return this.#walBytes * 4 >= this.#options.walBytesMax;
  }

  /**
   * Moves what the write-ahead log holds into the file. Once nothing is left behind (this thread alone writes, but the helper
   * of log-checkpointer.ts may be at work) the next append starts the write-ahead log again from its beginning.
   */
  checkpoint(): void {
    if (this.#walBytes === 0) return;
    const state = this.#db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get() as { log: number; checkpointed: number };
    this.#walBytes = (state.log - state.checkpointed) * logPageBytes;
  }

  async backup(target: string): Promise<void> {
    await backup(this.#db, target);
  }

  close(): void {
    this.#db.close();
    this.#guard.release();
  }

  #appendRun(
    partition: PartitionTable,
    run: readonly GroupAppend[],
    payload: Uint8Array,
    now: bigint,
    receipts: Map<string, Receipt>,
  ): { readonly outcomes: readonly AppendOutcome[]; readonly next: bigint } {
    const outcomes: AppendOutcome[] = [];
    const kept: Uint8Array[] = [];
    const sizes: number[] = [];
    let next = partition.next;
    let start = 0;
    for (const append of run) {
      const piece = payload.subarray(start, (start += append.bytes));
      const known = this.#known(partition, append, piece, now, receipts);
      if (known !== undefined) {
        outcomes.push(known);
        continue;
      }
      outcomes.push({ offset: next, count: append.count, receivedAtMicros: now, repeated: false });
      remember(receipts, partition, append, piece, { offset: next, count: append.count, receivedAtMicros: now });
      kept.push(piece);
      sizes.push(append.count, append.bytes);
      next += BigInt(append.count);
    }
    if (kept.length > 0) {
      const joined = kept.length === run.length ? payload : Buffer.concat(kept);
      const count = Number(next - partition.next);
      partition.insert({ offset: partition.next, count, receivedAtMicros: now, sizes, payload: joined });
    }
    return { outcomes, next };
  }

  /** The answer of an earlier append with this key, also of one in the same group. */
  #known(
    partition: PartitionTable,
    append: GroupAppend,
    payload: Uint8Array,
    now: bigint,
    receipts: ReadonlyMap<string, Receipt>,
  ): AppendOutcome | undefined {
    if (append.idempotencyKey === undefined) return undefined;
    const key = receiptKey(partition.id, append.idempotencyKey);
    const receipt = receipts.get(key) ?? this.#receipts.find(key, now);
    if (receipt === undefined) return undefined;
    if (receipt.hash === digest("sha256", payload, "base64")) {
      const { offset, count, receivedAtMicros } = receipt;
      return { offset, count, receivedAtMicros, repeated: true };
    }
    const message = `Idempotency key "${append.idempotencyKey}" of ${partition.name} was used before with another body.`;
    return { error: new MillraceError("idempotency-conflict", message).toJSON() };
  }

  #writeReceipts(now: bigint, receipts: ReadonlyMap<string, Receipt>): void {
    if (receipts.size === 0) return;
    const keys = [...receipts].map(([key, receipt]) => [key, receipt.hash, String(receipt.offset), receipt.count]);
    const added = this.#insertReceipts.run(now, JSON.stringify(keys));
    this.#receipts.add({ rowId: Number(added.lastInsertRowid), receivedAtMicros: now, receipts: [...receipts] });
    const expired = this.#receipts.expire(now);
    if (expired !== undefined) this.#deleteReceipts.run(expired);
  }

  #partition(name: string): PartitionTable {
    const known = this.#partitions.get(name);
    if (known !== undefined) return known;
    const created = PartitionTable.create(this.#db, name);
    this.#partitions.set(name, created);
    return created;
  }

  #identify(candidate: string): string {
    const found = this.#db.prepare("SELECT incarnation FROM log").get() as { incarnation: string } | undefined;
    if (found !== undefined) return found.incarnation;
    this.#transaction(() => this.#db.prepare("INSERT INTO log (incarnation) VALUES (?)").run(candidate));
    return candidate;
  }

  #loadPartitions(): void {
    const select = this.#db.prepare("SELECT id, name, first, next, seen FROM partitions ORDER BY name");
    select.setReadBigInts(true);
    const rows = select.all() as unknown as { id: bigint; name: string; first: bigint; next: bigint; seen: bigint }[];
    for (const row of rows) {
      const partition = new PartitionTable(this.#db, { ...row, id: Number(row.id) });
      this.#partitions.set(row.name, partition);
      if (partition.seenMicros > this.#seenMicros) this.#seenMicros = partition.seenMicros;
    }
  }

  #loadReceipts(nowMicros: bigint): void {
    const select = this.#db.prepare("SELECT id, received, keys FROM receipts ORDER BY id");
    select.setReadBigInts(true);
    for (const row of select.iterate() as unknown as Iterable<{ id: bigint; received: bigint; keys: string }>) {
      const keys = JSON.parse(row.keys) as [string, string, string, number][];
      const receipts = keys.map(([key, hash, offset, count]): [string, Receipt] => [
        key,
        { hash, offset: BigInt(offset), count, receivedAtMicros: row.received },
      ]);
      this.#receipts.add({ rowId: Number(row.id), receivedAtMicros: row.received, receipts });
    }
    const expired = this.#receipts.expire(nowMicros);
    if (expired !== undefined) this.#transaction(() => this.#deleteReceipts.run(expired));
  }

  /** Gives the space of a worked-off backlog back; normal trims only free pages for the next appends. */
  #shrink(): void {
    const pageBytes = pragmaNumber(this.#db, "page_size");
    const free = pragmaNumber(this.#db, "freelist_count") * pageBytes;
    const live = pragmaNumber(this.#db, "page_count") * pageBytes - free;
    if (free < this.#options.freeBytesMax || live * 4 > free) return;
    this.#db.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    this.#walBytes = 0;
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (thrown) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw thrown;
    }
  }
}

function runOfPartition(appends: readonly GroupAppend[], from: number): readonly GroupAppend[] {
  const name = appends[from]?.partition;
  let to = from + 1;
  while (to < appends.length && appends[to]?.partition === name) to += 1;
  return appends.slice(from, to);
}

function remember(
  receipts: Map<string, Receipt>,
  partition: PartitionTable,
  append: GroupAppend,
  payload: Uint8Array,
  at: Omit<Receipt, "hash">,
): void {
  if (append.idempotencyKey === undefined) return;
  receipts.set(receiptKey(partition.id, append.idempotencyKey), { ...at, hash: digest("sha256", payload, "base64") });
}
