// How authors write columns: `t.decimal(12, 2).min(0)`. Builders are immutable; each call returns a new one.
import { MillraceError } from "../errors/millrace-error.ts";
import type { CleansingStep } from "./cleansing.ts";
import type { ColumnCheck, ColumnDefinition, RuleOptions, Severity } from "./contract.ts";
import type { LogicalType } from "./logical-type.ts";
import { patternText } from "./pattern-text.ts";

type ColumnFacts = Omit<ColumnDefinition, "name">;
type Bound = number | bigint | string;

/** Values of the row type: `Value` is what TypeScript code sees; `Optional` says whether NULL is allowed. */
export class ColumnBuilder<Value, Optional extends boolean = false> {
  /** Carries the inferred type; never present at run time. */
  declare readonly infer: Optional extends true ? Value | null : Value;
  readonly facts: ColumnFacts;

  constructor(facts: ColumnFacts) {
    this.facts = facts;
  }

  /** Allows NULL (an empty CSV cell, a missing or null JSON field). */
  optional(): ColumnBuilder<Value, true> {
    return new ColumnBuilder<Value, true>({ ...this.facts, required: false });
  }

  /** Makes the column part of the table's key. */
  key(): ColumnBuilder<Value, false> {
    return new ColumnBuilder<Value, false>({ ...this.facts, key: true, required: true });
  }

  /** Personal data: values are never shown in errors, logs or plans. */
  pii(): ColumnBuilder<Value, Optional> {
    return this.#with({ pii: true });
  }

  /** Orders the versions of one key: a merge never replaces a row that has a higher value here. */
  version(): ColumnBuilder<Value, Optional> {
    return this.#with({ version: true });
  }

  /** The field's name in the source, where it differs from the column's. */
  from(source: string): ColumnBuilder<Value, Optional> {
    return this.#with({ source });
  }

  /** Foreign key `domain.table.column`, or `table.column` inside the same domain. Rows whose parent is missing are held. */
  references(target: string): ColumnBuilder<Value, Optional> {
    const at = target.lastIndexOf(".");
    return this.#with({ references: { table: target.slice(0, at), column: target.slice(at + 1) } });
  }

  /**
   * What happens to the source's text before it is converted and judged; the original stays as it came in raw and quarantine.
   *
   * @example t.date().clean(clean.trim(), clean.nullIf("n/a"), clean.date("DD.MM.YYYY"))
   */
  clean(...steps: readonly CleansingStep[]): ColumnBuilder<Value, Optional> {
    return this.#with({ cleansing: [...(this.facts.cleansing ?? []), ...steps] });
  }

  /** The stored column that this one was: its values come along. */
  renamedFrom(column: string): ColumnBuilder<Value, Optional> {
    return this.#with({ renamedFrom: column });
  }

  /**
   * Stored values of another type are converted exactly; the values as they were stay in storage. A value that cannot be converted refuses the
   * change, or becomes NULL with `otherwise: "missing"`.
   *
   * @param type as errors name it: `string`, `decimal(12,2)`
   */
  convertedFrom(type: string, options: { otherwise?: "missing" } = {}): ColumnBuilder<Value, Optional> {
    return this.#with({ convertedFrom: { type, ...options } });
  }

  /** The value that stored rows get where they have none, so that the column can be required. */
  filledWith(value: string | number | bigint | boolean): ColumnBuilder<Value, Optional> {
    return this.#with({ filledWith: String(value) });
  }

  describe(description: string): ColumnBuilder<Value, Optional> {
    return this.#with({ description });
  }

  /** Lowest valid value (numbers, dates and instants as ISO text). */
  min(value: Bound, options: RuleOptions & { exclusive?: boolean } = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "min", value: String(value), ...options });
  }

  /** Highest valid value (numbers, dates and instants as ISO text). */
  max(value: Bound, options: RuleOptions & { exclusive?: boolean } = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "max", value: String(value), ...options });
  }

  /** A whole multiple of a number, such as 0.05. */
  multipleOf(step: number | string, options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "multipleOf", step: String(step), ...options });
  }

  /** Length in Unicode code points. */
  length(bounds: RuleOptions & { min?: number; max?: number }): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "length", ...bounds });
  }

  /** Something in it that is not white space. */
  notBlank(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notBlank", ...options });
  }

  /** No letter that the other case would change. */
  casing(to: "lower" | "upper", options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "casing", to, ...options });
  }

  /** A regular expression that is found in the text. */
  pattern(pattern: RegExp | string, options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "pattern", pattern: patternText(pattern), ...options });
  }

  /** A regular expression that must not be found in the text. */
  notPattern(pattern: RegExp | string, options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notPattern", pattern: patternText(pattern), ...options });
  }

  /** SQL's LIKE: `%` any text, `_` one character. */
  like(pattern: string, options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "like", pattern, ...options });
  }

  notLike(pattern: string, options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notLike", pattern, ...options });
  }

  email(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "email", ...options });
  }

  /** An http or https address. */
  url(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "url", ...options });
  }

  /** An international telephone number, `+` and 7 to 15 digits. */
  phone(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "phone", ...options });
  }

  ipv4(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "ipv4", ...options });
  }

  uuidText(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "uuidText", ...options });
  }

  /** Two capital letters (ISO 3166-1 alpha-2). */
  countryCode(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "countryCode", ...options });
  }

  /** A code of ISO 4217. */
  currencyCode(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "currencyCode", ...options });
  }

  /** Text that can be read as JSON. */
  jsonText(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "jsonText", ...options });
  }

  /** Not after the moment when the batch was received. */
  notFuture(options: RuleOptions = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notFuture", ...options });
  }

  oneOf(...values: readonly (string | number)[]): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "oneOf", values: values.map(String) });
  }

  notOneOf(...values: readonly (string | number)[]): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notOneOf", values: values.map(String) });
  }

  /** What a failure of the check before this does, instead of sending the row to quarantine. */
  severity(severity: Severity): ColumnBuilder<Value, Optional> {
    return this.#last({ severity });
  }

  /** Last part of the code of the check before this, instead of its kind. */
  named(name: string): ColumnBuilder<Value, Optional> {
    return this.#last({ name });
  }

  #check(check: ColumnCheck): ColumnBuilder<Value, Optional> {
    return this.#with({ checks: [...this.facts.checks, check] });
  }

  #last(options: RuleOptions): ColumnBuilder<Value, Optional> {
    const last = this.facts.checks.at(-1);
    if (last === undefined)
      throw new MillraceError(
        "contract-invalid",
        "severity() and named() stand after the check that they are about, such as min(0).",
      );
    return this.#with({ checks: [...this.facts.checks.slice(0, -1), { ...last, ...options }] });
  }

  #with(change: Partial<ColumnFacts>): ColumnBuilder<Value, Optional> {
    return new ColumnBuilder<Value, Optional>({ ...this.facts, ...change });
  }
}

function column<Value>(type: LogicalType): ColumnBuilder<Value> {
  return new ColumnBuilder<Value>({ type, required: true, key: false, pii: false, version: false, checks: [] });
}

type InferFields<F extends Readonly<Record<string, ColumnBuilder<unknown, boolean>>>> = {
  readonly [K in keyof F]: F[K]["infer"];
};

/**
 * The column types. Exact values stay exact: int64 is bigint, decimal is text; date, time, timestamp and datetime are ISO text
 * (microseconds never pass through a JavaScript Date).
 */
export const t: {
  string(): ColumnBuilder<string>;
  int32(): ColumnBuilder<number>;
  int64(): ColumnBuilder<bigint>;
  decimal(precision: number, scale: number): ColumnBuilder<string>;
  float(): ColumnBuilder<number>;
  bool(): ColumnBuilder<boolean>;
  date(): ColumnBuilder<string>;
  timestamp(options?: { zone?: string }): ColumnBuilder<string>;
  datetime(): ColumnBuilder<string>;
  time(): ColumnBuilder<string>;
  uuid(): ColumnBuilder<string>;
  json(): ColumnBuilder<unknown>;
  /** The side column: all fields that no other column takes, as one JSON object; NULL where there are none. Personal data, for nobody knows them. */
  rest(): ColumnBuilder<unknown, true>;
  enum<const V extends readonly string[]>(...values: V): ColumnBuilder<V[number]>;
  bytes(): ColumnBuilder<Uint8Array>;
  list<V, O extends boolean>(item: ColumnBuilder<V, O>): ColumnBuilder<readonly V[]>;
  struct<F extends Readonly<Record<string, ColumnBuilder<unknown, boolean>>>>(fields: F): ColumnBuilder<InferFields<F>>;
} = {
  string: () => column<string>({ kind: "string" }),
  int32: () => column<number>({ kind: "int32" }),
  int64: () => column<bigint>({ kind: "int64" }),
  decimal: (precision, scale) => column<string>({ kind: "decimal", precision, scale }),
  float: () => column<number>({ kind: "float" }),
  bool: () => column<boolean>({ kind: "bool" }),
  date: () => column<string>({ kind: "date" }),
  timestamp: (options = {}) => column<string>({ kind: "timestamp", ...options }),
  datetime: () => column<string>({ kind: "datetime" }),
  time: () => column<string>({ kind: "time" }),
  uuid: () => column<string>({ kind: "uuid" }),
  json: () => column<unknown>({ kind: "json" }),
  rest: () =>
    new ColumnBuilder<unknown, true>({ ...column({ kind: "json" }).facts, required: false, pii: true, rest: true }),
  enum: (...values) => column({ kind: "enum", values }),
  bytes: () => column<Uint8Array>({ kind: "bytes" }),
  list: (item) => column({ kind: "list", item: item.facts.type }),
  struct: (fields) =>
    column({
      kind: "struct",
      fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.facts.type])),
    }),
};
