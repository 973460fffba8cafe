// Dates and times of ISO text, read by character codes: microseconds as exact numbers, no Date in between.
import { plus, times, type Exact } from "./numbers.ts";

const zero = 48;
const nine = 57;

/** Digits as a number, or -1 when one of them is none. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    // Beyond the end the code is NaN, which is no digit either.
    if (!(code >= zero && code <= nine)) return -1;
    value = value * 10 + code - zero;
  }
  return value;
}

/** Two digits as a number, or -1. The clock and the calendar are made of them. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The day at the start of the text as `year * 10,000 + month * 100 + day`, or -1 when there is none. Years 1 to 9999. */
function calendarDay(text: string): number {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return -1;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const year = century * 100 + yearOfCentury;
  if (century < 0 || yearOfCentury < 0 || year < 1 || month < 1 || month > 12 || day < 1) return -1;
  if (day > 28 && (day > (monthDays[month - 1] ?? 0) || (day === 29 && month === 2 && !isLeap(year)))) return -1;
  return year * 10_000 + month * 100 + day;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

export function isDay(text: string): boolean {
  return text.length === 10 && calendarDay(text) >= 0;
}

/** Counted in years that begin in March, so that the leap day is a year's last: Howard Hinnant, "chrono-compatible low-level date algorithms". */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Where the clock that clockAt read last ends: it is asked for every row, and an object for each answer would cost more than the reading. */
let clockEnd = 0;

/** Microseconds since midnight of a clock that begins at `from`, or -1; `clockEnd` then says where it ends. */
function clockAt(text: string, from: number): number {
  const hours = twoDigits(text, from);
  const minutes = twoDigits(text, from + 3);
  if (hours < 0 || hours > 23 || text.charCodeAt(from + 2) !== 58 || minutes < 0 || minutes > 59) return -1;
  const start = (hours * 3600 + minutes * 60) * 1_000_000;
  clockEnd = from + 5;
  if (text.charCodeAt(from + 5) !== 58) return start;
  const seconds = twoDigits(text, from + 6);
  if (seconds < 0 || seconds > 59) return -1;
  const micros = start + seconds * 1_000_000;
  clockEnd = from + 8;
  return text.charCodeAt(from + 8) === 46 ? withFraction(text, from + 9, micros) : micros;
}

function withFraction(text: string, from: number, micros: number): number {
  let end = from;
  while (text.charCodeAt(end) >= zero && text.charCodeAt(end) <= nine) end += 1;
  const places = end - from;
  if (places < 1 || places > 6) return -1;
  clockEnd = end;
  return micros + digits(text, from, end) * 10 ** (6 - places);
}

/** `10:30`, `10:30:00.5`: microseconds since midnight. */
export function clockMicros(text: string): number | undefined {
  const micros = clockAt(text, 0);
  return micros >= 0 && clockEnd === text.length ? micros : undefined;
}

/** Microseconds since the epoch. Without a zone the text counts as UTC. @param zoned whether a zone may stand at the end */
export function instantMicros(text: string, zoned: boolean): Exact | undefined {
  const day = calendarDay(text);
  const between = text.charCodeAt(10);
  if (day < 0 || (between !== 84 && between !== 32)) return undefined;
  const micros = clockAt(text, 11);
  // Seconds are not left out here.
  if (micros < 0 || clockEnd < 19) return undefined;
  const offset = clockEnd === text.length ? 0 : zoned ? offsetMinutes(text, clockEnd) : undefined;
  if (offset === undefined) return undefined;
  const days = daysSinceEpoch(Math.floor(day / 10_000), Math.floor(day / 100) % 100, day % 100);
  return plus(times(days, 86_400_000_000), micros - offset * 60_000_000);
}

/** `Z`, `+02`, `+0230`, `+02:30`, as minutes. */
function offsetMinutes(text: string, from: number): number | undefined {
  const sign = text.charCodeAt(from);
  if (sign === 90) return text.length === from + 1 ? 0 : undefined;
  if (sign !== 43 && sign !== 45) return undefined;
  const hours = twoDigits(text, from + 1);
  if (hours < 0 || hours > 15) return undefined;
  const direction = sign === 45 ? -1 : 1;
  if (text.length === from + 3) return direction * hours * 60;
  const at = text.charCodeAt(from + 3) === 58 ? from + 4 : from + 3;
  const minutes = twoDigits(text, at);
  if (minutes < 0 || minutes > 59 || text.length !== at + 2) return undefined;
  return direction * (hours * 60 + minutes);
}
