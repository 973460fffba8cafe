// Pages that follow each other by the values of the last row, not by counting: stable while rows come in, and as quick on page 1,000 as on page 1.
import { hash } from "node:crypto";
import { MillraceError, type SqlValue } from "@millrace/core";
import type { ServedColumn, ServedTable } from "../../catalogue/served-table.ts";
import type { OrderTerm } from "../grammar/syntax.ts";
import { findColumn } from "./find-column.ts";
import { isComparable, parseOperand } from "./operand.ts";
import { columnReference, type Parameters } from "./statement.ts";

export interface SortColumn {
  readonly column: ServedColumn;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** The order of a query: what was asked for, then the columns that identify a row, so that no two rows are equal in it. */
export interface SortOrder {
  readonly columns: readonly SortColumn[];
  /** True when the order tells any two rows apart; only then a page can be followed. */
  readonly total: boolean;
}

const textLengthMax = 4_096;

/** @throws MillraceError request-invalid: unknown column, or one whose values have no order */
export function sortOrder(terms: readonly OrderTerm[], table: ServedTable): SortOrder {
  const columns: SortColumn[] = [];
  const add = (sorted: SortColumn): void => {
    if (!columns.some(({ column }) => column.name === sorted.column.name)) columns.push(sorted);
  };
  for (const term of terms) {
    const column = findColumn(table, term.column);
    if (!isComparable(column.type))
      throw new MillraceError("request-invalid", `order: values of ${column.name} have no order.`, {
        details: { column: column.name },
      });
    add({ column, descending: term.descending, nullsFirst: term.nullsFirst });
  }
  for (const column of table.identity) add({ column, descending: false, nullsFirst: false });
  return { columns, total: table.identity.length > 0 };
}

export function orderSql(order: SortOrder): string {
  return order.columns
    .map(({ column, descending, nullsFirst }) => {
      const nulls = column.nullable ? (nullsFirst ? " NULLS FIRST" : " NULLS LAST") : "";
      return `${columnReference(column)}${descending ? " DESC" : ""}${nulls}`;
    })
    .join(", ");
}

/** The cursor behind a row, from its values of the order's columns. Says nothing that the row's reader could not ask for. */
export function printCursor(order: SortOrder, values: readonly SqlValue[]): string {
  const texts = values.map((value) => {
    if (value === null) return null;
    return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value as string | number);
  });
  return Buffer.from(JSON.stringify([orderMark(order), ...texts])).toString("base64url");
}

/** Rows behind the cursor, as a predicate. @throws MillraceError request-invalid when the cursor belongs to another order */
export function afterSql(cursor: string, order: SortOrder, parameters: Parameters): string {
  const texts = parseCursor(cursor, order);
  const alternatives: string[] = [];
  const equal: string[] = [];
  for (const [at, sorted] of order.columns.entries()) {
    const place = placeOf(sorted.column, texts[at] ?? null, parameters);
    const behind = behindSql(sorted, place);
    if (behind !== undefined) alternatives.push([...equal, behind].join(" AND "));
    const name = columnReference(sorted.column);
    equal.push(place === undefined ? `${name} IS NULL` : `${name} = ${place}`);
  }
  return alternatives.length === 0 ? "FALSE" : `(${alternatives.map((one) => `(${one})`).join(" OR ")})`;
}

function placeOf(column: ServedColumn, text: string | null, parameters: Parameters): string | undefined {
  if (text === null) return undefined;
  const { value, sqlType } = parseOperand(column, text);
  return parameters.add(value, sqlType);
}

/** Rows that stand behind `place` in one column; undefined when none can. */
function behindSql({ column, descending, nullsFirst }: SortColumn, place: string | undefined): string | undefined {
  const name = columnReference(column);
  if (place === undefined) return nullsFirst ? `${name} IS NOT NULL` : undefined;
  const beyond = `${name} ${descending ? "<" : ">"} ${place}`;
  return column.nullable && !nullsFirst ? `(${beyond} OR ${name} IS NULL)` : beyond;
}

function parseCursor(cursor: string, order: SortOrder): readonly (string | null)[] {
  const wrong = new MillraceError("request-invalid", "after: this cursor does not belong to this table and order.", {
    hint: "Take it from the Link header of the page before, and keep the order as it was.",
    details: { parameter: "after" },
  });
  if (!order.total) throw wrong;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw wrong;
  }
  if (!Array.isArray(parsed)) throw wrong;
  const [mark, ...texts] = parsed as readonly unknown[];
  if (mark !== orderMark(order) || texts.length !== order.columns.length || !texts.every(isCursorText)) throw wrong;
  return texts;
}

function isCursorText(value: unknown): value is string | null {
  return value === null || (typeof value === "string" && value.length <= textLengthMax);
}

function orderMark(order: SortOrder): string {
  const text = order.columns.map((sorted) => [sorted.column.name, sorted.descending, sorted.nullsFirst]);
  return hash("sha256", JSON.stringify(text), "base64url").slice(0, 8);
}
