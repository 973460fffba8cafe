// How authors write columns: `t.decimal(12, 2).min(0)`. Builders are immutable; each call returns a new one.
import type { ColumnCheck, ColumnDefinition } from "./contract.ts";
import type { LogicalType } from "./logical-type.ts";

type ColumnFacts = Omit<ColumnDefinition, "name">;

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

  describe(description: string): ColumnBuilder<Value, Optional> {
    return this.#with({ description });
  }

  /** Lowest valid value (numbers, dates and instants as ISO text). */
  min(value: number | bigint | string, options: { exclusive?: boolean } = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "min", value: String(value), ...options });
  }

  /** Highest valid value (numbers, dates and instants as ISO text). */
  max(value: number | bigint | string, options: { exclusive?: boolean } = {}): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "max", value: String(value), ...options });
  }

  /** Length in Unicode code points. */
  length(bounds: { min?: number; max?: number }): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "length", ...bounds });
  }

  pattern(pattern: RegExp | string): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "pattern", pattern: typeof pattern === "string" ? pattern : pattern.source });
  }

  email(): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "email" });
  }

  oneOf(...values: readonly (string | number)[]): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "oneOf", values: values.map(String) });
  }

  notOneOf(...values: readonly (string | number)[]): ColumnBuilder<Value, Optional> {
    return this.#check({ check: "notOneOf", values: values.map(String) });
  }

  #check(check: ColumnCheck): ColumnBuilder<Value, Optional> {
    return this.#with({ checks: [...this.facts.checks, check] });
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
  enum: (...values) => column({ kind: "enum", values }),
  bytes: () => column<Uint8Array>({ kind: "bytes" }),
  list: (item) => column({ kind: "list", item: item.facts.type }),
  struct: (fields) =>
    column({
      kind: "struct",
      fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.facts.type])),
    }),
};
