// Filters as SQL predicates over one table. Names come from the catalogue, values become parameters, so no text of a caller is ever part of SQL.
import { MillraceError } from "@millrace/core";
import type { ServedColumn, ServedTable } from "../../catalogue/served-table.ts";
import { queryLimits, type ColumnFilter, type Filter, type Test, type ValueOperator } from "../grammar/syntax.ts";
import { findColumn } from "./find-column.ts";
import { isComparable, isText, parseOperand } from "./operand.ts";
import { columnReference, type Parameters } from "./statement.ts";

const comparisons: Readonly<Record<string, string>> = {
  eq: "=",
  neq: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  isdistinct: "IS DISTINCT FROM",
};

/** All filters joined by AND; undefined when there is none. @throws MillraceError request-invalid, naming the column */
export function filtersSql(filters: readonly Filter[], table: ServedTable, parameters: Parameters): string | undefined {
  if (filters.length === 0) return undefined;
  return filters.map((filter) => filterSql(filter, table, parameters)).join(" AND ");
}

function filterSql(filter: Filter, table: ServedTable, parameters: Parameters): string {
  const predicate =
    filter.kind === "column"
      ? columnSql(filter, table, parameters)
      : filter.items.map((item) => filterSql(item, table, parameters)).join(filter.kind === "or" ? " OR " : " AND ");
  return filter.negated ? `(NOT (${predicate}))` : `(${predicate})`;
}

function columnSql(filter: ColumnFilter, table: ServedTable, parameters: Parameters): string {
  const column = findColumn(table, filter.column);
  return testSql(filter.test, column, parameters);
}

function testSql(test: Test, column: ServedColumn, parameters: Parameters): string {
  const name = columnReference(column);
  switch (test.kind) {
    case "is":
      return isSql(test.operand, column);
    case "in": {
      if (test.operands.length === 0) return "FALSE";
      refuseUnless(isComparable(column.type), column, "in");
      return `${name} IN (${test.operands.map((text) => place(column, text, parameters)).join(", ")})`;
    }
    case "value":
      return compareSql(test.operator, column, test.operand, parameters);
    case "quantified": {
      const any = test.quantifier === "any";
      if (test.operands.length === 0) return any ? "FALSE" : "TRUE";
      const each = test.operands.map((text) => compareSql(test.operator, column, text, parameters));
      return each.map((predicate) => `(${predicate})`).join(any ? " OR " : " AND ");
    }
  }
}

function isSql(operand: string, column: ServedColumn): string {
  const name = columnReference(column);
  if (operand === "null") return `${name} IS NULL`;
  if (operand === "not_null") return `${name} IS NOT NULL`;
  refuseUnless(column.type.kind === "bool", column, `is.${operand}`);
  if (operand === "unknown") return `${name} IS NULL`;
  return `${name} IS NOT DISTINCT FROM ${operand === "true" ? "TRUE" : "FALSE"}`;
}

function compareSql(operator: ValueOperator, column: ServedColumn, text: string, parameters: Parameters): string {
  const name = columnReference(column);
  const symbol = comparisons[operator];
  if (symbol !== undefined) {
    refuseUnless(isComparable(column.type), column, operator);
    return `${name} ${symbol} ${place(column, text, parameters)}`;
  }
  refuseUnless(isText(column.type), column, operator);
  if (text.length > queryLimits.patternCharsMax)
    throw invalid(column, `a pattern has at most ${queryLimits.patternCharsMax} characters`);
  if (operator === "match") return `regexp_matches(${name}, ${parameters.add(text, "VARCHAR")})`;
  if (operator === "imatch") return `regexp_matches(${name}, ${parameters.add(text, "VARCHAR")}, 'i')`;
  return likeSql(operator === "ilike" ? "ILIKE" : "LIKE", column, text, parameters);
}

/** `*` stands for `%`; a backslash takes the next character as it is, as PostgreSQL has it. */
function likeSql(operator: "LIKE" | "ILIKE", column: ServedColumn, text: string, parameters: Parameters): string {
  const pattern = text.replaceAll("*", "%");
  if (/(^|[^\\])(\\\\)*\\$/.test(pattern)) throw invalid(column, "a pattern cannot end with a backslash");
  const like = `${columnReference(column)} ${operator} ${parameters.add(pattern, "VARCHAR")}`;
  return pattern.includes("\\") ? `${like} ESCAPE '\\'` : like;
}

function place(column: ServedColumn, text: string, parameters: Parameters): string {
  const { value, sqlType } = parseOperand(column, text);
  return parameters.add(value, sqlType);
}

function refuseUnless(fits: boolean, column: ServedColumn, operator: string): void {
  if (!fits) throw invalid(column, `${operator} does not apply to the type ${column.type.kind}`);
}

function invalid(column: ServedColumn, problem: string): MillraceError {
  return new MillraceError("request-invalid", `${column.name}: ${problem}.`, { details: { column: column.name } });
}
