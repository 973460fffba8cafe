// Numbers and moments of spreadsheets as the texts that a contract's types are read from, without a digit that the sheet does not show.
import type { LogicalType } from "@millrace/core";

/** How a column wants its numbers: all digits of the binary value, or the fifteen that a spreadsheet has; and how its moments are written. */
export type CellManner = "binary" | "date" | "moment" | "time" | "plain";

export function cellManner(type: LogicalType | undefined): CellManner {
  switch (type?.kind) {
    case "float":
      return "binary";
    case "date":
      return "date";
    case "datetime":
    case "timestamp":
      return "moment";
    case "time":
      return "time";
    default:
      return "plain";
  }
}

const digitsOfSheets = 15;
const dayMs = 86_400_000;
/** The first day that both calendars agree on is 1 March 1900, serial 61. */
const firstSound1900 = 61;
const epoch1900Days = -25_569;
const epoch1904Days = -24_107;
const lastSerial = 2_958_465;

/** A number as the sheet has it, in plain digits. What is no number comes back as it is. */
export function numberText(text: string, manner: CellManner): string {
  if (/^-?\d+$/.test(text)) return text;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return text;
  return plainDigits(manner === "binary" ? String(value) : String(Number(value.toPrecision(digitsOfSheets))));
}

/** `1.5e-7` as `0.00000015`. */
function plainDigits(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${"0".repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * A serial number of days as a moment, to the millisecond. Undefined where it is none (negative, beyond the year 9999).
 *
 * The calendar of 1900 counts a 29 February 1900 that never was: its serial gives that text, which is no date.
 */
export function momentText(serial: number, manner: CellManner, date1904: boolean): string | undefined {
  if (!(serial >= 0 && serial < lastSerial + 1)) return undefined;
  const whole = Math.floor(serial);
  let clockMs = Math.round((serial - whole) * dayMs);
  let days = whole;
  if (clockMs === dayMs) {
    clockMs = 0;
    days += 1;
  }
  const isClock = days === 0 && (manner === "time" || (clockMs > 0 && manner === "plain"));
  if (isClock) return clockText(clockMs);
  const day = dayText(days, date1904);
  return clockMs === 0 && manner !== "moment" ? day : `${day}T${clockText(clockMs)}`;
}

/** A moment that the file itself spells in ISO 8601, as the column wants it: a day alone, or with its time. */
export function isoMoment(text: string, manner: CellManner): string {
  const [day = "", clock] = text.split("T");
  if (clock === undefined) return manner === "moment" ? `${day}T00:00:00` : day;
  return manner !== "moment" && /^00:00:00(?:\.0+)?$/.test(clock) ? day : text;
}

function dayText(days: number, date1904: boolean): string {
  if (date1904) return isoDay(days + epoch1904Days);
  if (days >= firstSound1900) return isoDay(days + epoch1900Days);
  if (days === firstSound1900 - 1) return "1900-02-29";
  return days === 0 ? "1900-01-00" : isoDay(days + epoch1900Days + 1);
}

const isoDays = new Map<number, string>();
const isoDaysMax = 10_000;

/** Sheets repeat their days; making the text of one takes ten times as long as finding it. */
function isoDay(daysSince1970: number): string {
  const known = isoDays.get(daysSince1970);
  if (known !== undefined) return known;
  const day = new Date(daysSince1970 * dayMs).toISOString().slice(0, 10);
  if (isoDays.size < isoDaysMax) isoDays.set(daysSince1970, day);
  return day;
}

function clockText(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const text = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}`;
  return ms % 1000 === 0 ? text : `${text}.${String(ms % 1000).padStart(3, "0")}`;
}
