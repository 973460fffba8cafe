// Comparisons of converted values: exact numbers at one scale, text by code point, everything else by its own order.
import { digitsOf, familyOf, type Comparison, type LogicalType } from "@millrace/core";
import type { Condition, Reader } from "./compile-expression.ts";
import { conversionOf, type Value } from "./convert-value.ts";
import { scaled, shifted, type Exact } from "./numbers.ts";
import { compareText } from "./text.ts";

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
  if (familyOf(type) !== "exact") {
    const limit = familyOf(type) === "text" ? constant : (conversionOf(type)(constant) ?? null);
    const holds = (familyOf(type) === "text" ? byCodePoint : byOrder)[is];
    return (row) => {
      const value = read(row);
      return value === null || limit === null ? null : holds(value, limit);
    };
  }
  const scale = digitsOf(type).scale;
  const digits = constant.includes(".") ? constant.length - constant.indexOf(".") - 1 : 0;
  const places = Math.max(0, digits - scale);
  const limit = scaled(constant, scale + places);
  const holds = byOrder[is];
  if (places === 0)
    return (row) => {
      const value = read(row);
      return value === null ? null : holds(value, limit);
    };
  return (row) => {
    const value = read(row);
    return value === null ? null : holds(shifted(value as Exact, places), limit);
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
