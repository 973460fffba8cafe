// A rule's tree as the warehouse's SQL. validator/compile-expression.ts says the same in JavaScript; a property test holds both together.
import {
  digitsOf,
  familyOf,
  MillraceError,
  typeOf,
  whiteSpace,
  type ColumnDefinition,
  type Columns,
  type Expression,
  type LogicalType,
} from "@millrace/core";
import { warehousePattern } from "../rules/regular-expression.ts";
import { decimalType, literalOf, quoted, quotedName } from "./literals.ts";

/** SQL of the moment when the batch was received; the warehouse puts the instant in its place. */
const receivedAt = "received_at()";

type Compared = Extract<Expression, { op: "compare" }>;
type Computed = Extract<Expression, { op: "add" | "subtract" | "multiply" }>;

export function expressionSql(expression: Expression, columns: Columns): string {
  const part = (of: Expression): string => expressionSql(of, columns);
  switch (expression.op) {
    case "column":
      return quotedName(expression.column);
    case "value":
      return literalOf(typeIn(expression, columns), expression.value);
    case "received":
      return receivedAt;
    case "sql":
      return `(${expression.sql}\n)`;
    case "all":
      return joined(expression.of.map(part), " AND ", "true");
    case "any":
      return joined(expression.of.map(part), " OR ", "false");
    case "not":
      return `(NOT ${part(expression.of)})`;
    case "missing":
      return `(${part(expression.of)} IS NULL)`;
    case "length":
      return `length(${part(expression.of)})`;
    case "compare":
      return compared(expression, columns);
    case "among":
      return among(part(expression.of), typeIn(expression.of, columns), expression.values);
    case "matches":
      return matched(part(expression.of), expression.pattern);
    case "like":
      return `(${part(expression.of)} LIKE ${quoted(expression.pattern)} ESCAPE '\\')`;
    case "multiple":
      return multiple(part(expression.of), typeIn(expression.of, columns), expression.step);
    case "change":
      return changed(part(expression.of), expression.to);
    case "nothing":
      return "CAST(NULL AS VARCHAR)";
    case "replace":
      return `replace(${part(expression.of)}, ${quoted(expression.find)}, ${quoted(expression.with)})`;
    case "rewrite":
      return rewritten(part(expression.of), expression, part(expression.otherwise));
    case "lookup":
      return lookedUp(part(expression.of), expression);
    case "choose":
      return `CASE WHEN ${part(expression.when)} THEN ${part(expression.chosen)} ELSE ${part(expression.otherwise)} END`;
    default:
      return computed(expression, columns);
  }
}

/** Whether the value may be NULL in a row whose required columns have their values. */
export function mayBeNull(expression: Expression, columns: readonly ColumnDefinition[]): boolean {
  const some = (parts: readonly Expression[]): boolean => parts.some((part) => mayBeNull(part, columns));
  switch (expression.op) {
    case "column":
      return columns.find((column) => column.name === expression.column)?.required !== true;
    case "sql":
      return true;
    case "nothing":
    case "lookup":
      return true;
    case "missing":
    case "value":
    case "received":
      return false;
    case "rewrite":
      return some([expression.of, expression.otherwise]);
    case "all":
    case "any":
      return some(expression.of);
    case "choose":
      return some([expression.chosen, expression.otherwise]);
    case "compare":
    case "add":
    case "subtract":
    case "multiply":
      return some([expression.left, expression.right]);
    default:
      return mayBeNull(expression.of, columns);
  }
}

export function typeIn(expression: Expression, columns: Columns): LogicalType {
  return typeOf(expression, columns, (problem) => {
    throw new MillraceError("internal", `A rule was compiled that was not checked: ${problem}`);
  });
}

function joined(parts: readonly string[], by: string, none: string): string {
  return parts.length === 0 ? none : `(${parts.join(by)})`;
}

function compared({ is, left, right }: Compared, columns: Columns): string {
  const types = [typeIn(left, columns), typeIn(right, columns)] as const;
  if (left.op === "value") return `${literalOf(types[1], left.value)} ${is} ${expressionSql(right, columns)}`;
  if (right.op === "value") return `${expressionSql(left, columns)} ${is} ${literalOf(types[0], right.value)}`;
  const [a, b] = [left, right].map((side, at) => {
    const sql = expressionSql(side, columns);
    const [own, other] = at === 0 ? types : [types[1], types[0]];
    if (side.op === "received" && other.kind !== "timestamp")
      return `CAST(${sql} AS ${other.kind === "date" ? "DATE" : "TIMESTAMP"})`;
    return familyOf(own) === "exact" && other.kind === "float" ? `CAST(${sql} AS DOUBLE)` : sql;
  });
  return `${a} ${is} ${b}`;
}

/** Characters that stand for themselves, also between brackets: white space is written in several ways there. */
const literalClass = /^\[([^^\\\][&~|\s-][^\\\][&~|\s-]{0,3})\]$/;

/** Looking for a few characters is six times faster than the engine's regular expressions, and says the same. */
function matched(sql: string, pattern: string): string {
  const [, letters] = literalClass.exec(pattern) ?? [];
  if (letters !== undefined)
    return `(${Array.from(letters, (letter) => `contains(${sql}, ${quoted(letter)})`).join(" OR ")})`;
  return `regexp_matches(${sql}, ${quoted(warehousePattern(pattern))})`;
}

/** Never an IN list: the engine turns one into a hash join, whose rows leave in no order, and the order is a row's position. */
function among(sql: string, type: LogicalType, values: readonly string[]): string {
  if (values.length > 8) return `list_contains([${values.map((value) => literalOf(type, value)).join(", ")}], ${sql})`;
  return `(${values.map((value) => `${sql} = ${literalOf(type, value)}`).join(" OR ") || "false"})`;
}

function multiple(sql: string, type: LogicalType, step: string): string {
  const { precision, scale } = digitsOf(type);
  const places = Math.max(scale, step.includes(".") ? step.length - step.indexOf(".") - 1 : 0);
  const exact = decimalType(Math.max(precision - scale, step.length) + places, places);
  return `CAST(${sql} AS ${exact}) % CAST(${quoted(step)} AS ${exact}) = 0`;
}

function changed(sql: string, to: Extract<Expression, { op: "change" }>["to"]): string {
  // The engine trims a set of characters slowly: only where there is something to trim.
  if (to === "trim")
    return `CASE WHEN regexp_matches(${sql}, ${quoted(`^[${whiteSpace}]|[${whiteSpace}]$`)}) THEN trim(${sql}, ${quoted(whiteSpace)}) ELSE ${sql} END`;
  if (to === "collapse") return `regexp_replace(${sql}, ${quoted(`[${whiteSpace}]+`)}, ' ', 'g')`;
  return `${to}(${sql})`;
}

type Rewritten = Extract<Expression, { op: "rewrite" }>;

function rewritten(sql: string, { pattern, parts }: Rewritten, otherwise: string): string {
  const found = quoted(warehousePattern(pattern));
  const text = parts.map((part) => {
    if (typeof part === "string") return quoted(part);
    const group = `regexp_extract(${sql}, ${found}, ${part.group})`;
    return part.width === 0 ? group : `lpad(${group}, ${part.width}, '0')`;
  });
  return `CASE WHEN regexp_matches(${sql}, ${found}) THEN concat(${text.join(", ")}) ELSE ${otherwise} END`;
}

function lookedUp(sql: string, { entries, others }: Extract<Expression, { op: "lookup" }>): string {
  const fallback = others === "keep" ? sql : "NULL";
  if (entries.length === 0) return fallback;
  if (entries.length <= 20)
    return `CASE ${sql} ${entries.map(([from, to]) => `WHEN ${quoted(from)} THEN ${quoted(to)}`).join(" ")} ELSE ${fallback} END`;
  const map = `MAP {${entries.map(([from, to]) => `${quoted(from)}: ${quoted(to)}`).join(", ")}}`;
  return `coalesce(${map}[${sql}], ${fallback})`;
}

/** The engine keeps sums and products of narrow decimals narrow and fails where they overflow: operands are widened where the result may be wider. */
function computed({ op, left, right }: Computed, columns: Columns): string {
  const sign = { add: "+", subtract: "-", multiply: "*" }[op];
  const result = typeIn({ op, left, right }, columns);
  const [a, b] = [left, right].map((side) => ({ sql: expressionSql(side, columns), type: typeIn(side, columns) }));
  if (a === undefined || b === undefined) return "NULL";
  if (result.kind === "float") return `(CAST(${a.sql} AS DOUBLE) ${sign} CAST(${b.sql} AS DOUBLE))`;
  const wide = digitsOf(result);
  const [first, second] = [digitsOf(a.type), digitsOf(b.type)];
  if (op !== "multiply") {
    const type = decimalType(wide.precision, wide.scale);
    return `(CAST(${a.sql} AS ${type}) ${sign} CAST(${b.sql} AS ${type}))`;
  }
  const narrow = first.precision <= 18 && second.precision <= 18 && wide.precision > 18;
  const widened = decimalType(narrow ? 19 : first.precision, first.scale);
  return `(CAST(${a.sql} AS ${widened}) * CAST(${b.sql} AS ${decimalType(second.precision, second.scale)}))`;
}
