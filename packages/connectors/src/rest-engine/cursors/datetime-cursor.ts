// Reads by time: windows from the last value to now, bounds in the upstream's own formats, the highest value of each closed window as state.
import { MillraceError } from "@millrace/core";
import { joinParts, partOf } from "../build-request.ts";
import type { CursorStrategy, EngineContext, OpenCursor, SeenValues } from "../components.ts";
import { valueAtPath } from "../record-path.ts";
import type { RequestOption } from "../request.ts";
import type { Fields, StreamSlice } from "../slice.ts";
import { addDuration, type CalendarDuration } from "./duration.ts";
import { windowsOf, type WindowRules } from "./windows.ts";

/** Times as the upstream writes them, and as microseconds since the epoch. */
export interface TimeCodec {
  /** Undefined when no format fits. */
  parse(value: unknown): bigint | undefined;
  /** As requests and states carry it. */
  format(micros: bigint): unknown;
}

export interface DatetimeCursorOptions extends WindowRules {
  /** Name of the field in a record. */
  readonly field: string;
  readonly codec: TimeCodec;
  /** First instant of interest. */
  readonly start: (nowMicros: bigint) => bigint;
  /** Last instant; asked once per read. */
  readonly end: (nowMicros: bigint) => bigint;
  readonly lookback?: CalendarDuration;
  readonly startOption?: RequestOption;
  readonly endOption?: RequestOption;
  /** Names of the bounds in a slice. Default: `start_time`, `end_time`. */
  readonly names?: readonly [string, string];
  readonly compares: CursorStrategy["compares"];
}

/** A cursor over the whole stream. Its state is `{ <field>: <highest value> }`. */
export function datetimeCursor(options: DatetimeCursorOptions): CursorStrategy {
  return {
    field: [options.field],
    compares: options.compares,
    open: (context, state) => new DatetimeCursor(context, options, state),
  };
}

/** What was read of a window that is not closed. */
interface Pending {
  readonly highest?: unknown;
}

export class DatetimeCursor implements OpenCursor {
  readonly #context: EngineContext;
  readonly #options: DatetimeCursorOptions;
  readonly #start: bigint;
  readonly #end: bigint;
  /** Where this read began. */
  readonly #from: bigint;
  /** Highest value of everything that is closed. */
  #highest: bigint;
  /** Highest value of the slice under way; slices are walked one after the other. */
  #pending: bigint | undefined;
  #ascending = true;
  #resumedBehind: bigint | undefined;
  #warned = false;

  /** @param earlier moves the state back, for partitions that never had one of their own @throws MillraceError state-invalid */
  constructor(context: EngineContext, options: DatetimeCursorOptions, state: unknown, earlier = 0n) {
    const now = context.clock.nowMicros();
    this.#context = context;
    this.#options = options;
    this.#start = options.start(now);
    this.#end = options.end(now);
    const stored = stateValue(state, options);
    const last = stored === undefined ? undefined : stored - earlier;
    this.#from = last !== undefined && last >= this.#start ? last : this.#start;
    this.#highest = this.#from;
  }

  *windows(): Generator<Fields> {
    const { lookback, codec } = this.#options;
    const [startName, endName] = this.#names;
    // One window is all there is: what came since is for the next read.
    if (this.#resumedBehind !== undefined && this.#options.step === undefined) return;
    for (const { start, end } of windowsOf(this.#lower(lookback), this.#end, this.#options, this.#start))
      yield { [startName]: codec.format(start), [endName]: codec.format(end) };
  }

  #lower(lookback: CalendarDuration | undefined): bigint {
    if (this.#resumedBehind !== undefined) return this.#resumedBehind;
    return lookback === undefined ? this.#from : addDuration(this.#from, lookback, -1);
  }

  parts({ window }: StreamSlice): ReturnType<OpenCursor["parts"]> {
    const { startOption, endOption } = this.#options;
    const [startName, endName] = this.#names;
    return joinParts([partOf(startOption, window[startName]), partOf(endOption, window[endName])]);
  }

  observe(_: StreamSlice, { values }: SeenValues): void {
    for (const value of values) {
      const micros = this.#parsed(value);
      if (micros === undefined) continue;
      if (this.#pending !== undefined && micros < this.#pending) this.#ascending = false;
      if (this.#pending === undefined || micros > this.#pending) this.#pending = micros;
    }
  }

  close(): void {
    if (this.#pending !== undefined) this.#highest = max(this.#highest, this.#pending);
    this.#pending = undefined;
  }

  finish(): void {
    // What is closed is in the state already.
  }

  keeps(_: StreamSlice, record: Fields): boolean {
    const micros = this.#parsed(valueAtPath(record, [this.#options.field]));
    if (micros === undefined) return true;
    return this.#lowestKept() <= micros && micros <= this.#end;
  }

  #lowestKept(): bigint {
    const { lookback } = this.#options;
    return lookback === undefined ? this.#from : max(addDuration(this.#from, lookback, -1), this.#start);
  }

  isPassed(slice: StreamSlice, lastRecord: Fields): boolean {
    return this.#options.compares === "behind-paginator" && !this.keeps(slice, lastRecord);
  }

  narrow(slice: StreamSlice): StreamSlice | undefined {
    if (this.#pending === undefined) return undefined;
    if (!this.#ascending)
      this.#context.log.warn("a slice is cut at its newest record although records do not come in order", {
        field: this.#options.field,
      });
    return { ...slice, window: { ...slice.window, [this.#names[0]]: this.#options.codec.format(this.#pending) } };
  }

  state(): Fields {
    return { [this.#options.field]: this.#options.codec.format(this.#highest) };
  }

  pending(): Pending {
    return this.#pending === undefined ? {} : { highest: this.#options.codec.format(this.#pending) };
  }

  /** The slice is walked to its end; the windows that follow begin behind it. */
  resume(slice: StreamSlice, pending: unknown): void {
    const { codec, granularity } = this.#options;
    this.#pending = codec.parse((pending as Pending | undefined)?.highest);
    const end = codec.parse(slice.window[this.#names[1]]);
    if (end === undefined) return;
    this.#resumedBehind = granularity === undefined ? end : addDuration(end, granularity);
  }

  get #names(): readonly [string, string] {
    return this.#options.names ?? ["start_time", "end_time"];
  }

  #parsed(value: unknown): bigint | undefined {
    if (value === undefined || value === null) return undefined;
    const micros = this.#options.codec.parse(value);
    if (micros === undefined && !this.#warned) {
      this.#warned = true;
      this.#context.log.warn(
        "a cursor value has none of the declared formats; such records are kept and do not move the cursor",
        {
          field: this.#options.field,
        },
      );
    }
    return micros;
  }
}

function stateValue(state: unknown, { field, codec }: DatetimeCursorOptions): bigint | undefined {
  const value = (state as Fields | null | undefined)?.[field];
  if (value === undefined || value === null || value === "") return undefined;
  const micros = codec.parse(value);
  if (micros !== undefined) return micros;
  throw new MillraceError(
    "state-invalid",
    `The state of field "${field}" is ${JSON.stringify(value)}, which has none of the declared formats.`,
  );
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
