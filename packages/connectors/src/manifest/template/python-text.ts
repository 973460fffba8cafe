// How Python prints values: str() for output, repr() inside of containers. Neighbours: python-values.ts, python-literal.ts reads it back.
import { demandLength } from "./limits.ts";
import {
  dictGet,
  dictKeys,
  incoming,
  isDateLike,
  isDict,
  isFloat,
  isList,
  PyCallable,
  PyFloat,
  PySet,
  PyTuple,
  Undefined,
} from "./python-values.ts";
import { PythonError } from "./python-values.ts";

const depthMax = 200;

/** `str(value)`. */
export function str(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  if (isDateLike(value)) return value.text();
  return repr(value);
}

/** `repr(value)`. */
export function repr(value: unknown, depth = 0): string {
  if (depth > depthMax) throw new PythonError("RecursionError", `more than ${depthMax} nested values`);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return reprText(value);
  if (typeof value === "bigint" || typeof value === "number" || value instanceof PyFloat) return reprNumber(value);
  if (isDateLike(value)) return value.repr();
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof PyCallable) return `<built-in function ${value.name}>`;
  return reprContainer(value, depth + 1);
}

function reprNumber(value: number | bigint | PyFloat): string {
  if (isFloat(value)) return reprFloat(value instanceof PyFloat ? value.value : value);
  return Object.is(value, -0) ? "0" : BigInt(value).toString();
}

function reprContainer(value: unknown, depth: number): string {
  const each = (items: readonly unknown[]): string => joined(items, (item) => repr(incoming(item), depth));
  if (isList(value)) return `[${each(value)}]`;
  if (value instanceof PyTuple) return value.items.length === 1 ? `(${each(value.items)},)` : `(${each(value.items)})`;
  if (value instanceof PySet) return value.items.length === 0 ? "set()" : `{${each(value.items)}}`;
  if (!isDict(value)) return "<object>";
  return `{${joined(dictKeys(value), (key) => `${repr(key, depth)}: ${repr(dictGet(value, key), depth)}`)}}`;
}

/** Stops at the limit: lists that hold each other several times print far longer than they are. */
function joined(items: readonly unknown[], print: (item: unknown) => string): string {
  const texts: string[] = [];
  let length = 0;
  for (const item of items) {
    const text = print(item);
    length += text.length + 2;
    demandLength(length, "text");
    texts.push(text);
  }
  return texts.join(", ");
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === quote) out += `\\${char}`;
    else if (char in escapes) out += escapes[char];
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code > 0x7e && !printable.test(char)) out += escapeCode(code);
    else out += char;
  }
  return quote + out + quote;
}

// Everything but control, format, surrogate, private, unassigned and separators other than the space.
const printable = /^[^\p{C}\p{Z}]$/u;

function escapeCode(code: number): string {
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

/** The shortest text that reads back as the same float, in Python's layout: `1.0`, `1e+16`, `1e-05`. */
export function reprFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const negative = mantissa.startsWith("-");
  const digits = mantissa.replace(/[-.]/g, "");
  const body = placePoint(digits, exponent);
  return (negative ? "-" : "") + body;
}

function placePoint(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${digits}${"0".repeat(exponent + 1 - digits.length)}.0`;
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
