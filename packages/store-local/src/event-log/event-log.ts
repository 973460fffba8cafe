// SqliteEventLog: where events become durable. Appends that wait together share one transaction and one sync on the log's own thread.
import {
  failpoint,
  fromErrorReport,
  isMillraceError,
  MillraceError,
  systemClock,
  systemRandom,
  toMillraceError,
  type Appended,
  type AppendRequest,
  type Clock,
  type EventLog,
  type LogEntry,
  type LogRange,
  type Random,
  type ReadOptions,
} from "@millrace/core";
import { WorkerLink } from "../worker/worker-link.ts";
import { LogCheckpointer } from "./log-checkpointer.ts";
import { AppendQueue, describeAppend, packGroup, type QueueBounds, type WaitingAppend } from "./append-queue.ts";
import type { GroupAnswer, GroupMessage, LogFileOptions, ReadAnswer } from "./log-messages.ts";

export interface SqliteEventLogOptions extends Partial<QueueBounds> {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Idempotency keys that are remembered at least, unless they are older than the age. */
  readonly idempotencyKeysMax?: number;
  readonly idempotencyAgeMs?: number;
  /** Length of the write-ahead log at which appends wait for a checkpoint; a quarter of it starts one beside them. */
  readonly walBytesMax?: number;
  /** Space of trimmed entries that the file keeps for later ones before it is given back. */
  readonly freeBytesMax?: number;
  /** Hard limit of the file, to protect the rest of the disk; reaching it is `storage-full`. */
  readonly fileBytesMax?: number;
}

const MiB = 1024 * 1024;
const defaults = {
  queueBytesMax: 64 * MiB,
  queueAppendsMax: 10_000,
  groupBytesMax: 4 * MiB,
  idempotencyKeysMax: 100_000,
  idempotencyAgeMs: 24 * 3_600_000,
  walBytesMax: 128 * MiB,
  freeBytesMax: 256 * MiB,
};
/** A long read goes in slices, so that appends get their turn between them. */
const readSliceBytes = 4 * MiB;
const idempotencyKeyLengthMax = 255;

/**
 * Opens or creates the log file. It can be open once only, in any process.
 *
 * @throws data-folder-locked, data-folder-newer, data-folder-invalid, storage-failed, storage-full
 * @example const log = await openSqliteEventLog(".millrace/log.sqlite");
 */
export async function openSqliteEventLog(file: string, options: SqliteEventLogOptions = {}): Promise<SqliteEventLog> {
  const { clock = systemClock, random = systemRandom, fileBytesMax, ...rest } = options;
  const settings = { ...defaults, ...rest };
  const { idempotencyKeysMax, idempotencyAgeMs, walBytesMax, freeBytesMax } = settings;
  const bounds = { idempotencyKeysMax, idempotencyAgeMs, walBytesMax, freeBytesMax };
  const identity = { file, incarnation: random.uuid(), nowMicros: clock.nowMicros() };
  const workerData: LogFileOptions = {
    ...identity,
    ...bounds,
    ...(fileBytesMax === undefined ? {} : { fileBytesMax }),
  };
  const link = new WorkerLink("./log-worker", import.meta.url, "event-log", workerData);
  try {
    const incarnation = (await link.call("open", undefined)) as string;
    return new SqliteEventLog(link, { file, incarnation, clock, bounds: settings });
  } catch (thrown) {
    await link.abandon();
    throw thrown;
  }
}

/** See the port `EventLog` for what is guaranteed. Payloads must not change until their append has settled. */
export class SqliteEventLog implements EventLog {
  readonly incarnation: string;
  readonly #link: WorkerLink;
  readonly #clock: Clock;
  readonly #queue: AppendQueue;
  readonly #checkpointer: LogCheckpointer;
  readonly #listeners = new Map<string, Set<() => void>>();
  #spare: ArrayBuffer | undefined;
  #pumping: Promise<void> | undefined;
  #stopped: MillraceError | undefined;
  #heldTrims = 0;

  constructor(link: WorkerLink, parts: { file: string; incarnation: string; clock: Clock; bounds: QueueBounds }) {
    this.#link = link;
    this.incarnation = parts.incarnation;
    this.#clock = parts.clock;
    this.#queue = new AppendQueue(parts.bounds);
    this.#checkpointer = new LogCheckpointer(link, { ...parts, failed: (thrown) => this.#poison(thrown) });
  }

  append(request: AppendRequest): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) throw this.#stopped;
      requireValid(request);
      this.#queue.push({ request, resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  async read(partition: string, from: bigint, { bytesMax }: ReadOptions): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    let bytes = 0;
    let at = from;
    do {
      const slice = Math.min(bytesMax - bytes, readSliceBytes);
      const more = unpack((await this.#link.call("read", { partition, from: at, bytesMax: slice })) as ReadAnswer);
      const last = more.at(-1);
      if (last === undefined) break;
      for (const entry of more) {
        // The first entry of a slice comes whole whatever its size; only the very first may exceed the bound.
        if (entries.length > 0 && bytes + entry.payload.byteLength > bytesMax) return entries;
        entries.push(entry);
        bytes += entry.payload.byteLength;
      }
      at = last.offset + BigInt(last.count);
    } while (bytes < bytesMax);
    return entries;
  }

  async range(partition: string): Promise<LogRange> {
    return (await this.#link.call("range", partition)) as LogRange;
  }

  async trim(partition: string, before: bigint): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#heldTrims > 0) return;
    failpoint("log.trim");
    try {
      let more = await this.#link.call("trim", { partition, before });
      while (more === true) more = await this.#link.call("sweep", partition);
    } catch (thrown) {
      if (!isMillraceError(thrown, "log-offset-out-of-range")) this.#poison(thrown);
      throw thrown;
    }
    failpoint("log.trim");
    this.#checkpointer.written();
  }

  onAppend(partition: string, wake: () => void): () => void {
    const listeners = this.#listeners.get(partition) ?? new Set();
    this.#listeners.set(partition, listeners);
    listeners.add(wake);
    return () => {
      listeners.delete(wake);
    };
  }

  async partitions(): Promise<readonly string[]> {
    return (await this.#link.call("partitions", undefined)) as readonly string[];
  }

  /** Until the returned function is called, `trim` does nothing: what a backup of the warehouse still needs stays. */
  holdTrims(): () => void {
    this.#heldTrims += 1;
    let held = true;
    return () => {
      if (held) this.#heldTrims -= 1;
      held = false;
    };
  }

  /** Writes a complete copy of the log to a new file. Appends wait meanwhile. */
  async backup(target: string): Promise<void> {
    await this.#link.call("backup", target);
  }

  /** Waits for the appends under way, then closes. Later appends are refused with `cancelled`. */
  async close(): Promise<void> {
    this.#stopped ??= new MillraceError("cancelled", "The event log is closed.");
    await this.#pumping;
    await this.#checkpointer.close();
    await this.#link.close();
  }

  /** Sends group after group while appends wait. */
  async #pump(): Promise<void> {
    // Requests that arrive in the same turn of the event loop belong to the same group.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#queue.isEmpty) {
      const group = this.#queue.takeGroup();
      try {
        const answer = await this.#commit(group);
        this.#queue.settled(group);
        this.#acknowledge(group, answer);
        if (answer.checkpointDue) this.#checkpointer.due();
      } catch (thrown) {
        this.#queue.settled(group);
        const error = toMillraceError(thrown);
        for (const append of group) append.reject(error);
        this.#poison(error);
      }
    }
    this.#pumping = undefined;
    this.#checkpointer.written();
  }

  async #commit(group: readonly WaitingAppend[]): Promise<GroupAnswer> {
    const buffer = packGroup(group, this.#spare);
    this.#spare = undefined;
    const message: GroupMessage = { buffer, nowMicros: this.#clock.nowMicros(), appends: group.map(describeAppend) };
    const answer = this.#link.call("append", message, [buffer]);
    failpoint("log.sync");
    const { buffer: spare, ...rest } = (await answer) as GroupAnswer;
    this.#spare = spare;
    failpoint("log.sync");
    return { buffer: spare, ...rest };
  }

  #acknowledge(group: readonly WaitingAppend[], answer: GroupAnswer): void {
    const woken = new Set<string>();
    for (const [index, append] of group.entries()) {
      const outcome = answer.outcomes[index];
      if (outcome === undefined) append.reject(new MillraceError("internal", "An append was not answered."));
      else if ("error" in outcome) append.reject(fromErrorReport(outcome.error));
      else {
        append.resolve(outcome);
        if (!outcome.repeated) woken.add(append.request.partition);
      }
    }
    for (const partition of woken) {
      for (const wake of this.#listeners.get(partition) ?? []) wake();
    }
  }

  #poison(thrown: unknown): void {
    const cause = toMillraceError(thrown);
    this.#stopped ??= new MillraceError(
      "storage-poisoned",
      `The event log has stopped after an error: ${cause.message}`,
      {
        cause,
        details: { first: cause.code },
      },
    );
    for (const append of this.#queue.takeAll()) append.reject(this.#stopped);
  }
}

function requireValid({ count, payload, idempotencyKey }: AppendRequest): void {
  if (!Number.isInteger(count) || count < 1 || payload.byteLength < count) {
    throw new MillraceError(
      "request-invalid",
      `An append holds at least one record; received ${count} in ${payload.byteLength} bytes.`,
    );
  }
  if (idempotencyKey !== undefined && (idempotencyKey === "" || idempotencyKey.length > idempotencyKeyLengthMax)) {
    throw new MillraceError("request-invalid", `An idempotency key has 1 to ${idempotencyKeyLengthMax} characters.`);
  }
}

function unpack({ blobs, entries }: ReadAnswer): LogEntry[] {
  return entries.map(({ offset, count, receivedAtMicros, blob, start, end }) => ({
    offset,
    count,
    receivedAtMicros,
    payload: (blobs[blob] ?? new Uint8Array()).subarray(start, end),
  }));
}
