// Reads ISO 8601 dates and times with the rules of the library that the reference uses for text without a format (dateutil's isoparse).
import { PythonError } from "../python-values.ts";
import { dayNumber, daysInMonth, isoWeekStart, microsPerSecond } from "./calendar.ts";
import { fixedZone, PyDatetime, utc, type Zone } from "./date-values.ts";

const datePart = /^(\d{4})(?:-(\d{2})-(\d{2})|(\d{2})(\d{2})(?!\d)|-?W(\d{2})(?:-?([1-7]))?|-?(\d{3})(?!\d)|-(\d{2}))?/;
const timePart = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/** A naive datetime unless the text tells its zone. @throws PythonError ValueError */
export function parseIso(text: string): PyDatetime {
  const date = datePart.exec(text);
  if (date === null) throw wrong(text);
  const day = dayOf(date, text);
  const rest = text.slice(date[0].length);
  if (rest === "") return new PyDatetime(day, 0, null);
  // Any one character may stand between date and time.
  const time = timePart.exec(rest.slice(1));
  if (time === null) throw wrong(text);
  const [hours, minutes, seconds] = [time[1], time[2], time[3]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const micros = Number((time[4] ?? "0").slice(0, 6).padEnd(6, "0"));
  const midnight = hours === 24 && minutes === 0 && seconds === 0 && micros === 0;
  if ((hours > 23 && !midnight) || minutes > 59 || seconds > 59) throw wrong(text);
  return new PyDatetime(day, (hours * 3600 + minutes * 60 + seconds) * microsPerSecond + micros, zoneOf(time[5]));
}

function dayOf(match: RegExpExecArray, text: string): number {
  const year = Number(match[1]);
  if (year === 0) throw wrong(text);
  const [week, dayOfYear] = [match[6], match[8]];
  if (week !== undefined) return isoWeekStart(year) + (Number(week) - 1) * 7 + Number(match[7] ?? 1) - 1;
  if (dayOfYear !== undefined) return dayNumber(year, 1, 1) + Number(dayOfYear) - 1;
  const month = Number(match[2] ?? match[4] ?? match[9] ?? 1);
  const day = Number(match[3] ?? match[5] ?? 1);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw wrong(text);
  return dayNumber(year, month, day);
}

function zoneOf(text: string | undefined): Zone | null {
  if (text === undefined) return null;
  if (text === "Z" || text === "z") return utc;
  const digits = text.slice(1).replace(":", "").padEnd(4, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return fixedZone(text.startsWith("-") ? -seconds : seconds);
}

function wrong(text: string): PythonError {
  return new PythonError("ValueError", `${JSON.stringify(text)} is no ISO 8601 date or time`);
}
