// Contracts as data: what `contract()` returns, what quality compiles, what the ledger records. See builder.ts for how authors write them.
import type { CleansingStep } from "./cleansing.ts";
import type { ColumnEvolution, EvolutionFacts } from "./evolution.ts";
import type { Expression } from "./expression.ts";
import type { LogicalType } from "./logical-type.ts";
import type { SetRuleDefinition } from "./set-rule.ts";

/**
 * What a failed rule does. `reject`: the row goes to quarantine; `block`: the whole batch is refused, nothing of it is written; `warn`: the row
 * passes and the failure is recorded.
 */
export type Severity = "reject" | "block" | "warn";

/** What every rule can say beside its own fields. */
export interface RuleOptions {
  /** Default: that of its kind, `reject` for rules over one row. */
  readonly severity?: Severity;
  /** Last part of its code, where the kind's name is not enough. */
  readonly name?: string;
}

/** A check on one column. NULL passes every check; use `required` for not-null. column-check.ts describes each. */
export type ColumnCheck = RuleOptions &
  (
    | { readonly check: "min"; readonly value: string; readonly exclusive?: boolean }
    | { readonly check: "max"; readonly value: string; readonly exclusive?: boolean }
    | { readonly check: "multipleOf"; readonly step: string }
    | { readonly check: "length"; readonly min?: number; readonly max?: number }
    | { readonly check: "casing"; readonly to: "lower" | "upper" }
    | { readonly check: "pattern" | "notPattern" | "like" | "notLike"; readonly pattern: string }
    | { readonly check: "oneOf" | "notOneOf"; readonly values: readonly string[] }
    | {
        readonly check:
          | "notBlank"
          | "email"
          | "url"
          | "phone"
          | "ipv4"
          | "uuidText"
          | "countryCode"
          | "currencyCode"
          | "jsonText"
          | "notFuture";
      }
  );

export interface ColumnDefinition extends ColumnEvolution {
  readonly name: string;
  readonly type: LogicalType;
  readonly required: boolean;
  /** Part of the table's key, in column order. Key columns are required. */
  readonly key: boolean;
  /** Personal data: its values never appear in errors, logs, plans or reasons. */
  readonly pii: boolean;
  /** Name of the field in the source when it differs from the column (header, JSON field). */
  readonly source?: string;
  readonly references?: { readonly table: string; readonly column: string };
  /** Orders versions of one key; becomes `_seq`. At most one per contract; an integer or an instant. */
  readonly version: boolean;
  readonly checks: readonly ColumnCheck[];
  /** What happens to the source's text before it is converted and judged, in order; absent when nothing does. */
  readonly cleansing?: readonly CleansingStep[];
  readonly description?: string;
}

/** A named rule over one row; a row fails when the condition is false (NULL passes). */
export interface RuleDefinition<Column extends string = string> {
  readonly name: string;
  readonly condition: Expression<Column>;
  readonly severity?: Severity;
  readonly description?: string;
}

/**
 * Rows with the same values in these columns (NULL is a value) are one row, counted as duplicates but for the one that stays: the first or last of the
 * batch; within the table, the one that is there.
 */
export interface Deduplication<Column extends string = string> {
  readonly by: readonly Column[];
  /** Default: first. */
  readonly keep?: "first" | "last";
  /** Default: batch. */
  readonly within?: "batch" | "table";
}

export interface ContractDefinition extends EvolutionFacts {
  readonly kind: "contract";
  /** Name of the table inside its domain. */
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly rules: readonly RuleDefinition[];
  /** Rules over more than one row; absent when there are none. */
  readonly sets?: readonly SetRuleDefinition[];
  readonly description?: string;
  /** What an Open Data Contract says beyond columns and rules; absent when there is nothing. */
  readonly odcs?: OdcsFacts;
  readonly deduplicate?: Deduplication;
  /** Where the author wrote it; absent for contracts made by programs. */
  readonly location?: SourceLocation;
}

/**
 * Parts of an Open Data Contract (ODCS) that Millrace does not act upon: owner, prices, service levels, tags. They are kept as they were written, so that
 * an export has them again. Plain JSON, in the standard's own words.
 */
export interface OdcsFacts {
  /** Fields of the whole document. */
  readonly document?: JsonFields;
  /** Fields of the table. */
  readonly table?: JsonFields;
  /** Fields of columns, by the column's name. */
  readonly columns?: Readonly<Record<string, JsonFields>>;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonFields;
export interface JsonFields {
  readonly [field: string]: JsonValue;
}

export interface SourceLocation {
  readonly file: string;
  readonly line: number;
}

/**
 * Stable code of a failed check: `<contract>.<column or rule set>.<check>`, e.g. `promotions.price.min`.
 * The checks that every contract has: `required`, `type`, `references`; and for a whole record `<contract>.record.malformed`.
 */
export type VerdictCode = string;

export function columnCode(contract: Pick<ContractDefinition, "name">, column: string, check: string): VerdictCode {
  return `${contract.name}.${column}.${check}`;
}

/** Code of a column's declared check. */
export function checkCode(contract: ContractDefinition, column: ColumnDefinition, check: ColumnCheck): VerdictCode {
  return columnCode(contract, column.name, check.name ?? check.check);
}

/** Code of a named rule: `<contract>.row.<rule>`. */
export function ruleCode(contract: ContractDefinition, rule: string): VerdictCode {
  return `${contract.name}.row.${rule}`;
}

/** Code of a rule over more than one row: `<contract>.set.<rule>`. */
export function setCode(contract: ContractDefinition, rule: string): VerdictCode {
  return `${contract.name}.set.${rule}`;
}

/** Code of a record that cannot be parsed at all. */
export function malformedCode(contract: ContractDefinition): VerdictCode {
  return `${contract.name}.record.malformed`;
}

export function keyColumns(contract: ContractDefinition): readonly string[] {
  return contract.columns.filter((column) => column.key).map((column) => column.name);
}

export function versionColumn(contract: ContractDefinition): ColumnDefinition | undefined {
  return contract.columns.find((column) => column.version);
}
