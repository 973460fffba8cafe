// `contract()`, `rule()` and sql``: what authors write in contracts.ts. Everything returned is plain data.
import { callerLocation } from "../project/location.ts";
import type { ColumnBuilder } from "./column-builder.ts";
import type { ContractDefinition, Deduplication, RuleDefinition } from "./contract.ts";
import type { Expression } from "./expression.ts";
import type { SetCheck, SetRuleDefinition } from "./set-rule.ts";
import { validateContract } from "./validate-contract.ts";

type Columns = Readonly<Record<string, ColumnBuilder<unknown, boolean>>>;

/** A contract that remembers its row type: `RowOf<typeof Promotion>`. */
export interface Contract<Row> extends ContractDefinition {
  /** Carries the inferred type; never present at run time. */
  readonly infer?: Row;
}

export type RowOf<C> = C extends Contract<infer Row> ? Row : never;

type InferRow<C extends Columns> = { readonly [K in keyof C]: C[K]["infer"] };

/** A piece of SQL. Interpolated values become literals: text is quoted, numbers and booleans are written plainly. */
export interface SqlText {
  readonly sql: string;
}

export function sql(parts: TemplateStringsArray, ...values: readonly (string | number | bigint | boolean)[]): SqlText {
  return { sql: parts.reduce((text, part, at) => text + sqlLiteral(values[at - 1]) + part) };
}

function sqlLiteral(value: string | number | bigint | boolean | undefined): string {
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  return String(value);
}

/**
 * A named rule over one row: SQL text, or a condition made with `check`. The row fails when it is false.
 *
 * @example rule("ends_after_start", check.compare("ends", ">", "starts"))
 */
export function rule<const Column extends string = never>(
  name: string,
  condition: SqlText | Expression<Column>,
  options?: string | RuleFacts,
): RuleDefinition<Column>;
/** A named rule over more than one row: `rule("one_per_day", check.unique("store", "day"))`. */
export function rule<const Column extends string = never>(
  name: string,
  set: SetCheck<Column>,
  options?: string | RuleFacts,
): SetRuleDefinition<Column>;
export function rule(
  name: string,
  condition: SqlText | Expression | SetCheck,
  options: string | RuleFacts = {},
): RuleDefinition | SetRuleDefinition {
  const facts = typeof options === "string" ? { description: options } : options;
  if ("set" in condition) return { name, set: condition, ...facts };
  return { name, condition: "op" in condition ? condition : { op: "sql", sql: condition.sql }, ...facts };
}

/** What a contract says beside its columns and rules. */
export type ContractFacts<Column extends string = string> = Pick<
  ContractDefinition,
  "description" | "odcs" | "evolution" | "retired" | "dropped" | "rekeyedFrom"
> & { readonly deduplicate?: Deduplication<Column> };

type RuleFacts = Pick<RuleDefinition, "severity" | "description">;

/**
 * Declares a contract.
 *
 * @example
 * export const Promotion = contract("promotions", {
 *   promo_id: t.string().key(),
 *   price: t.decimal(12, 2).min(0),
 * }, [rule("ends_after_start", check.compare("ends", ">", "starts"))]);
 *
 * @throws MillraceError contract-invalid, with the file and line of the call.
 */
export function contract<const C extends Columns>(
  name: string,
  columns: C,
  rules: readonly (RuleDefinition<keyof C & string> | SetRuleDefinition<keyof C & string>)[] = [],
  facts: ContractFacts<keyof C & string> = {},
): Contract<InferRow<C>> {
  const location = callerLocation();
  const sets = rules.filter((one) => "set" in one);
  const definition: ContractDefinition = {
    kind: "contract",
    name,
    columns: Object.entries(columns).map(([column, builder]) => ({ name: column, ...builder.facts })),
    rules: rules.filter((one) => "condition" in one),
    ...(sets.length === 0 ? {} : { sets }),
    ...facts,
    ...(location === undefined ? {} : { location }),
  };
  validateContract(definition);
  return definition;
}
