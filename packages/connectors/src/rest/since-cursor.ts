// The cursor behind `since`: the highest value of a field becomes a parameter of the next read. Its state is that value as text.
import { didYouMean, isRawNumber, MillraceError, type Clock } from "@millrace/core";
import type { CursorStrategy, EngineContext, OpenCursor, SeenValues } from "../rest-engine/components.ts";
import { lookBack, raiseHighWater } from "./high-water.ts";
import { parseJsonPath } from "./json-path.ts";
import type { StreamConfig } from "./rest-config.ts";

type Since = NonNullable<StreamConfig["since"]>;

export function sinceCursor(since: Since, stream: string): CursorStrategy {
  return {
    field: sincePath(since.field),
    compares: "never",
    open: (context, state) =>
      new SinceCursor(context, { since, stream, mark: typeof state === "string" ? state : undefined }),
  };
}

class SinceCursor implements OpenCursor {
  readonly #clock: Clock;
  readonly #log: EngineContext["log"];
  readonly #since: Since;
  readonly #stream: string;
  readonly #parameter: string | undefined;
  #mark: string | undefined;
  #high: string | undefined;
  #isResumed = false;

  constructor(
    { clock, log }: EngineContext,
    { since, stream, mark }: { since: Since; stream: string; mark: string | undefined },
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#since = since;
    this.#stream = stream;
    this.#mark = mark;
    this.#high = mark;
    this.#parameter = parameterOf(since, mark);
  }

  windows(): readonly Record<string, never>[] {
    return this.#isResumed ? [] : [{}];
  }

  parts(): ReturnType<OpenCursor["parts"]> {
    return this.#parameter === undefined ? {} : { query: { [this.#since.param]: this.#parameter } };
  }

  observe(_: unknown, seen: SeenValues): void {
    const values = sinceValues(seen, sincePath(this.#since.field));
    const { value, ignored } = raiseHighWater(this.#high, values, this.#clock.nowMs());
    if (ignored > 0)
      this.#log.warn("values of the since field do not fit and did not move the mark", {
        stream: this.#stream,
        ignored,
      });
    this.#high = value;
  }

  /** Pages need not come in order: only a whole pass moves the mark. */
  close(): void {
    this.#mark = this.#high;
  }

  finish(): void {
    // The mark moved with the only slice.
  }

  keeps(): boolean {
    return true;
  }

  isPassed(): boolean {
    return false;
  }

  narrow(): undefined {
    return undefined;
  }

  state(): string | undefined {
    return this.#mark;
  }

  pending(): string | undefined {
    return this.#high;
  }

  resume(_: unknown, pending: unknown): void {
    this.#isResumed = true;
    if (typeof pending === "string") this.#high = pending;
  }
}

/** The mark moved back by the lookback, else the declared start, else nothing. @throws MillraceError channel-invalid */
function parameterOf(since: Since, mark: string | undefined): string | undefined {
  if (mark === undefined) return since.start === undefined ? undefined : String(since.start);
  if (since.lookback === undefined) return mark;
  const value = lookBack(mark, since.lookback);
  if (value !== undefined) return value;
  throw new MillraceError(
    "channel-invalid",
    `since: lookback ${JSON.stringify(since.lookback)} does not fit "${since.field}", whose highest value is ${mark}.`,
    { hint: 'Give a duration such as "10m" for dates and instants, and a number for numbers.' },
  );
}

/** A name, or a path that begins with `$`. */
function sincePath(field: string): readonly string[] {
  return field.startsWith("$") ? parseJsonPath(field) : [field];
}

/** Texts and numbers as exact text; records without a value are passed over. @throws MillraceError upstream-records-missing when no record has it */
export function sinceValues({ values, sample, place }: SeenValues, path: readonly string[]): readonly string[] {
  if (values.every((value) => value === undefined)) throw missing(sample, path, place);
  return values.flatMap((value) => {
    if (typeof value === "string" && value !== "") return [value];
    if (typeof value === "bigint") return [String(value)];
    if (isRawNumber(value)) return [/e/i.test(value.rawJSON) ? plainNumber(Number(value.rawJSON)) : value.rawJSON];
    return typeof value === "number" && Number.isFinite(value) ? [plainNumber(value)] : [];
  });
}

/** Without exponent, so that it compares and travels as digits. */
function plainNumber(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/0+$/, "");
}

function missing(record: unknown, path: readonly string[], place: string): MillraceError {
  const names = typeof record === "object" && record !== null ? Object.keys(record) : [];
  const field = path.join(".");
  const shown = names.slice(0, 20).join(", ") || "no fields";
  return new MillraceError(
    "upstream-records-missing",
    `${place}: no record has the field "${field}" that since names${didYouMean(field, names)}. Records have ${shown}.`,
    { hint: "Correct `since` of the stream; committed pages are kept.", details: { field } },
  );
}
