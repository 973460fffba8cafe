// Reads dates by Python's format codes, as strictly and as leniently as `datetime.strptime` does.
import { PythonError } from "../python-values.ts";
import { dayNumber, daysInMonth, isoWeekStart, microsPerSecond, weekday } from "./calendar.ts";
import { fixedZone, PyDatetime, utc, type Zone } from "./date-values.ts";
import { dayNames, monthNames } from "./strftime.ts";

const names = (list: readonly string[], length?: number): string => list.map((name) => name.slice(0, length)).join("|");

const patterns: Readonly<Record<string, string>> = {
  d: String.raw`3[01]|[12]\d|0[1-9]|[1-9]| [1-9]`,
  f: String.raw`\d{1,6}`,
  H: String.raw`2[0-3]|[01]\d|\d`,
  I: String.raw`1[0-2]|0[1-9]|[1-9]| [1-9]`,
  G: String.raw`\d{4}`,
  j: String.raw`36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`,
  m: "1[0-2]|0[1-9]|[1-9]",
  M: String.raw`[0-5]\d|\d`,
  S: String.raw`6[01]|[0-5]\d|\d`,
  U: String.raw`5[0-3]|[0-4]\d|\d`,
  W: String.raw`5[0-3]|[0-4]\d|\d`,
  w: "[0-6]",
  u: "[1-7]",
  V: String.raw`5[0-3]|0[1-9]|[1-4]\d|\d`,
  y: String.raw`\d\d`,
  Y: String.raw`\d{4}`,
  z: String.raw`[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z`,
  A: names(dayNames),
  a: names(dayNames, 3),
  B: names(monthNames),
  b: names(monthNames, 3),
  p: "am|pm",
  Z: "utc|gmt",
};
const groups: Readonly<Record<string, string>> = { c: "%a %b %d %H:%M:%S %Y", x: "%m/%d/%y", X: "%H:%M:%S" };

interface Reader {
  readonly form: RegExp;
  readonly codes: readonly string[];
}

const compiled = new Map<string, Reader>();
const compiledMax = 500;

/** @throws PythonError ValueError when the text does not fit the format or the format is wrong */
export function strptime(text: string, format: string): PyDatetime {
  const { form, codes } = readerOf(format);
  const match = form.exec(text);
  if (match === null)
    throw new PythonError(
      "ValueError",
      `time data ${JSON.stringify(text)} does not match format ${JSON.stringify(format)}`,
    );
  const parts = new Map<string, string>();
  for (const [at, code] of codes.entries()) parts.set(code, match[at + 1] ?? "");
  if (parts.get("z")?.toUpperCase() === "Z" && parts.get("z") !== "Z")
    throw new PythonError(
      "ValueError",
      `time data ${JSON.stringify(text)} does not match format ${JSON.stringify(format)}`,
    );
  return assemble(parts);
}

function readerOf(format: string): Reader {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  if (compiled.size >= compiledMax) compiled.clear();
  const codes: string[] = [];
  const expanded = format.replace(/%([cxX])/g, (_whole, code: string) => groups[code] ?? "");
  const source = expanded.replace(/%([\s\S]?)|\s+|[\\.^$*+?(){}[\]|]/g, (token: string, code: string | undefined) => {
    if (code === undefined) return /^\s/.test(token) ? String.raw`\s+` : `\\${token}`;
    if (code === "%") return "%";
    const pattern = patterns[code];
    if (pattern === undefined || codes.includes(code))
      throw new PythonError(
        "ValueError",
        pattern === undefined
          ? `'${code}' is a bad directive in format ${JSON.stringify(format)}`
          : `format ${JSON.stringify(format)} repeats %${code}`,
      );
    codes.push(code);
    return `(${pattern})`;
  });
  const reader = { form: new RegExp(`^${source}$`, "i"), codes };
  compiled.set(format, reader);
  return reader;
}

function assemble(parts: ReadonlyMap<string, string>): PyDatetime {
  const number = (code: string): number | undefined => (parts.has(code) ? Number(parts.get(code)) : undefined);
  const micros = Number((parts.get("f") ?? "0").padEnd(6, "0"));
  // The pattern takes leap seconds, but no date can hold one: Python refuses 60 and 61 here too.
  const second = number("S") ?? 0;
  if (second > 59) throw new PythonError("ValueError", "second must be in 0..59");
  const seconds = hourOf(parts) * 3600 + (number("M") ?? 0) * 60 + second;
  return new PyDatetime(dayOf(parts), seconds * microsPerSecond + micros, zoneOf(parts));
}

function hourOf(parts: ReadonlyMap<string, string>): number {
  const twelve = parts.get("I");
  if (twelve === undefined) return Number(parts.get("H") ?? 0);
  const evening = parts.get("p")?.toLowerCase() === "pm";
  return (Number(twelve) % 12) + (evening ? 12 : 0);
}

function dayOf(parts: ReadonlyMap<string, string>): number {
  const iso = parts.get("G");
  const weekdayIndex = weekdayOf(parts);
  if (iso !== undefined) {
    if (!parts.has("V") || weekdayIndex === undefined)
      throw new PythonError(
        "ValueError",
        "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday directive",
      );
    return isoWeekStart(Number(iso)) + (Number(parts.get("V")) - 1) * 7 + weekdayIndex;
  }
  const year = yearOf(parts);
  const dayOfYear = parts.get("j");
  if (dayOfYear !== undefined) return dayNumber(year, 1, 1) + Number(dayOfYear) - 1;
  const week = parts.get("U") ?? parts.get("W");
  if (week !== undefined && weekdayIndex !== undefined)
    return dayOfWeek(year, Number(week), weekdayIndex, parts.has("U"));
  const month = monthOf(parts);
  const day = Number(parts.get("d") ?? 1);
  if (day > daysInMonth(year, month)) throw new PythonError("ValueError", "day is out of range for month");
  return dayNumber(year, month, day);
}

function yearOf(parts: ReadonlyMap<string, string>): number {
  const year = parts.get("Y");
  if (year !== undefined) {
    if (Number(year) === 0) throw new PythonError("ValueError", "year 0 is out of range");
    return Number(year);
  }
  const short = parts.get("y");
  if (short === undefined) return 1900;
  return Number(short) + (Number(short) <= 68 ? 2000 : 1900);
}

function monthOf(parts: ReadonlyMap<string, string>): number {
  const word = (parts.get("B") ?? parts.get("b"))?.slice(0, 3).toLowerCase();
  if (word !== undefined) return monthNames.findIndex((name) => name.slice(0, 3).toLowerCase() === word) + 1;
  return Number(parts.get("m") ?? 1);
}

/** Monday is 0. */
function weekdayOf(parts: ReadonlyMap<string, string>): number | undefined {
  const word = (parts.get("A") ?? parts.get("a"))?.slice(0, 3).toLowerCase();
  if (word !== undefined) return dayNames.findIndex((name) => name.slice(0, 3).toLowerCase() === word);
  if (parts.has("u")) return Number(parts.get("u")) - 1;
  return parts.has("w") ? (Number(parts.get("w")) + 6) % 7 : undefined;
}

function dayOfWeek(year: number, week: number, weekdayIndex: number, sundayFirst: boolean): number {
  const first = dayNumber(year, 1, 1);
  const firstWeekday = sundayFirst ? (weekday(first) + 1) % 7 : weekday(first);
  const index = sundayFirst ? (weekdayIndex + 1) % 7 : weekdayIndex;
  const weekZeroLength = (7 - firstWeekday) % 7;
  return week === 0 ? first + index - firstWeekday : first + weekZeroLength + 7 * (week - 1) + index;
}

function zoneOf(parts: ReadonlyMap<string, string>): Zone | null {
  const offset = parts.get("z");
  // %Z alone names a zone without making the value aware.
  if (offset === undefined) return null;
  if (offset === "Z") return utc;
  const digits = offset.slice(1).replaceAll(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6) || 0);
  return fixedZone(offset.startsWith("-") ? -seconds : seconds);
}
