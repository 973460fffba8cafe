// Comparisons of converted values: exact numbers at one scale, text by code point, everything else by its own order.
import { digitsOf, familyOf, type Comparison, type LogicalType } from "@millrace/core";
import type { Condition, Reader } from "./compile-expression.ts";
import { conversionOf, type Value } from "./convert-value.ts";
import { scaled, shifted, type Exact } from "./numbers.ts";
import { compareText, lengthOf } from "./text.ts";

type Holds = (a: Value, b: Value) => boolean;

const byOrder: Readonly<Record<Comparison, Holds>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
  "<>": (a, b) => a !== b,
  ">=": (a, b) => a >= b,
  ">": (a, b) => a > b,
};

const byCodePoint: Readonly<Record<Comparison, Holds>> = {
  "<": (a, b) => compareText(a as string, b as string) < 0,
  "<=": (a, b) => compareText(a as string, b as string) <= 0,
  "=": byOrder["="],
  "<>": byOrder["<>"],
  ">=": (a, b) => compareText(a as string, b as string) >= 0,
  ">": (a, b) => compareText(a as string, b as string) > 0,
};

/**
 * A value against a constant of its type; an exact constant may have more digits than the values.
 *
 * @param column place of the value in the row, where it is a column as it stands
 */
export function compareConstant(
  read: Reader,
  is: Comparison,
  type: LogicalType,
  constant: string,
  column?: number,
): Condition {
  const family = familyOf(type);
  if (family === "text") {
    const holds = byCodePoint[is];
    return (row) => {
      const value = read(row);
      return value === null ? null : holds(value, constant);
    };
  }
  if (family !== "exact") return against(read, is, conversionOf(type)(constant) ?? null, column);
  const scale = digitsOf(type).scale;
  const digits = constant.includes(".") ? constant.length - constant.indexOf(".") - 1 : 0;
  const places = Math.max(0, digits - scale);
  const limit = scaled(constant, scale + places);
  if (places === 0) return against(read, is, limit, column);
  const aligned: Reader = (row) => {
    const value = read(row);
    return value === null ? null : shifted(value as Exact, places);
  };
  return against(aligned, is, limit);
}

/** Bounds of a column are the most common rules: nothing is called inside. */
function bound(at: number, is: ">=" | "<=", limit: Value): Condition {
  if (is === ">=")
    return (row) => {
      const value = row[at] ?? null;
      return value === null ? null : value >= limit;
    };
  return (row) => {
    const value = row[at] ?? null;
    return value === null ? null : value <= limit;
  };
}

function against(read: Reader, is: Comparison, limit: Value | null, column = -1): Condition {
  if (limit === null) return () => null;
  if (column >= 0 && (is === ">=" || is === "<=")) return bound(column, is, limit);
  const holds = byOrder[is];
  return (row) => {
    const value = read(row);
    return value === null ? null : holds(value, limit);
  };
}

/** The length of a text against a number, counted in code points only where its UTF-16 units leave a doubt. */
export function compareLength(read: Reader, is: Comparison, limit: number): Condition {
  const holds = byOrder[is];
  return (row) => {
    const text = read(row) as string | null;
    if (text === null) return null;
    const units = text.length;
    // A text of n units has from n / 2 to n code points.
    if (units < limit || units > 2 * limit) return holds(units < limit ? -1 : limit + 1, limit);
    return holds(lengthOf(text), limit);
  };
}

interface Side {
  readonly read: Reader;
  readonly type: LogicalType;
}

export function compareReaders(left: Side, is: Comparison, right: Side): Condition {
  const families = [familyOf(left.type), familyOf(right.type)];
  const holds = (families[0] === "text" ? byCodePoint : byOrder)[is];
  const [a, b] = aligned(left, right, families.includes("float"));
  return (row) => {
    const x = a(row);
    const y = b(row);
    return x === null || y === null ? null : holds(x, y);
  };
}

function aligned(left: Side, right: Side, floating: boolean): [Reader, Reader] {
  if (floating) return [asFloat(left), asFloat(right)];
  if (familyOf(left.type) !== "exact") return [left.read, right.read];
  const scale = Math.max(digitsOf(left.type).scale, digitsOf(right.type).scale);
  return [atScale(left, scale), atScale(right, scale)];
}

function atScale({ read, type }: Side, scale: number): Reader {
  const places = scale - digitsOf(type).scale;
  if (places === 0) return read;
  return (row) => {
    const value = read(row);
    return value === null ? null : shifted(value as Exact, places);
  };
}

function asFloat({ read }: Side): Reader {
  return (row) => {
    const value = read(row);
    return value === null ? null : Number(value);
  };
}
