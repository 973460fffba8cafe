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

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 of the day at the start of the text; undefined when there is none. Years 1 to 9999. */
export function dayAt(text: string): number | undefined {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > (monthDays[month - 1] ?? 0)) return undefined;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && day === 29 && !leap ? undefined : daysSinceEpoch(year, month, day);
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
  const hours = digits(text, from, from + 2);
  const minutes = digits(text, from + 3, from + 5);
  if (hours < 0 || hours > 23 || text.charCodeAt(from + 2) !== 58 || minutes < 0 || minutes > 59) return -1;
  const start = (hours * 3600 + minutes * 60) * 1_000_000;
  clockEnd = from + 5;
  if (text.charCodeAt(from + 5) !== 58) return start;
  const seconds = digits(text, from + 6, from + 8);
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
  const day = dayAt(text);
  const between = text.charCodeAt(10);
  if (day === undefined || (between !== 84 && between !== 32)) return undefined;
  const micros = clockAt(text, 11);
  // Seconds are not left out here.
  if (micros < 0 || clockEnd < 19) return undefined;
  const offset = clockEnd === text.length ? 0 : zoned ? offsetMinutes(text, clockEnd) : undefined;
  if (offset === undefined) return undefined;
  return plus(times(day, 86_400_000_000), micros - offset * 60_000_000);
}

/** `Z`, `+02`, `+0230`, `+02:30`, as minutes. */
function offsetMinutes(text: string, from: number): number | undefined {
  const sign = text.charCodeAt(from);
  if (sign === 90) return text.length === from + 1 ? 0 : undefined;
  if (sign !== 43 && sign !== 45) return undefined;
  const hours = digits(text, from + 1, from + 3);
  if (hours < 0 || hours > 15) return undefined;
  const direction = sign === 45 ? -1 : 1;
  if (text.length === from + 3) return direction * hours * 60;
  const at = text.charCodeAt(from + 3) === 58 ? from + 4 : from + 3;
  const minutes = digits(text, at, at + 2);
  if (minutes < 0 || minutes > 59 || text.length !== at + 2) return undefined;
  return direction * (hours * 60 + minutes);
}
