// The log side of an events channel: checks the committed cursor against the log, reads entries, archives them as raw, and says what becomes one batch.
import {
  MillraceError,
  type Arrival,
  type Clock,
  type Cursor,
  type EventLog,
  type LogEntry,
  type LogRange,
  type ObjectStore,
} from "@millrace/core";
import { recordsOf } from "./payload.ts";

/** A batch whose raw object is durable; it ends before `end`. */
export interface PreparedEvents {
  readonly arrival: Arrival;
  readonly end: bigint;
  readonly bytes: number;
  readonly oldestMicros: bigint;
}

export interface EventSourceParts {
  readonly eventLog: EventLog;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

export class EventSource {
  readonly #parts: EventSourceParts;
  readonly #domain: string;
  readonly #name: string;
  readonly #stream: string;

  constructor(
    parts: EventSourceParts,
    channel: { readonly domain: string; readonly name: string; readonly stream: string },
  ) {
    this.#parts = parts;
    this.#domain = channel.domain;
    this.#name = channel.name;
    this.#stream = channel.stream;
  }

  get partition(): string {
    return `${this.#domain}.${this.#name}`;
  }

  range(): Promise<LogRange> {
    return this.#parts.eventLog.range(this.partition);
  }

  /**
   * The offset where a committed cursor goes on.
   *
   * @throws MillraceError log-incarnation-mismatch, log-offset-out-of-range: log and warehouse are not of one history
   */
  async begin(cursor: Cursor): Promise<bigint> {
    const { incarnation } = this.#parts.eventLog;
    const { first, next } = await this.range();
    if (cursor !== null && cursor["incarnation"] !== incarnation)
      throw new MillraceError(
        "log-incarnation-mismatch",
        `The cursor of ${this.partition} belongs to log ${String(cursor["incarnation"])}; this log is ${incarnation}.`,
      );
    const offset = cursor === null ? 0n : BigInt(String(cursor["offset"]));
    if (offset >= first && offset <= next) return offset;
    throw new MillraceError(
      "log-offset-out-of-range",
      `The cursor of ${this.partition} is at ${offset}; the log holds ${first} to ${next}.`,
    );
  }

  /** The cursor that says "everything before `offset` is committed". Offset 0 is the beginning: no cursor at all. */
  cursorAt(offset: bigint): Cursor {
    return offset === 0n ? null : { incarnation: this.#parts.eventLog.incarnation, offset: String(offset) };
  }

  /** Reads from `from` on and archives what it read; undefined when there is nothing. The object is durable before this resolves. */
  async prepare(from: bigint, bytesMax: number): Promise<PreparedEvents | undefined> {
    const entries = await this.#parts.eventLog.read(this.partition, from, { bytesMax });
    const last = entries.at(-1);
    const first = entries[0];
    if (first === undefined || last === undefined) return undefined;
    const content = Buffer.concat(entries.map((entry) => recordsFrom(entry, from)));
    const ref = await this.#parts.objects.put(content, { prefix: this.#prefix(), extension: "ndjson", codec: "zstd" });
    const end = last.offset + BigInt(last.count);
    return {
      end,
      bytes: content.byteLength,
      oldestMicros: first.receivedAtMicros,
      arrival: {
        stream: this.#stream,
        objects: [{ ref, encoding: "none" }],
        format: { kind: "ndjson" },
        before: this.cursorAt(from),
        after: this.cursorAt(end),
        receivedAtMicros: first.receivedAtMicros,
      },
    };
  }

  #prefix(): string {
    const day = new Date(this.#parts.clock.nowMs()).toISOString().slice(0, 10).replaceAll("-", "/");
    return `raw/${this.#domain}/${this.#name}/${day}`;
  }
}

/** The entry's records at or behind `from`; an entry that lies behind it is passed on as it is. */
function recordsFrom(entry: LogEntry, from: bigint): Uint8Array {
  let skip = Number(from - entry.offset);
  if (skip <= 0) return entry.payload;
  let start = 0;
  for (const record of recordsOf(entry.payload)) {
    if (skip === 0) break;
    start += record.byteLength + 1;
    skip -= 1;
  }
  return entry.payload.subarray(start);
}
