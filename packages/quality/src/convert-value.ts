// One JSON value to its logical type, as the loader's SQL does it: exactly, or not at all. Comparable forms are numbers, bigints or text that sorts
// like the value.
import type { LogicalType } from "@millrace/core";
import { decimalPattern, smallFraction, wholeText } from "./patterns.ts";

/** What checks compare; `undefined` when the value does not fit the type. */
export type Comparable = string | number | bigint | boolean | undefined;

export type Conversion = (text: string) => Comparable;

const int32Max = 2_147_483_647n;
const int64Max = 9_223_372_036_854_775_807n;

/** Nested and json types take any value here: their shape is judged by the loader alone. */
export function conversionOf(type: LogicalType): Conversion {
  switch (type.kind) {
    case "int32":
      return (text) => integer(text, int32Max);
    case "int64":
      return (text) => integer(text, int64Max);
    case "decimal":
      return decimal(type);
    case "float":
      return (text) => (wholeText.float.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined);
    case "bool":
      return (text) => booleans.get(text.toLowerCase());
    case "date":
      return (text) => (wholeText.date.test(text) && isDay(text) ? text : undefined);
    case "time":
      return (text) => (wholeText.time.test(text) ? clockMicros(text) : undefined);
    case "datetime":
      return (text) => (wholeText.datetime.test(text) && isDay(text) ? instantMicros(text) : undefined);
    case "timestamp":
      return (text) => (wholeText.timestamp.test(text) && isDay(text) ? instantMicros(text) : undefined);
    case "uuid":
      return (text) => (wholeText.uuid.test(text) ? text.toLowerCase() : undefined);
    case "enum":
      return (text) => (type.values.includes(text) ? text : undefined);
    case "bytes":
      return (text) => (wholeText.base64.test(text) ? text : undefined);
    default:
      return (text) => text;
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "1"].map((text) => [text, true] as const),
  ...["false", "f", "no", "0"].map((text) => [text, false] as const),
]);

function integer(text: string, max: bigint): bigint | undefined {
  if (!wholeText.integer.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value <= max && value >= -max - 1n ? value : undefined;
}

/** Scaled to an integer, so that comparisons are exact. */
function decimal(type: { readonly precision: number; readonly scale: number }): Conversion {
  const pattern = decimalPattern(type.scale);
  const max = 10n ** BigInt(type.precision);
  return (spelled) => {
    const text = smallFraction.test(spelled) ? positional(spelled) : spelled;
    if (!pattern.test(text)) return undefined;
    const value = scaled(text, type.scale);
    return value < max && value > -max ? value : undefined;
  };
}

/** `-1.5e-05` is `-0.000015`. */
function positional(text: string): string {
  const [mantissa = "", exponent = "0"] = text.split("e-");
  const sign = mantissa.startsWith("-") ? "-" : "";
  return `${sign}0.${"0".repeat(Number(exponent) - 1)}${mantissa.replace(/[^0-9]/g, "")}`;
}

/** `12.3` at scale 2 is 1230n. */
export function scaled(text: string, scale: number): bigint {
  const [whole = "0", fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const value = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
  return text.startsWith("-") ? -value : value;
}

function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function clockMicros(text: string): bigint {
  const [hours = "0", minutes = "0", seconds = "0"] = text.split(":");
  return (BigInt(hours) * 3600n + BigInt(minutes) * 60n) * 1_000_000n + scaled(seconds, 6);
}

/** Microseconds since the epoch; text without a zone counts as UTC (a declared zone is applied by the loader). */
function instantMicros(text: string): bigint {
  const offset = /(?:Z|([+-])(\d\d):?(\d\d)?)$/.exec(text.slice(11));
  const clock = offset === null ? text.slice(11) : text.slice(11, 11 + offset.index);
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).getTime();
  const shift =
    offset?.[1] === undefined ? 0 : (Number(offset[2]) * 60 + Number(offset[3] ?? 0)) * (offset[1] === "-" ? -1 : 1);
  return BigInt(day) * 1000n + clockMicros(clock) - BigInt(shift) * 60_000_000n;
}
