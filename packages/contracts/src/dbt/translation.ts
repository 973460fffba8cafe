// What a data test of dbt becomes in a contract; one function for each kind of test makes it.
import type { ColumnCheck, SetCheck } from "@millrace/core";
import { numberText, textOf, type Fields } from "../document/located.ts";

export type Translation =
  /** The column may not be missing. */
  | { readonly becomes: "required" }
  | { readonly becomes: "check"; readonly check: ColumnCheck }
  /** A list that may become the column's type. */
  | { readonly becomes: "values"; readonly values: readonly string[] }
  | { readonly becomes: "reference"; readonly table: string; readonly column: string }
  /** A condition as SQL. */
  | { readonly becomes: "sql"; readonly sql: string; readonly named: string }
  | { readonly becomes: "set"; readonly set: SetCheck; readonly named: string }
  /** The contract says it already. */
  | { readonly becomes: "nothing" };

export interface TestSubject {
  readonly given: Fields;
  /** The column that the test stands at; undefined for tests of a table. */
  readonly column: string | undefined;
  /** Column for a name of the file; undefined for one that is not there. */
  readonly columnOf: (name: unknown) => string | undefined;
}

/** Undefined where the arguments say more than the contract can. */
export type Translate = (subject: TestSubject) => Translation | undefined;

/** For tests that stand at a column. */
export function ofColumn(
  translate: (column: string, given: Fields, subject: TestSubject) => Translation | undefined,
): Translate {
  return (subject) => {
    const column = subject.column ?? subject.columnOf(subject.given["column_name"]);
    return column === undefined ? undefined : translate(column, subject.given, subject);
  };
}

export function checked(check: ColumnCheck): Translation {
  return { becomes: "check", check };
}

export function set(named: string, of: SetCheck): Translation {
  return { becomes: "set", set: of, named };
}

/** A bound as exact text, of a number or a literal date. */
export function boundText(value: unknown): string | undefined {
  const number = numberText(value);
  if (number !== undefined) return number;
  const text = textOf(value)?.replaceAll("'", "").trim();
  return text !== undefined && /^[+-]?\d[\d.:TZ +-]*$/.test(text) ? text : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Bounds of a figure; undefined where there are none, or they are not numbers. */
export function rangeOf(low: unknown, high: unknown): { readonly min?: number; readonly max?: number } | undefined {
  const min = numberOf(low);
  const max = numberOf(high);
  if (min === undefined && max === undefined) return undefined;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

const minutes: Readonly<Record<string, number>> = {
  minute: 1,
  hour: 60,
  day: 1440,
  week: 10_080,
  month: 44_640,
  year: 527_040,
};

/** Minutes of so many parts of a date; months have 31 days, years 366. */
export function minutesOf(datepart: unknown, interval: unknown): number | undefined {
  const one = minutes[String(datepart).toLowerCase()];
  const count = numberOf(interval);
  return one === undefined || count === undefined ? undefined : one * count;
}
