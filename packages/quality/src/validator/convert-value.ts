// One JSON value to its logical type, as the loader's SQL does it: exactly, or not at all. The common spellings take a short way.
import type { LogicalType } from "@millrace/core";
import { clockMicros, instantMicros, isDay } from "./instants.ts";
import { loaderText } from "./loader-text.ts";
import { exact, scaled } from "./numbers.ts";

/** What rules compare: numbers and bigints for numbers, times and scaled decimals, text that sorts like the value for the rest. */
export type Value = string | number | bigint | boolean;

/** `undefined` when the text does not fit the type. */
export type Conversion = (text: string) => Value | undefined;

const int32Max = 2_147_483_647n;
const int64Max = 9_223_372_036_854_775_807n;

const wholeText = {
  integer: /^[+-]?[0-9]+$/,
  float: /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/,
  /** How the loader's reader spells a JSON number below 0.0001. */
  smallFraction: /^[+-]?[0-9](?:\.[0-9]+)?e-[0-9]{2}$/,
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
} as const;

/** Converts values of readRecord that are there; `undefined` when one does not fit. */
export function converterOf(type: LogicalType): (value: unknown) => Value | undefined {
  const convert = conversionOf(type);
  switch (type.kind) {
    case "int32":
      return (value) => (typeof value === "number" && (value | 0) === value ? value + 0 : convert(loaderText(value)));
    case "int64":
      return (value) =>
        typeof value === "number" && Number.isSafeInteger(value) ? value + 0 : convert(loaderText(value));
    case "decimal":
      return decimalConverter(type, convert);
    case "float":
      return (value) => (typeof value === "number" ? value + 0 : convert(loaderText(value)));
    case "bool":
      return (value) => (typeof value === "boolean" ? value : convert(loaderText(value)));
    case "json":
    case "list":
    case "struct":
      return nested;
    default:
      return (value) => convert(typeof value === "string" ? value : loaderText(value));
  }
}

/** Any value: the shape of nested values is judged by the loader alone. */
function nested(): Value {
  return "";
}

export function conversionOf(type: LogicalType): Conversion {
  switch (type.kind) {
    case "int32":
      return (text) => integer(text, int32Max);
    case "int64":
      return (text) => integer(text, int64Max);
    case "decimal":
      return decimal(type);
    case "float":
      return (text) => (wholeText.float.test(text) && Number.isFinite(Number(text)) ? Number(text) + 0 : undefined);
    case "bool":
      return (text) => booleans.get(text.toLowerCase());
    case "date":
      return (text) => (isDay(text) ? text : undefined);
    case "time":
      return clockMicros;
    case "datetime":
      return (text) => instantMicros(text, false);
    case "timestamp":
      return (text) => instantMicros(text, true);
    case "uuid":
      return uuid;
    case "enum": {
      const values = new Set(type.values);
      return (text) => (values.has(text) ? text : undefined);
    }
    case "bytes":
      return (text) => (wholeText.base64.test(text) ? text : undefined);
    default:
      return (text) => text;
  }
}

/** By character code: 1 for a digit or a small letter of hexadecimal, 2 for a capital one. */
const hexadecimal = Uint8Array.from({ length: 128 }, (_none, code) => {
  const letter = String.fromCharCode(code);
  return /[0-9a-f]/.test(letter) ? 1 : /[A-F]/.test(letter) ? 2 : 0;
});

function uuid(text: string): string | undefined {
  if (text.length !== 36) return undefined;
  let seen = 0;
  for (let at = 0; at < 36; at += 1) {
    const code = text.charCodeAt(at);
    const kind = at === 8 || at === 13 || at === 18 || at === 23 ? (code === 45 ? 1 : 0) : hexadecimal[code];
    if (kind === undefined || kind === 0) return undefined;
    seen |= kind;
  }
  return seen === 1 ? text : text.toLowerCase();
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "1"].map((text) => [text, true] as const),
  ...["false", "f", "no", "0"].map((text) => [text, false] as const),
]);

function integer(text: string, max: bigint): Value | undefined {
  if (!wholeText.integer.test(text)) return undefined;
  if (text.length <= 9) return Number(text) + 0;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value <= max && value >= -max - 1n ? exact(value) : undefined;
}

type Decimal = Extract<LogicalType, { kind: "decimal" }>;

function decimal({ precision, scale }: Decimal): Conversion {
  const pattern = scale === 0 ? wholeText.integer : new RegExp(`^[+-]?[0-9]+(?:\\.[0-9]{1,${scale}})?$`);
  const max = 10n ** BigInt(precision);
  return (spelled) => {
    const text = wholeText.smallFraction.test(spelled) ? positional(spelled) : spelled;
    if (!pattern.test(text)) return undefined;
    const value = scaled(text, scale);
    return value < max && value > -max ? value : undefined;
  };
}

/** `-1.5e-05` is `-0.000015`. */
function positional(text: string): string {
  const [mantissa = "", exponent = "0"] = text.split("e-");
  const sign = mantissa.startsWith("-") ? "-" : "";
  return `${sign}0.${"0".repeat(Number(exponent) - 1)}${mantissa.replace(/[^0-9]/g, "")}`;
}

/** A number whose scaled value has at most 15 digits is written in no other way by a decimal of so few digits: it is what the text said. */
function decimalConverter({ precision, scale }: Decimal, convert: Conversion): (value: unknown) => Value | undefined {
  const power = 10 ** scale;
  const max = Math.min(1e15, 10 ** precision);
  if (scale > 15) return (value) => convert(loaderText(value));
  return (value) => {
    if (typeof value !== "number") return convert(loaderText(value));
    const whole = Math.round(value * power);
    return whole < max && whole > -max && whole / power === value ? whole + 0 : convert(loaderText(value));
  };
}
