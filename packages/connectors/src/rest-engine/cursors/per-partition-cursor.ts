// A cursor of each partition, up to a bound; beyond it one for all. State: `{ states: [{ partition, cursor }], state, lookback_window,
// use_global_cursor }`, as Airbyte keeps it. Partitions are walked one after the other.
import { MillraceError } from "@millrace/core";
import type { CursorStrategy, EngineContext, OpenCursor, SeenValues } from "../components.ts";
import type { Fields, StreamSlice } from "../slice.ts";
import { DatetimeCursor, type DatetimeCursorOptions } from "./datetime-cursor.ts";

export interface PerPartitionOptions extends DatetimeCursorOptions {
  /** One value for all partitions from the start, which moves when all of them are done. */
  readonly global: boolean;
  /** Partitions with a value of their own, before the cursor becomes global for good. Default: 10,000. */
  readonly partitionsMax?: number;
  /** Brings states of other shapes into this one. */
  readonly migrate?: (state: unknown) => unknown;
}

const partitionsMaxDefault = 10_000;

export function perPartitionCursor(options: PerPartitionOptions): CursorStrategy {
  return {
    field: [options.field],
    compares: options.compares,
    open: (context, state) => new PerPartitionCursor(context, options, options.migrate?.(state) ?? state),
  };
}

interface StoredState {
  readonly states?: readonly { readonly partition: Fields; readonly cursor: Fields }[];
  readonly state?: Fields;
  readonly use_global_cursor?: boolean;
  readonly lookback_window?: number;
}

class PerPartitionCursor implements OpenCursor {
  readonly #context: EngineContext;
  readonly #options: PerPartitionOptions;
  /** Values of closed partitions by key, in the order in which they came. */
  readonly #states = new Map<string, Fields>();
  readonly #startedMs: number;
  #isGlobal: boolean;
  #global: Fields | undefined;
  /** Highest value of this read; becomes the global one when all partitions are done. */
  #highest: bigint | undefined;
  #observed = false;
  #lookbackS: number;
  #key = "";
  #current: DatetimeCursor;

  constructor(context: EngineContext, options: PerPartitionOptions, state: unknown) {
    this.#context = context;
    this.#options = options;
    this.#startedMs = context.clock.monotonicMs();
    const stored = storedState(state, options.field);
    for (const { partition, cursor } of stored.states ?? []) this.#states.set(keyOf(partition), cursor);
    this.#global = stored.state;
    this.#highest = this.#valueOf(stored.state);
    this.#lookbackS = stored.lookback_window ?? 0;
    this.#isGlobal = options.global || (stored.use_global_cursor ?? false);
    this.#current = this.#open("");
  }

  #open(key: string): DatetimeCursor {
    const own = this.#states.get(key);
    if (own !== undefined) return new DatetimeCursor(this.#context, this.#options, own);
    const earlier = this.#global === undefined ? 0n : BigInt(Math.round(this.#lookbackS * 1_000_000));
    return new DatetimeCursor(this.#context, this.#options, this.#global, earlier);
  }

  #enter(partition: Fields): DatetimeCursor {
    const key = keyOf(partition);
    if (key === this.#key) return this.#current;
    this.#key = key;
    this.#current = this.#open(key);
    return this.#current;
  }

  windows(partition: Fields): Iterable<Fields> {
    return this.#enter(partition).windows();
  }

  parts(slice: StreamSlice): ReturnType<OpenCursor["parts"]> {
    return this.#current.parts(slice);
  }

  observe(slice: StreamSlice, seen: SeenValues): void {
    this.#enter(slice.partition).observe(slice, seen);
    for (const value of seen.values) {
      const micros = this.#options.codec.parse(value);
      if (micros === undefined) continue;
      this.#observed = true;
      if (this.#highest === undefined || micros > this.#highest) this.#highest = micros;
    }
  }

  close(slice: StreamSlice): void {
    const cursor = this.#enter(slice.partition);
    cursor.close();
    if (this.#isGlobal) return;
    // Taken out and put in again: the partition is the youngest now.
    this.#states.delete(this.#key);
    this.#states.set(this.#key, cursor.state());
    if (this.#states.size <= (this.#options.partitionsMax ?? partitionsMaxDefault)) return;
    this.#isGlobal = true;
    this.#context.log.warn("more partitions than can have a cursor each: one for all of them from here on", {
      partitions: this.#states.size,
    });
  }

  finish(): void {
    if (this.#observed && this.#highest !== undefined) {
      this.#global = { [this.#options.field]: this.#options.codec.format(this.#highest) };
      // What came to a partition after it was read is read again.
      this.#lookbackS = Math.ceil((this.#context.clock.monotonicMs() - this.#startedMs) / 1000);
    }
    if (this.#isGlobal) this.#states.clear();
  }

  keeps(slice: StreamSlice, record: Fields): boolean {
    return this.#enter(slice.partition).keeps(slice, record);
  }

  isPassed(slice: StreamSlice, lastRecord: Fields): boolean {
    return this.#enter(slice.partition).isPassed(slice, lastRecord);
  }

  narrow(slice: StreamSlice): StreamSlice | undefined {
    return this.#enter(slice.partition).narrow(slice);
  }

  state(): Fields {
    const states = Array.from(this.#states, ([key, cursor]) => ({ partition: JSON.parse(key) as Fields, cursor }));
    return {
      use_global_cursor: this.#isGlobal,
      ...(this.#isGlobal ? {} : { states }),
      ...(this.#global === undefined ? {} : { state: this.#global }),
      lookback_window: this.#lookbackS,
    };
  }

  pending(slice: StreamSlice): unknown {
    const highest = this.#highest === undefined ? {} : { all: this.#options.codec.format(this.#highest) };
    return { ...this.#enter(slice.partition).pending(), ...highest, observed: this.#observed };
  }

  resume(slice: StreamSlice, pending: unknown): void {
    const { all, observed } = (pending ?? {}) as { readonly all?: unknown; readonly observed?: unknown };
    this.#enter(slice.partition).resume(slice, pending);
    this.#highest = this.#options.codec.parse(all) ?? this.#highest;
    this.#observed = observed === true;
  }

  #valueOf(state: Fields | undefined): bigint | undefined {
    return this.#options.codec.parse(state?.[this.#options.field]);
  }
}

/** Identity of a partition, whatever the order of its fields. */
function keyOf(partition: Fields): string {
  return JSON.stringify(sorted(partition));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Fields;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((name) => [name, sorted(fields[name])]),
  );
}

/** A state of one value counts for all partitions. @throws MillraceError state-invalid */
function storedState(state: unknown, field: string): StoredState {
  if (state === undefined || state === null) return {};
  if (typeof state !== "object" || Array.isArray(state))
    throw new MillraceError(
      "state-invalid",
      `The state of the stream is ${JSON.stringify(state)}; an object is expected.`,
    );
  if (!("states" in state) && !("state" in state)) return field in state ? { state: state as Fields } : {};
  const { states } = state as StoredState;
  if (states !== undefined && !(Array.isArray(states) && states.every((entry) => isEntry(entry))))
    throw new MillraceError(
      "state-invalid",
      'The state of the stream has "states" that are no list of partitions with their cursors.',
    );
  return state as StoredState;
}

function isEntry(entry: unknown): boolean {
  const { partition, cursor } = (entry ?? {}) as { readonly partition?: unknown; readonly cursor?: unknown };
  return typeof partition === "object" && partition !== null && typeof cursor === "object" && cursor !== null;
}
