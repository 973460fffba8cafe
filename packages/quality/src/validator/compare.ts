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

/** A value against a constant of its type; an exact constant may have more digits than the values. */
export function compareConstant(read: Reader, is: Comparison, type: LogicalType, constant: string): Condition {
  const family = familyOf(type);
  if (family === "text") {
    const holds = byCodePoint[is];
    return (row) => {
      const value = read(row);
      return value === null ? null : holds(value, constant);
    };
  }
  const limit = constantLimit(type, constant);
  if (family !== "exact" || limit !== undefined) return against(read, is, limit ?? null);
  const places = constant.length - constant.indexOf(".") - 1 - digitsOf(type).scale;
  const aligned: Reader = (row) => {
    const value = read(row);
    return value === null ? null : shifted(value as Exact, places);
  };
  return against(aligned, is, scaled(constant, digitsOf(type).scale + places));
}

/** The constant as the values of the type are, where the operators of JavaScript compare the two; undefined for text and for more digits than they have. */
export function constantLimit(type: LogicalType, constant: string): Value | undefined {
  const family = familyOf(type);
  if (family === "text") return undefined;
  if (family !== "exact") return conversionOf(type)(constant);
  const { scale } = digitsOf(type);
  const digits = constant.includes(".") ? constant.length - constant.indexOf(".") - 1 : 0;
  return digits > scale ? undefined : scaled(constant, scale);
}

function against(read: Reader, is: Comparison, limit: Value | null): Condition {
  if (limit === null) return () => null;
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
