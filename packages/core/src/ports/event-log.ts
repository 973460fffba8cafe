// The durable log that events enter before they are acknowledged. Consumers keep their offsets in the warehouse's ledger, never here.

export interface AppendRequest {
  /** Partition: one events channel, e.g. `orders.order_events`. */
  readonly partition: string;
  /** NDJSON: exactly `count` records, each ended by a newline. */
  readonly payload: Uint8Array;
  readonly count: number;
  /** The same key with the same payload hash is appended once; the first answer is repeated. Unique per partition. */
  readonly idempotencyKey?: string;
}

export interface Appended {
  /** Offset of the first record; the records occupy [offset, offset + count). */
  readonly offset: bigint;
  readonly count: number;
  readonly receivedAtMicros: bigint;
  /** True when the idempotency key was known: nothing was written now. */
  readonly repeated: boolean;
}

/** One stored append. Records of one entry are never split by the log. */
export interface LogEntry {
  readonly offset: bigint;
  readonly count: number;
  readonly receivedAtMicros: bigint;
  readonly payload: Uint8Array;
}

export interface LogRange {
  /** Oldest offset that is still stored (= `next` when the partition is empty). */
  readonly first: bigint;
  /** Offset that the next record will get. Never decreases, also after trimming everything. */
  readonly next: bigint;
}

export interface ReadOptions {
  readonly bytesMax: number;
}

/**
 * Guarantees: `append` resolves only after the data is synced to disk; offsets per partition are dense and ordered by append;
 * an entry is visible to `read` only after it is durable. A failed write or sync poisons the log: every later append throws
 * `storage-poisoned` until the process restarts.
 *
 * Errors: storage-failed, storage-full, storage-poisoned, overloaded (bounded queue full), idempotency-conflict,
 * log-offset-out-of-range.
 */
export interface EventLog {
  /** Identity of this log's history. A log that was recreated has another one. */
  readonly incarnation: string;
  append(request: AppendRequest): Promise<Appended>;
  /** Entries from `from` on, whole entries only, at least one when any exists, then up to `bytesMax`. `from` may lie inside an entry: then that whole entry comes first. */
  read(partition: string, from: bigint, options: ReadOptions): Promise<readonly LogEntry[]>;
  range(partition: string): Promise<LogRange>;
  /** Forgets whole entries that end at or before `before`. The caller proves first that they are committed and archived. */
  trim(partition: string, before: bigint): Promise<void>;
  /** Calls `wake` after each durable append to the partition; returns a function that stops it. */
  onAppend(partition: string, wake: () => void): () => void;
  partitions(): Promise<readonly string[]>;
  close(): Promise<void>;
}
