// Python's operators on the values of templates.
import { PyDate, PyDatetime } from "./dates/date-values.ts";
import { PyDuration, PyTimedelta } from "./dates/duration-values.ts";
import { demandDigits, demandLength } from "./limits.ts";
import { percentFormat } from "./python-format.ts";
import {
  asNumber,
  compare,
  dictGet,
  dictKeys,
  equal,
  float,
  int,
  isDict,
  isInt,
  isList,
  isNumeric,
  iterate,
  PyFloat,
  PySet,
  PythonError,
  PyTuple,
  typeName,
  Undefined,
} from "./python-values.ts";
import type { BinaryOperator, CompareOperator } from "./syntax.ts";

type Numeric = number | bigint | PyFloat | boolean;

export function binary(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (typeof left === "string" && operator === "%") return percentFormat(left, right);
  for (const value of [left, right])
    if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  if (isNumeric(left) && isNumeric(right)) return arithmetic(operator, left, right);
  const result =
    operator === "+" ? add(left, right) : operator === "-" ? subtract(left, right) : scale(operator, left, right);
  if (result === undefined)
    throw new PythonError(
      "TypeError",
      `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
    );
  return result;
}

function arithmetic(operator: BinaryOperator, left: Numeric, right: Numeric): unknown {
  const whole = (isInt(left) || typeof left === "boolean") && (isInt(right) || typeof right === "boolean");
  if (!whole || operator === "/" || (operator === "**" && asNumber(right) < 0))
    return floatArithmetic(operator, asNumber(left), asNumber(right));
  const [a, b] = [BigInt(left as number | bigint), BigInt(right as number | bigint)];
  switch (operator) {
    case "+":
      return int(a + b);
    case "-":
      return int(a - b);
    case "*":
      return int(demandDigits(a * b));
    case "**":
      if (b > 10_000n) throw new PythonError("LimitError", `the exponent ${b} is above 10000`);
      return int(demandDigits(a ** b));
    default:
      return wholeDivision(operator, a, b);
  }
}

/** Rounds towards minus infinity, as Python does. */
function wholeDivision(operator: BinaryOperator, a: bigint, b: bigint): unknown {
  if (b === 0n) throw new PythonError("ZeroDivisionError", "integer division or modulo by zero");
  const quotient = a / b;
  const floored = a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
  return operator === "//" ? int(floored) : int(a - floored * b);
}

function floatArithmetic(operator: BinaryOperator, a: number, b: number): unknown {
  if (b === 0 && (operator === "/" || operator === "//" || operator === "%"))
    throw new PythonError("ZeroDivisionError", "division by zero");
  if (a === 0 && b < 0 && operator === "**")
    throw new PythonError("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  switch (operator) {
    case "+":
      return float(a + b);
    case "-":
      return float(a - b);
    case "*":
      return float(a * b);
    case "/":
      return float(a / b);
    case "//":
      return float(floorDivision(a, b));
    case "%":
      return float(modulo(a, b));
    default:
      return float(a ** b);
  }
}

/** The remainder with the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** From the exact remainder, so that 2.5 // 0.1 is 24 as in Python. */
function floorDivision(a: number, b: number): number {
  const quotient = (a - modulo(a, b)) / b;
  return quotient - Math.floor(quotient) > 0.5 ? Math.floor(quotient) + 1 : Math.floor(quotient);
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === "string" && typeof right === "string") {
    demandLength(left.length + right.length, "text");
    return left + right;
  }
  if (isList(left) && isList(right)) {
    demandLength(left.length + right.length, "list");
    return [...left, ...right];
  }
  if (left instanceof PyTuple && right instanceof PyTuple) {
    demandLength(left.items.length + right.items.length, "list");
    return new PyTuple([...left.items, ...right.items]);
  }
  if (isSpan(left) && isSpan(right)) return addSpans(left, right);
  if ((left instanceof PyDatetime || left instanceof PyDate) && isSpan(right)) return left.plus(right);
  if ((right instanceof PyDatetime || right instanceof PyDate) && isSpan(left)) return right.plus(left);
  return undefined;
}

function isSpan(value: unknown): value is PyTimedelta | PyDuration {
  return value instanceof PyTimedelta || value instanceof PyDuration;
}

function addSpans(left: PyTimedelta | PyDuration, right: PyTimedelta | PyDuration): unknown {
  if (left instanceof PyTimedelta && right instanceof PyTimedelta) return left.plus(right);
  const months = [left, right].reduce((sum, span) => sum + (span instanceof PyDuration ? span.months : 0), 0);
  const rests = [left, right].map((span) => (span instanceof PyDuration ? span.rest : span));
  return new PyDuration(months, (rests[0] as PyTimedelta).plus(rests[1] as PyTimedelta));
}

function subtract(left: unknown, right: unknown): unknown {
  if (left instanceof PyDatetime && right instanceof PyDatetime) return left.minus(right);
  if (left instanceof PyDate && right instanceof PyDate) return left.minus(right);
  if (isSpan(right)) return add(left, right.negated());
  if (left instanceof PySet && right instanceof PySet)
    return new PySet(left.items.filter((item) => !right.items.some((other) => equal(item, other))));
  return undefined;
}

/** What is left of `*`, `/` and `//`: repetition, and spans times or through something. */
function scale(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (left instanceof PyTimedelta) return scaleSpan(operator, left, right);
  if (operator !== "*") return undefined;
  if (right instanceof PyTimedelta) return right.times(left);
  if (isInt(right) || typeof right === "boolean") return repeat(left, Number(right));
  return isInt(left) || typeof left === "boolean" ? repeat(right, Number(left)) : undefined;
}

function scaleSpan(operator: BinaryOperator, left: PyTimedelta, right: unknown): unknown {
  if (operator === "*") return left.times(right);
  if (operator === "/" && right instanceof PyTimedelta) return left.ratio(right);
  if (operator === "/" && isNumeric(right) && asNumber(right) !== 0) return left.times(float(1 / asNumber(right)));
  const divides = operator === "//" && right instanceof PyTimedelta && right.truthy();
  return divides ? int(Math.floor(left.totalSeconds / right.totalSeconds)) : undefined;
}

function repeat(value: unknown, count: number): unknown {
  const times = Math.max(0, count);
  if (typeof value === "string") {
    demandLength(value.length * times, "text");
    return value.repeat(times);
  }
  if (!isList(value) && !(value instanceof PyTuple)) return undefined;
  const items = isList(value) ? value : value.items;
  demandLength(items.length * times, "list");
  const repeated = Array.from({ length: times }, () => items).flat();
  return isList(value) ? repeated : new PyTuple(repeated);
}

export function unary(operator: "+" | "-", operand: unknown): unknown {
  if (operand instanceof Undefined) throw new PythonError("UndefinedError", operand.hint);
  if (operator === "-" && isSpan(operand)) return operand.negated();
  if (!isNumeric(operand))
    throw new PythonError("TypeError", `bad operand type for unary ${operator}: '${typeName(operand)}'`);
  if (operand instanceof PyFloat) return float(operator === "-" ? -operand.value : operand.value);
  const value = typeof operand === "boolean" ? Number(operand) : operand;
  return operator === "+" || value === 0 ? value : -value;
}

export function compares(operator: CompareOperator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "<":
      return compare(left, right, operator) < 0;
    case "<=":
      return compare(left, right, operator) <= 0;
    case ">":
      return compare(left, right, operator) > 0;
    case ">=":
      return compare(left, right, operator) >= 0;
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
  }
}

export function contains(container: unknown, value: unknown): boolean {
  if (typeof container === "string") {
    if (typeof value === "string") return container.includes(value);
    throw new PythonError("TypeError", `'in <string>' requires string as left operand, not ${typeName(value)}`);
  }
  if (isDict(container)) return dictGet(container, demandHashable(value)) !== undefined;
  if (isList(container) || container instanceof PyTuple || container instanceof PySet || container instanceof Undefined)
    return iterate(container).some((item) => equal(item, value));
  throw new PythonError("TypeError", `argument of type '${typeName(container)}' is not iterable`);
}

export function demandHashable<T>(value: T): T {
  if (isList(value) || isDict(value) || value instanceof PySet)
    throw new PythonError("TypeError", `unhashable type: '${typeName(value)}'`);
  return value;
}

/** Characters as Python counts them. */
export function characters(text: string): string | readonly string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

/** `len(value)`. */
export function length(value: unknown): number {
  if (typeof value === "string") return characters(value).length;
  if (isList(value)) return value.length;
  if (value instanceof PyTuple || value instanceof PySet) return value.items.length;
  if (value instanceof Undefined) return 0;
  if (isDict(value)) return dictKeys(value).length;
  throw new PythonError("TypeError", `object of type '${typeName(value)}' has no len()`);
}

/** `value[start:stop:step]`; undefined when the value cannot be sliced so. */
export function slice(value: unknown, bounds: readonly unknown[]): unknown {
  if (bounds.some((bound) => bound !== null && !isInt(bound) && typeof bound !== "boolean")) return undefined;
  const [start, stop, step] = bounds.map((bound) => (bound === null ? null : Number(bound)));
  if (step === 0) throw new PythonError("ValueError", "slice step cannot be zero");
  const pick = <T>(items: ArrayLike<T>): T[] =>
    pickSlice(items, { start: start ?? null, stop: stop ?? null, step: step ?? 1 });
  if (typeof value === "string") return pick(characters(value)).join("");
  if (isList(value)) return pick(value);
  return value instanceof PyTuple ? new PyTuple(pick(value.items)) : undefined;
}

function pickSlice<T>(
  items: ArrayLike<T>,
  { start, stop, step }: { readonly start: number | null; readonly stop: number | null; readonly step: number },
): T[] {
  const { length: size } = items;
  const place = (bound: number): number => {
    const from = bound < 0 ? bound + size : bound;
    return step > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1);
  };
  const first = start === null ? (step > 0 ? 0 : size - 1) : place(start);
  const end = stop === null ? (step > 0 ? size : -1) : place(stop);
  const picked: T[] = [];
  for (let at = first; step > 0 ? at < end : at > end; at += step) picked.push(items[at] as T);
  return picked;
}
