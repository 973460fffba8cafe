// Python's text formatting: format specifications (`{:>10.2f}`), `str.format`, and the `%` operator.
// Grammar: https://docs.python.org/3/library/string.html#format-specification-mini-language
import { demandLength } from "./limits.ts";
import { repr, reprFloat, str } from "./python-text.ts";
import {
  asNumber,
  dictGet,
  int,
  isDateLike,
  isDict,
  isFloat,
  isInt,
  isList,
  isNumeric,
  PythonError,
  PyTuple,
  typeName,
  Undefined,
} from "./python-values.ts";

const specForm = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly group: string;
  readonly precision: number | undefined;
  readonly type: string;
}

/** `format(value, spec)`. */
export function formatValue(value: unknown, spec: string): string {
  if (spec === "") return str(value);
  const match = specForm.exec(spec);
  if (match === null) throw new PythonError("ValueError", `Invalid format specifier ${JSON.stringify(spec)}`);
  const numeric = isNumeric(value) && match[10] !== "s";
  const parsed: Spec = {
    fill: match[1] ?? (match[6] === undefined ? " " : "0"),
    align: match[2] ?? (match[6] === undefined || !numeric ? (numeric ? ">" : "<") : "="),
    sign: match[3] ?? "-",
    alternate: match[5] !== undefined,
    width: boundedWidth(match[7]),
    group: match[8] ?? "",
    precision: match[9] === undefined ? undefined : boundedWidth(match[9]),
    type: match[10] ?? "",
  };
  return numeric ? formatNumber(value, parsed) : formatText(value, parsed);
}

function boundedWidth(text: string | undefined): number {
  const width = Number(text ?? 0);
  demandLength(width * 100, "text");
  return width;
}

function formatText(value: unknown, spec: Spec): string {
  if (typeof value !== "string")
    throw new PythonError("TypeError", `unsupported format string passed to ${typeName(value)}.__format__`);
  if (spec.type !== "" && spec.type !== "s")
    throw new PythonError("ValueError", `Unknown format code '${spec.type}' for object of type 'str'`);
  return pad("", value.slice(0, spec.precision), spec);
}

function formatNumber(value: unknown, spec: Spec): string {
  const number = asNumber(value as number);
  const negative = number < 0 || Object.is(number, -0);
  const sign = negative ? "-" : spec.sign === "-" ? "" : spec.sign;
  const whole = isInt(value) || typeof value === "boolean";
  const type = spec.type === "" && !whole ? (spec.precision === undefined ? "repr" : "g1") : spec.type || "d";
  if ("bcdoxX".includes(type) && !whole)
    throw new PythonError("ValueError", `Unknown format code '${type}' for object of type 'float'`);
  const body = "bcdoxX".includes(type)
    ? formatInt(BigInt(value as number), type, spec)
    : formatFloat(Math.abs(number), type, spec);
  return pad(sign, body, spec);
}

function codePoint(value: bigint): string {
  if (value < 0n || value > 0x10ffffn) throw new PythonError("OverflowError", "%c arg not in range(0x110000)");
  return String.fromCodePoint(Number(value));
}

function formatInt(value: bigint, type: string, spec: Spec): string {
  const size = value < 0n ? -value : value;
  if (type === "c") return codePoint(value);
  const radix = { b: 2, o: 8, x: 16, X: 16 }[type] ?? 10;
  const digits = size.toString(radix);
  const prefix = spec.alternate && radix !== 10 ? `0${type}` : "";
  return prefix + grouped(type === "X" ? digits.toUpperCase() : digits, spec.group, radix === 10 ? 3 : 4);
}

/** `repr`: as Python prints a float; `g1`: like g but with a decimal point. */
function formatFloat(value: number, type: string, spec: Spec): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : "inf";
  const precision = spec.precision ?? 6;
  switch (type) {
    case "repr":
      return groupedFraction(reprFloat(value), spec);
    case "e":
    case "E":
      return exponent(value.toExponential(Math.min(precision, 100)), type);
    case "%":
      return `${fixed(value * 100, precision, spec)}%`;
    case "g":
    case "G":
    case "n":
    case "g1": {
      const text = general(value, Math.max(precision, 1), spec.alternate);
      const pointed = type === "g1" && /^\d+$/.test(text) ? `${text}.0` : text;
      return type === "G" ? pointed.toUpperCase() : groupedFraction(pointed, spec);
    }
    default:
      return fixed(value, precision, spec);
  }
}

function fixed(value: number, precision: number, spec: Spec): string {
  // Beyond 1e21 toFixed falls back to exponents; such a float is a whole number.
  if (!Number.isFinite(value)) return "inf";
  const text = value < 1e21 ? value.toFixed(Math.min(precision, 100)) : `${BigInt(value)}.${"0".repeat(precision)}`;
  return groupedFraction(precision === 0 ? text.replace(/\.$/, "") : text, spec);
}

function exponent(text: string, letter: string): string {
  return text.replace(
    /e([+-])(\d+)$/,
    (_whole, sign: string, digits: string) => `${letter}${sign}${digits.padStart(2, "0")}`,
  );
}

function general(value: number, precision: number, keepZeros: boolean): string {
  if (value === 0) return "0";
  const scientific = value.toExponential(Math.min(precision, 100) - 1);
  const power = Number(scientific.split("e")[1]);
  const text =
    power < -4 || power >= precision
      ? exponent(scientific, "e")
      : value.toFixed(Math.max(0, Math.min(precision - 1 - power, 100)));
  return keepZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

function grouped(digits: string, separator: string, size: number): string {
  return separator === "" ? digits : digits.replace(new RegExp(`(?=(?:.{${size}})+$)(?<=.)`, "g"), separator);
}

function groupedFraction(text: string, spec: Spec): string {
  const [whole = "", ...fraction] = text.split(".");
  return [grouped(whole, spec.group, 3), ...fraction].join(".");
}

function pad(sign: string, body: string, { fill, align, width }: Spec): string {
  const missing = width - Array.from(sign + body).length;
  if (missing <= 0) return sign + body;
  const filling = fill.repeat(missing);
  if (align === "<") return sign + body + filling;
  if (align === "=") return sign + filling + body;
  if (align === "^") return fill.repeat(Math.floor(missing / 2)) + sign + body + fill.repeat(Math.ceil(missing / 2));
  return filling + sign + body;
}

const conversion = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d+))?([hlL])?([diouxXeEfFgGcrsa%])/g;

/** `format % value`. */
export function percentFormat(format: string, value: unknown): string {
  const queue = value instanceof PyTuple ? [...value.items] : [value];
  const take = (): unknown => {
    if (queue.length === 0) throw new PythonError("TypeError", "not enough arguments for format string");
    return queue.shift();
  };
  if (/%(?!\(|[-#0 +\d.*hlL]*[diouxXeEfFgGcrsa%])/.test(format.replaceAll("%%", "")))
    throw new PythonError("ValueError", "unsupported format character");
  let named = false;
  let length = 0;
  const grown = (text: string): string => {
    length += text.length;
    demandLength(length, "text");
    return text;
  };
  const text = format.replace(conversion, (...found: unknown[]) => {
    const [, key, flags, width, precision, , type] = found as (string | undefined)[];
    if (type === "%") return "%";
    named ||= key !== undefined;
    const size = width === "*" ? String(take()) : (width ?? "");
    const digits = precision === "*" ? String(take()) : precision;
    const given = key === undefined ? take() : lookUp(value, key);
    return grown(convert(given, { flags: flags ?? "", width: size, precision: digits, type: type ?? "s" }));
  });
  if (queue.length > 0 && !named && !subscriptable(value))
    throw new PythonError("TypeError", "not all arguments converted during string formatting");
  return text;
}

/** What counts as a mapping here may stay unused. */
function subscriptable(value: unknown): boolean {
  return isDict(value) || isList(value) || value instanceof Undefined;
}

function lookUp(value: unknown, key: string): unknown {
  if (!isDict(value)) throw new PythonError("TypeError", "format requires a mapping");
  const found = dictGet(value, key);
  if (found === undefined) throw new PythonError("KeyError", repr(key));
  return found;
}

interface Conversion {
  readonly flags: string;
  readonly width: string;
  readonly precision: string | undefined;
  readonly type: string;
}

function convert(value: unknown, { flags, width, precision, type }: Conversion): string {
  const align = flags.includes("-") ? "<" : ">";
  const point = precision === undefined ? "" : `.${precision}`;
  if ("rsa".includes(type)) return formatValue(type === "s" ? str(value) : repr(value), `${align}${width}${point}`);
  if (type === "c" && typeof value === "string") {
    if (Array.from(value).length !== 1) throw new PythonError("TypeError", "%c requires int or char");
    return formatValue(value, `${align}${width}`);
  }
  if (!isNumeric(value))
    throw new PythonError("TypeError", `%${type} format: a real number is required, not ${typeName(value)}`);
  if (type === "c") return formatValue(codePoint(wholePart(value)), `${align}${width}`);
  const spec = numberSpec(flags, width, align);
  if ("diuoxX".includes(type)) return formatValue(int(wholePart(value)), `${spec}${/[diu]/.test(type) ? "d" : type}`);
  return formatValue(isFloat(value) ? value : Number(value), `${spec}${point}${type}`);
}

function numberSpec(flags: string, width: string, align: string): string {
  const sign = flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const zero = flags.includes("0") && align === ">" ? "0" : "";
  return `${zero === "" ? align : ""}${sign}${flags.includes("#") ? "#" : ""}${zero}${width}`;
}

/** What `int(value)` gives. @throws PythonError for infinity and NaN */
export function wholePart(value: Parameters<typeof asNumber>[0]): bigint {
  if (isInt(value)) return BigInt(value);
  const number = asNumber(value);
  if (Number.isFinite(number)) return BigInt(Math.trunc(number));
  const kind = Number.isNaN(number) ? "NaN" : "infinity";
  throw new PythonError(
    Number.isNaN(number) ? "ValueError" : "OverflowError",
    `cannot convert float ${kind} to integer`,
  );
}

/** Finds the value of a replacement field such as `0.name[key]`. */
export type FieldLookup = (start: unknown, path: string) => unknown;

/** `format.format(*args, **named)`. @param walk follows `.name[key]` from a value */
export function braceFormat(
  format: string,
  {
    args,
    named,
    walk,
  }: { readonly args: readonly unknown[]; readonly named: ReadonlyMap<string, unknown>; readonly walk: FieldLookup },
): string {
  let automatic = 0;
  let length = 0;
  const field = (text: string): string => {
    const match = /^([^!:.[]*)((?:\.[^!:.[]+|\[[^\]]+\])*)(?:!([rsa]))?(?::([\s\S]*))?$/.exec(text);
    if (match === null) throw new PythonError("ValueError", `wrong replacement field ${JSON.stringify(text)}`);
    const [, name = "", path = "", conversionType, spec = ""] = match;
    const start = /^\d*$/.test(name) ? args[name === "" ? automatic++ : Number(name)] : named.get(name);
    if (start === undefined)
      throw /^\d*$/.test(name)
        ? new PythonError("IndexError", "Replacement index out of range")
        : new PythonError("KeyError", repr(name));
    const value = walk(start, path);
    const shown = conversionType === undefined ? value : conversionType === "s" ? str(value) : repr(value);
    const resolved = spec.replace(/\{([^{}]*)\}/g, (_whole, inner: string) => field(inner));
    return isDateLike(shown) && resolved !== "" ? str(walk(shown, `:${resolved}`)) : formatValue(shown, resolved);
  };
  const out = format.replace(
    /\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}|[{}]/g,
    (whole: string, inner: string | undefined) => {
      if (whole === "{{" || whole === "}}") return whole.slice(1);
      if (inner === undefined) throw new PythonError("ValueError", `Single '${whole}' encountered in format string`);
      const text = field(inner);
      length += text.length;
      demandLength(length, "text");
      return text;
    },
  );
  demandLength(out.length, "text");
  return out;
}
