// Filters on text and numbers: Jinja's, and those that the reference adds (hash, base64, regex, hmac).
import { createHash, createHmac, getHashes } from "node:crypto";
import { demandText, parameters } from "./callables.ts";
import type { Filter } from "./environment.ts";
import { toJson } from "./json-text.ts";
import { demandLength } from "./limits.ts";
import { characters } from "./operators.ts";
import { percentFormat } from "./python-format.ts";
import { firstGroup, substitute } from "./python-regex.ts";
import { str } from "./python-text.ts";
import {
  asNumber,
  dictGet,
  dictKeys,
  float,
  int,
  isDict,
  isInt,
  isNumeric,
  iterate,
  PyFloat,
  PythonError,
  PyTuple,
  truthy,
  typeName,
  Undefined,
} from "./python-values.ts";
import { capitalize, center, replaceText, strip } from "./text-methods.ts";
import { quote, quotePlus } from "./url-text.ts";

const only = (change: (text: string) => unknown): Filter => ({
  parameters: parameters("value"),
  call: ([value]) => change(str(value)),
});

function plainText(value: unknown, filter: string): string {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  if (typeof value !== "string")
    throw new PythonError("AttributeError", `'${typeName(value)}' object has no attribute 'encode' (filter ${filter})`);
  return value;
}

/** A name of Python's hashlib to one of OpenSSL. */
function hashName(type: string): string {
  const name = type
    .replace(/^sha3_/, "sha3-")
    .replace(/^blake2b$/, "blake2b512")
    .replace(/^blake2s$/, "blake2s256");
  if (!getHashes().includes(name)) throw new PythonError("AttributeError", `No hashing function named ${type}`);
  return name;
}

function hash(value: unknown, type: unknown, salt: unknown): string {
  const digest = createHash(hashName(demandText(type, "the hash type"))).update(str(value), "utf8");
  if (truthy(salt)) digest.update(str(salt), "utf8");
  return digest.digest("hex");
}

function decodeBase64(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9+/=]/g, "");
  if (clean.replace(/=+$/, "").length % 4 === 1 || clean.length % 4 !== 0)
    throw new PythonError("binascii.Error", "Incorrect padding");
  const bytes = Buffer.from(clean, "base64");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PythonError("UnicodeDecodeError", "the decoded bytes are not UTF-8");
  }
}

/** Text that reads as an int in this base, or undefined. */
function parseInteger(text: string, base: number): bigint | undefined {
  const clean = text.trim().replace(/(?<=[\da-z])_(?=[\da-z])/gi, "");
  const sign = clean.startsWith("-") ? -1n : 1n;
  const digits = clean.replace(/^[+-]/, "").toLowerCase();
  const body =
    base === 16
      ? digits.replace(/^0x/, "")
      : base === 8
        ? digits.replace(/^0o/, "")
        : base === 2
          ? digits.replace(/^0b/, "")
          : digits;
  const known = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, base);
  if (body === "" || body.length > 4300 || Array.from(body).some((digit) => !known.includes(digit))) return undefined;
  return sign * Array.from(body).reduce((sum, digit) => sum * BigInt(base) + BigInt(known.indexOf(digit)), 0n);
}

function toInt(value: unknown, byDefault: unknown, base: unknown): unknown {
  if (typeof value === "string") {
    const whole = parseInteger(value, Number(base));
    if (whole !== undefined) return int(whole);
    const number = parseFloatText(value);
    return number === undefined || !Number.isFinite(number) ? byDefault : int(BigInt(Math.trunc(number)));
  }
  if (!isNumeric(value)) return byDefault;
  if (isInt(value)) return value;
  const number = asNumber(value);
  if (Number.isFinite(number)) return int(BigInt(Math.trunc(number)));
  if (Number.isNaN(number)) return byDefault;
  throw new PythonError("OverflowError", "cannot convert float infinity to integer");
}

function parseFloatText(text: string): number | undefined {
  const clean = text.trim().replace(/(?<=\d)_(?=\d)/g, "");
  if (/^[+-]?(?:inf|infinity)$/i.test(clean))
    return clean.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(clean)) return Number.NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(clean) ? Number(clean) : undefined;
}

function toFloat(value: unknown, byDefault: unknown): unknown {
  if (typeof value === "string") {
    const number = parseFloatText(value);
    return number === undefined ? byDefault : float(number);
  }
  return isNumeric(value) ? float(asNumber(value)) : byDefault;
}

function round(given: unknown, precision: unknown, method: unknown): unknown {
  const value = typeof given === "boolean" ? Number(given) : given;
  if (!isNumeric(value)) throw new PythonError("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
  const factor = 10 ** Number(precision);
  const scaled = asNumber(value) * factor;
  if (method === "ceil") return float(Math.ceil(scaled) / factor);
  if (method === "floor") return float(Math.floor(scaled) / factor);
  if (method !== "common") throw new PythonError("FilterArgumentError", "method must be common, ceil or floor");
  if (isInt(value)) return Number(precision) >= 0 ? value : int(roundTens(BigInt(value), -Number(precision)));
  return roundHalfEven(asNumber(value), Number(precision));
}

/** Rounds to tens, hundreds and so on, ties to even. */
function roundTens(value: bigint, zeros: number): bigint {
  if (zeros > 5000) return 0n;
  const unit = 10n ** BigInt(zeros);
  const rest = ((value % unit) + unit) % unit;
  const down = value - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
  return up ? down + unit : down;
}

/** Rounds the decimal value of the float, ties to even: what Python's round() does. */
function roundHalfEven(value: number, precision: number): unknown {
  if (precision < 0) return float(Math.round(value * 10 ** precision) / 10 ** precision);
  const exact = value.toFixed(Math.min(100, precision + 30));
  const text = value.toFixed(Math.min(100, precision));
  const rest = exact.slice(text.length + (precision === 0 ? 1 : 0));
  // Only a value that lies exactly in the middle can differ from toFixed, which rounds those away from zero.
  if (!/^50*$/.test(rest)) return float(Number(text));
  const down = exact.slice(0, exact.length - rest.length).replace(/\.$/, "");
  const lastDigit = Number(down.at(-1));
  return float(Number(lastDigit % 2 === 0 ? down : text));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};
const escapeHtml = (value: unknown): string => str(value).replace(/[&<>'"]/g, (char) => entities[char] ?? char);

function truncate([value, size, kill, end, leeway]: readonly unknown[]): string {
  const text = str(value);
  const chars = Array.from(text);
  if (Number(size) < str(end).length)
    throw new PythonError("AssertionError", `expected length >= ${str(end).length}, got ${str(size)}`);
  const slack = leeway === null ? 5 : Number(leeway);
  if (chars.length <= Number(size) + slack) return text;
  const ending = str(end);
  const head = chars.slice(0, Number(size) - ending.length).join("");
  if (truthy(kill)) return head + ending;
  const cut = head.lastIndexOf(" ");
  return (cut < 0 ? head : head.slice(0, cut)) + ending;
}

function indent([value, width, first, blank]: readonly unknown[]): string {
  if (typeof value !== "string") throw new PythonError("TypeError", "indent needs text");
  const space = typeof width === "string" ? width : " ".repeat(Math.max(0, Math.min(Number(width), 1000)));
  const lines = value.split("\n");
  demandLength(value.length + lines.length * space.length, "text");
  const shifted = lines.map((line, at) => (at > 0 && (line !== "" || truthy(blank)) ? space + line : line)).join("\n");
  return (truthy(first) ? space : "") + shifted;
}

function urlencode(value: unknown): string {
  if (typeof value === "string" || !(isDict(value) || Array.isArray(value) || value instanceof PyTuple))
    return quote(str(value));
  const pairs = isDict(value) ? dictKeys(value).map((key) => [key, dictGet(value, key)]) : iterate(value).map(pairOf);
  return pairs.map(([key, item]) => `${quotePlus(str(key))}=${quotePlus(str(item))}`).join("&");
}

function pairOf(value: unknown): readonly unknown[] {
  const pair = iterate(value);
  if (pair.length !== 2) throw new PythonError("ValueError", `expected 2 values to unpack, got ${pair.length}`);
  return pair;
}

function fileSize(value: unknown, binary: unknown): string {
  const bytes = asNumber(toFloat(value, 0) as number);
  const base = truthy(binary) ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const names = ["k", "M", "G", "T", "P", "E", "Z", "Y"].map((prefix) =>
    truthy(binary) ? `${prefix.toUpperCase()}iB` : `${prefix}B`,
  );
  const power = Math.min(names.length, Math.floor(Math.log(bytes) / Math.log(base)));
  return `${(bytes / base ** power).toFixed(1)} ${names[power - 1]}`;
}

/** The reference's `string`: text stays; anything else becomes JSON in triple quotes, so that it is read back as text. */
function string(value: unknown): string {
  return typeof value === "string" ? value : `"""${toJson(value)}"""`;
}

export const textFilters: Readonly<Record<string, Filter>> = {
  abs: { parameters: parameters("value"), call: ([value]) => absolute(value) },
  base64encode: {
    parameters: parameters("value"),
    call: ([value]) => Buffer.from(plainText(value, "base64encode")).toString("base64"),
  },
  base64decode: { parameters: parameters("value"), call: ([value]) => decodeBase64(plainText(value, "base64decode")) },
  base64binascii_decode: {
    parameters: parameters("value"),
    call: ([value]) => Buffer.from(plainText(value, "base64binascii_decode")).toString("base64"),
  },
  capitalize: only(capitalize),
  center: { parameters: parameters("value", ["width", 80]), call: ([value, width]) => center(str(value), width, " ") },
  e: { parameters: parameters("value"), call: ([value]) => escapeHtml(value) },
  escape: { parameters: parameters("value"), call: ([value]) => escapeHtml(value) },
  filesizeformat: {
    parameters: parameters("value", ["binary", false]),
    call: ([value, binary]) => fileSize(value, binary),
  },
  float: {
    parameters: parameters("value", ["default", new PyFloat(0)]),
    call: ([value, byDefault]) => toFloat(demandDefined(value), byDefault),
  },
  forceescape: { parameters: parameters("value"), call: ([value]) => escapeHtml(value) },
  format: {
    parameters: "any",
    call: ([value, ...args], _registry, named) =>
      percentFormat(str(value), named.size > 0 ? new Map(named) : new PyTuple(args)),
  },
  hash: {
    parameters: parameters("value", ["hash_type", "md5"], ["salt", null]),
    call: ([value, type, salt]) => hash(value, type, salt),
  },
  hmac: { parameters: parameters("value", "key", ["hash_type", "sha256"]), call: (values) => hmac(values) },
  indent: { parameters: parameters("value", ["width", 4], ["first", false], ["blank", false]), call: indent },
  int: {
    parameters: parameters("value", ["default", 0], ["base", 10]),
    call: ([value, byDefault, base]) => toInt(demandDefined(value), byDefault, base),
  },
  lower: only((text) => text.toLowerCase()),
  regex_search: {
    parameters: parameters("value", "regex"),
    call: ([value, regex]) => firstGroup(demandText(value, "the value"), demandText(regex, "regex")),
  },
  regex_replace: {
    parameters: parameters("value", "regex", "replacement"),
    call: ([value, regex, by]) =>
      substitute(demandText(value, "the value"), demandText(regex, "regex"), demandText(by, "replacement")),
  },
  replace: {
    parameters: parameters("value", "old", "new", ["count", null]),
    call: ([value, old, by, count]) => replaceText(str(value), [str(old), str(by), count === null ? -1 : count]),
  },
  round: {
    parameters: parameters("value", ["precision", 0], ["method", "common"]),
    call: ([value, precision, method]) => round(value, precision, method),
  },
  safe: { parameters: parameters("value"), call: ([value]) => str(value) },
  string: { parameters: parameters("value"), call: ([value]) => string(value) },
  striptags: only((text) =>
    without(without(text, "<!--", "-->"), "<", ">")
      .split(/\s+/)
      .filter(Boolean)
      .join(" "),
  ),
  title: only((text) => text.replace(/[^-\s({[<]+/g, (word) => capitalize(word))),
  tojson: {
    parameters: parameters("value", ["indent", null]),
    call: ([value, width]) => htmlSafe(toJson(value, { sortKeys: true, indent: width as number | null })),
  },
  trim: { parameters: parameters("value", ["chars", null]), call: ([value, chars]) => strip(str(value), chars) },
  truncate: {
    parameters: parameters("s", ["length", 255], ["killwords", false], ["end", "..."], ["leeway", null]),
    call: truncate,
  },
  upper: only((text) => text.toUpperCase()),
  urlencode: { parameters: parameters("value"), call: ([value]) => urlencode(value) },
  wordcount: only((text) => text.match(/\w+/gu)?.length ?? 0),
};

/** Leaves out what stands between the two, both included; without its end, a beginning stays. */
function without(text: string, begin: string, end: string): string {
  const kept: string[] = [];
  let at = 0;
  for (;;) {
    const from = text.indexOf(begin, at);
    const to = from < 0 ? -1 : text.indexOf(end, from);
    if (to < 0) return kept.join("") + text.slice(at);
    kept.push(text.slice(at, from));
    at = to + end.length;
  }
}

function htmlSafe(json: string): string {
  return json.replace(/[<>&']/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function demandDefined(value: unknown): unknown {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  return value;
}

function absolute(value: unknown): unknown {
  if (value instanceof PyFloat) return float(Math.abs(value.value));
  if (typeof value === "bigint") return value < 0n ? -value : value;
  if (typeof value === "number" || typeof value === "boolean") return Math.abs(Number(value));
  throw new PythonError("TypeError", `bad operand type for abs(): '${typeName(value)}'`);
}

function hmac([value, key, type]: readonly unknown[]): string {
  if (type !== "sha256")
    throw new PythonError("ValueError", `Hash type '${str(type)}' is not allowed. Allowed types: sha256`);
  return createHmac("sha256", str(key)).update(str(value)).digest("hex");
}

/** Characters of the text in reverse order. */
export function reversedText(text: string): string {
  return Array.from(characters(text)).reverse().join("");
}
