// A rule's tree as JavaScript closures over a row of converted values. sql/expression-sql.ts says the same in SQL.
import { digitsOf, familyOf, partsOf, type Columns, type Expression, type LogicalType } from "@millrace/core";
import { sharedPattern } from "../rules/regular-expression.ts";
import { typeIn } from "../sql/expression-sql.ts";
import { compareConstant, compareLength, compareReaders, constantLimit } from "./compare.ts";
import { conversionOf, type Value } from "./convert-value.ts";
import { isMultiple, plus, scaled, shifted, times, type Exact } from "./numbers.ts";
import { changeText, lengthOf, likeMatcher } from "./text.ts";

/** Values in the order of the contract's columns; null where there is none. */
export type Row = readonly (Value | null)[];
export type Reader = (row: Row) => Value | null;
/** Null where the condition is neither true nor false. */
export type Condition = (row: Row) => boolean | null;

export function compileCondition(expression: Expression, columns: Columns): Condition {
  switch (expression.op) {
    case "all":
      return all(expression.of.map((part) => compileCondition(part, columns)));
    case "any":
      return any(expression.of.map((part) => compileCondition(part, columns)));
    case "not": {
      const of = compileCondition(expression.of, columns);
      return (row) => {
        const holds = of(row);
        return holds === null ? null : !holds;
      };
    }
    case "missing": {
      const of = partsOf(expression).map((part) => compileReader(part, columns))[0];
      return (row) => of?.(row) === null;
    }
    case "compare":
      return compileCompare(expression, columns);
    case "among":
    case "matches":
    case "like":
    case "multiple":
      return tested(compileReader(expression.of, columns), testOf(expression, typeIn(expression.of, columns)));
    default: {
      const read = compileReader(expression, columns);
      return (row) => read(row) as boolean | null;
    }
  }
}

type Tested = Extract<Expression, { op: "among" | "matches" | "like" | "multiple" }>;

/** The test of one value; null where it is left to the warehouse. */
function testOf(expression: Tested, type: LogicalType): (value: Value) => boolean | null {
  switch (expression.op) {
    case "among": {
      const allowed = new Set(expression.values.map(type.kind === "enum" ? String : conversionOf(type)));
      return (value) => allowed.has(value);
    }
    case "matches": {
      const shared = sharedPattern(expression.pattern);
      if (typeof shared === "string") return () => null;
      const { expression: pattern, textMax } = shared;
      return (value) => ((value as string).length > textMax ? null : pattern.test(value as string));
    }
    case "like": {
      const matches = likeMatcher(expression.pattern);
      return (value) => matches(value as string);
    }
    case "multiple": {
      const { scale } = digitsOf(type);
      const places = Math.max(scale, fractionDigits(expression.step));
      const step = scaled(expression.step, places);
      return (value) => isMultiple(shifted(value as Exact, places - scale), step);
    }
  }
}

function tested(read: Reader, test: (value: Value) => boolean | null): Condition {
  return (row) => {
    const value = read(row);
    return value === null ? null : test(value);
  };
}

function compileCompare(expression: Extract<Expression, { op: "compare" }>, columns: Columns): Condition {
  const { is, left, right } = expression;
  const read = (side: Expression): Reader => compileReader(side, columns);
  if (left.op === "length" && right.op === "value" && /^\d+$/.test(right.value))
    return compareLength(read(left.of), is, Number(right.value));
  if (right.op === "value") return compareConstant(read(left), is, typeIn(left, columns), right.value);
  if (left.op === "value") return compareConstant(read(right), flipped[is], typeIn(right, columns), left.value);
  return compareReaders({ read: read(left), type: typeIn(left, columns) }, is, {
    read: read(right),
    type: typeIn(right, columns),
  });
}

/** A column whose converted values are compared with a constant by the operators of JavaScript. */
export interface ColumnBound {
  /** Place of the column in the row. */
  readonly column: number;
  readonly is: "<" | "<=" | ">=" | ">";
  readonly limit: Value;
}

/** The condition as a bound of a column, if it is one. Text has an order of its own, and what is equal to a constant is asked rarely. */
export function columnBound(expression: Expression, columns: Columns): ColumnBound | undefined {
  if (expression.op !== "compare" || expression.left.op !== "column" || expression.right.op !== "value")
    return undefined;
  const { is, left, right } = expression;
  if (is === "=" || is === "<>") return undefined;
  const limit = constantLimit(typeIn(left, columns), right.value);
  const column = columns.findIndex(({ name }) => name === left.column);
  return limit === undefined ? undefined : { column, is, limit };
}

const flipped = { "<": ">", "<=": ">=", "=": "=", "<>": "<>", ">=": "<=", ">": "<" } as const;

export function compileReader(expression: Expression, columns: Columns): Reader {
  switch (expression.op) {
    case "column": {
      const at = columns.findIndex((column) => column.name === expression.column);
      return (row) => row[at] ?? null;
    }
    case "value": {
      const value = constantOf(typeIn(expression, columns), expression.value);
      return () => value;
    }
    case "length":
      return mapped(compileReader(expression.of, columns), (value) => lengthOf(value as string));
    case "change": {
      const change = changeText(expression.to);
      return mapped(compileReader(expression.of, columns), (value) => change(value as string));
    }
    case "nothing":
      return () => null;
    case "replace":
      return mapped(compileReader(expression.of, columns), (value) =>
        (value as string).replaceAll(expression.find, () => expression.with),
      );
    case "rewrite":
      return compileRewrite(expression, columns);
    case "lookup": {
      const entries = new Map(expression.entries);
      const keep = expression.others === "keep";
      const read = compileReader(expression.of, columns);
      return (row) => {
        const value = read(row);
        return value === null ? null : (entries.get(value as string) ?? (keep ? value : null));
      };
    }
    case "choose": {
      const when = compileCondition(expression.when, columns);
      const [then, otherwise] = [
        compileReader(expression.chosen, columns),
        compileReader(expression.otherwise, columns),
      ];
      return (row) => (when(row) === true ? then(row) : otherwise(row));
    }
    case "add":
    case "subtract":
    case "multiply":
      return compileComputed(expression, columns);
    default:
      return compileCondition(expression, columns);
  }
}

function compileRewrite(
  { of, pattern, parts, otherwise }: Extract<Expression, { op: "rewrite" }>,
  columns: Columns,
): Reader {
  const read = compileReader(of, columns);
  const other = compileReader(otherwise, columns);
  const shared = sharedPattern(pattern);
  if (typeof shared === "string") return other;
  return (row) => {
    const text = read(row);
    const found = text === null ? null : shared.expression.exec(text as string);
    if (found === null) return other(row);
    return parts
      .map((part) => (typeof part === "string" ? part : (found[part.group] ?? "").padStart(part.width, "0")))
      .join("");
  };
}

/** A constant of its own type. */
function constantOf(type: LogicalType, value: string): Value | null {
  return familyOf(type) === "exact" ? scaled(value, digitsOf(type).scale) : (conversionOf(type)(value) ?? null);
}

function mapped(read: Reader, change: (value: Value) => Value): Reader {
  return (row) => {
    const value = read(row);
    return value === null ? null : change(value);
  };
}

function compileComputed(
  expression: Extract<Expression, { op: "add" | "subtract" | "multiply" }>,
  columns: Columns,
): Reader {
  const result = typeIn(expression, columns);
  const sides = [expression.left, expression.right].map((side) => ({
    read: compileReader(side, columns),
    type: typeIn(side, columns),
  }));
  const { op } = expression;
  if (result.kind === "float") {
    const [a, b] = sides.map(({ read, type }) => mapped(read, (value) => Number(value) / 10 ** scaleOf(type)));
    return pair(a, b, (x, y) => floating(op, x as number, y as number));
  }
  const scale = digitsOf(result).scale;
  const [a, b] = sides.map(({ read, type }) => {
    const places = op === "multiply" ? 0 : scale - digitsOf(type).scale;
    return places === 0 ? read : mapped(read, (value) => shifted(value as Exact, places));
  });
  if (op === "multiply") return pair(a, b, (x, y) => times(x as Exact, y as Exact));
  if (op === "add") return pair(a, b, (x, y) => plus(x as Exact, y as Exact));
  return pair(a, b, (x, y) => plus(x as Exact, negative(y as Exact)));
}

function negative(value: Exact): Exact {
  return value === 0 ? 0 : -value;
}

function scaleOf(type: LogicalType): number {
  return type.kind === "float" ? 0 : digitsOf(type).scale;
}

function floating(op: "add" | "subtract" | "multiply", x: number, y: number): number {
  if (op === "add") return x + y;
  return op === "subtract" ? x - y : x * y;
}

function pair(a: Reader | undefined, b: Reader | undefined, combine: (x: Value, y: Value) => Value): Reader {
  return (row) => {
    const [x, y] = [a?.(row) ?? null, b?.(row) ?? null];
    return x === null || y === null ? null : combine(x, y);
  };
}

function all(parts: readonly Condition[]): Condition {
  return (row) => {
    let result: boolean | null = true;
    for (const part of parts) {
      const holds = part(row);
      if (holds === false) return false;
      if (holds === null) result = null;
    }
    return result;
  };
}

function any(parts: readonly Condition[]): Condition {
  return (row) => {
    let result: boolean | null = false;
    for (const part of parts) {
      const holds = part(row);
      if (holds === true) return true;
      if (holds === null) result = null;
    }
    return result;
  };
}

function fractionDigits(value: string): number {
  return value.includes(".") ? value.length - value.indexOf(".") - 1 : 0;
}
