// Reading values that crossed the Warehouse port: counts as bigint, instants as text.
import { stringifyExact, type Clock, type QueryResult, type SqlValue } from "@millrace/core";

/** Whole numbers of any width as bigint; NULL as 0. */
export function toBigint(value: SqlValue | undefined): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" || typeof value === "string") return BigInt(value);
  return 0n;
}

export function toText(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? stringifyExact(value) : String(value);
}

export function toTexts(value: SqlValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Milliseconds of an instant as engines write it: with `T` or a space, with a zone of hours alone, or without one (UTC). */
export function toMs(value: SqlValue | undefined): number {
  const text = toText(value).replace(" ", "T");
  const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text) ? text.replace(/([+-]\d\d)$/, "$1:00") : `${text}Z`;
  return Date.parse(zoned);
}

export function nowText(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString();
}

export function msText(ms: number): string {
  return new Date(ms).toISOString();
}

/** Rows as objects by column name. */
export function records(result: QueryResult): Record<string, SqlValue>[] {
  return result.rows.map((row) =>
    Object.fromEntries(result.columns.map((column, at) => [column.name, row[at] ?? null])),
  );
}

/** `?, ?, ?` for an IN list. */
export function places(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
