// The values that templates compute with: Python's, as far as JavaScript has no equal. Neighbours: python-text.ts prints them, operators.ts
// calculates with them.
//
// None is null, bool is boolean, str is string, list is an array, dict is a plain object or a Map; int is an integral number, or a bigint beyond
// 2^53; float is a number with a fraction, or PyFloat where JavaScript could not tell it from an int.
import { isRawNumber } from "@millrace/core";

/** A fault as Python would raise it; `TypeError` is special, see interpolation.ts. */
export class PythonError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Something looked up that is not there. Prints as nothing, is false, has no items; anything else with it is an UndefinedError. */
export class Undefined {
  readonly hint: string;

  constructor(hint: string) {
    this.hint = hint;
  }
}

/** A float whose value JavaScript would take for an int: `2.0`, infinity, nan. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toJSON(): unknown {
    return Number.isFinite(this.value) ? this.value : null;
  }
}

export class PyTuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }

  toJSON(): unknown {
    return this.items;
  }
}

/** Values that were met, each once: text and numbers by a key, what else there is one by one. */
export class SeenValues {
  readonly #keys = new Set<string | number | bigint>();
  readonly #others: unknown[] = [];

  /** False when an equal one was there. */
  add(value: unknown): boolean {
    const key = typeof value === "string" ? `t${value}` : numericKey(value);
    if (key === undefined) {
      if (this.#others.some((other) => equal(other, value))) return false;
      this.#others.push(value);
      return true;
    }
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }
}

/** The same for all numbers that are equal in Python; undefined for what is no number, and for NaN. */
function numericKey(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  if (!isNumeric(value)) return undefined;
  const number = asNumber(value);
  if (Number.isNaN(number)) return undefined;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number;
}

export class PySet {
  readonly items: readonly unknown[];

  constructor(items: Iterable<unknown>) {
    const kept: unknown[] = [];
    const seen = new SeenValues();
    for (const item of items) if (seen.add(item)) kept.push(item);
    this.items = kept;
  }
}

/**
 * A mapping that answers some names as attributes before its keys, as the reference's slices and records do: `stream_slice.extra_fields` is the
 * attribute, `stream_slice['extra_fields']` the key.
 */
export class AttributedMapping {
  readonly entries: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;

  constructor(entries: Readonly<Record<string, unknown>>, attributes: Readonly<Record<string, unknown>>) {
    this.entries = entries;
    this.attributes = attributes;
  }
}

/** Something that can be called: a macro, a method bound to its object, a class. */
export class PyCallable {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: ReadonlyMap<string, unknown>) => unknown;

  constructor(name: string, call: PyCallable["call"]) {
    this.name = name;
    this.call = call;
  }
}

/** What the values of python-dates.ts look like to the rest. */
export interface DateLike {
  readonly pyType: string;
  text(): string;
  repr(): string;
  equals(other: unknown): boolean;
  /** Negative, zero or positive. @throws PythonError TypeError when the two cannot be compared */
  compare(other: unknown): number;
  attribute(name: string): unknown;
  truthy(): boolean;
}

export function isDateLike(value: unknown): value is DateLike {
  return (
    typeof value === "object" &&
    value !== null &&
    "pyType" in value &&
    typeof value.pyType === "string" &&
    "repr" in value
  );
}

export type PyDict = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown> | AttributedMapping;

/** True for int, not for bool. */
export function isInt(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

export function isFloat(value: unknown): value is number | PyFloat {
  return value instanceof PyFloat || (typeof value === "number" && !Number.isInteger(value));
}

export function isNumeric(value: unknown): value is number | bigint | PyFloat | boolean {
  return typeof value === "boolean" || isInt(value) || isFloat(value);
}

/** The number as JavaScript calculates with it. */
export function asNumber(value: number | bigint | PyFloat | boolean): number {
  return value instanceof PyFloat ? value.value : Number(value);
}

/** A float; PyFloat only where it is needed to tell it from an int. */
export function float(value: number): number | PyFloat {
  return Number.isInteger(value) || !Number.isFinite(value) ? new PyFloat(value) : value;
}

/** An int in its normal form: a number while that is exact. */
export function int(value: bigint | number): number | bigint {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value + 0 : int(BigInt(value));
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

export function isDict(value: unknown): value is PyDict {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (value instanceof Map || value instanceof AttributedMapping) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !isRawNumber(value);
}

/** What came from outside, as the evaluator knows it: numbers that kept their digits become floats. */
export function incoming(value: unknown): unknown {
  if (isRawNumber(value)) return float(Number(value.rawJSON));
  return value === undefined ? null : value;
}

export function dictKeys(dict: PyDict): unknown[] {
  if (dict instanceof Map) return [...dict.keys()];
  return Object.keys(dict instanceof AttributedMapping ? dict.entries : dict);
}

/** The value at a key, or undefined when the dict has no such key. */
export function dictGet(dict: PyDict, key: unknown): unknown {
  if (dict instanceof Map) {
    if (dict.has(key)) return incoming(dict.get(key));
    if (typeof key === "string") return undefined;
    for (const [other, value] of dict) if (equal(other, key)) return incoming(value);
    return undefined;
  }
  const entries = dict instanceof AttributedMapping ? dict.entries : (dict as Readonly<Record<string, unknown>>);
  return typeof key === "string" && Object.hasOwn(entries, key) ? incoming(entries[key]) : undefined;
}

/** Sets a key of a mutable dict; keys such as `__proto__` are plain keys. */
export function dictSet(dict: PyDict, key: unknown, value: unknown): void {
  if (dict instanceof Map) dict.set(key, value);
  else if (dict instanceof AttributedMapping || typeof key !== "string")
    throw new PythonError("TypeError", `'${typeName(dict)}' object does not support item assignment`);
  else Object.defineProperty(dict, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Python's name of the value's type. */
export function typeName(value: unknown): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (isInt(value)) return "int";
  if (isFloat(value)) return "float";
  if (isList(value)) return "list";
  if (value instanceof PyTuple) return "tuple";
  if (value instanceof PySet) return "set";
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof PyCallable) return "builtin_function_or_method";
  if (isDateLike(value)) return value.pyType;
  return isDict(value) ? "dict" : "object";
}

export function truthy(value: unknown): boolean {
  if (value === null || value === undefined || value instanceof Undefined) return false;
  if (isList(value)) return value.length > 0;
  if (value instanceof PyTuple || value instanceof PySet) return value.items.length > 0;
  if (value instanceof PyFloat) return value.value !== 0;
  if (isDateLike(value)) return value.truthy();
  return isDict(value) ? dictKeys(value).length > 0 : Boolean(value);
}

/** Python's `==`. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b))
    return asNumber(a) === asNumber(b) && (typeof a !== "bigint" || typeof b !== "bigint");
  if (a instanceof Undefined || b instanceof Undefined) return a instanceof Undefined && b instanceof Undefined;
  if (isDateLike(a)) return a.equals(b);
  return equalContainers(a, b);
}

function equalContainers(a: unknown, b: unknown): boolean {
  if (isList(a) && isList(b)) return sameItems(a, b);
  if (a instanceof PyTuple && b instanceof PyTuple) return sameItems(a.items, b.items);
  if (a instanceof PySet && b instanceof PySet)
    return a.items.length === b.items.length && a.items.every((item) => b.items.some((other) => equal(item, other)));
  return isDict(a) && isDict(b) && equalDicts(a, b);
}

function equalDicts(a: PyDict, b: PyDict): boolean {
  const keys = dictKeys(a);
  if (keys.length !== dictKeys(b).length) return false;
  return keys.every((key) => {
    const other = dictGet(b, key);
    return other !== undefined && equal(dictGet(a, key), other);
  });
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => equal(incoming(item), incoming(b[at])));
}

/** Python's ordering: negative, zero or positive; NaN where neither holds. @throws PythonError TypeError for types without an order */
export function compare(a: unknown, b: unknown, operator = "<"): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isList(a) && isList(b)) return compareItems(a, b, operator);
  if (a instanceof PyTuple && b instanceof PyTuple) return compareItems(a.items, b.items, operator);
  if (isDateLike(a)) return a.compare(b);
  for (const value of [a, b]) if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  throw new PythonError(
    "TypeError",
    `'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function compareNumbers(a: number | bigint | PyFloat | boolean, b: number | bigint | PyFloat | boolean): number {
  const left = a instanceof PyFloat ? a.value : a;
  const right = b instanceof PyFloat ? b.value : b;
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0;
}

/** By code point, as Python orders text. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    // A surrogate belongs to a code point above all others.
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

function compareItems(a: readonly unknown[], b: readonly unknown[], operator: string): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1)
    if (!equal(incoming(a[at]), incoming(b[at]))) return compare(incoming(a[at]), incoming(b[at]), operator);
  return a.length - b.length;
}

/** The items that a loop over the value sees. @throws PythonError TypeError when it has none */
export function iterate(value: unknown): readonly unknown[] {
  if (isList(value)) return value.map(incoming);
  if (value instanceof PyTuple || value instanceof PySet) return value.items;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof Undefined) return [];
  if (isDict(value)) return dictKeys(value);
  throw new PythonError("TypeError", `'${typeName(value)}' object is not iterable`);
}
