// Writes dates by Python's format codes, with those of the C library that Linux adds (`%-d`, `%e`, `%T`, `%s`, ...).
// Codes: https://docs.python.org/3/library/datetime.html#strftime-and-strptime-format-codes
import { demandLength } from "../limits.ts";
import { civilDate, dayNumber, isoWeek, microsPerSecond, weekday } from "./calendar.ts";
import { offsetText, PyDatetime, type PyDate } from "./date-values.ts";

export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
export const dayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly days: number;
  readonly seconds: number;
  readonly micros: number;
  readonly offsetSeconds: number | null;
  readonly zoneName: string;
}

/** How wide a number is and what fills it: `%-d` drops the filling, `%_d` fills with blanks. */
type Field = (moment: Moment) => { readonly value: number; readonly width: number; readonly fill: "0" | " " };

const zero =
  (width: number, value: (m: Moment) => number): Field =>
  (m) => ({ value: value(m), width, fill: "0" });
const blank =
  (width: number, value: (m: Moment) => number): Field =>
  (m) => ({ value: value(m), width, fill: " " });

const hour = (m: Moment): number => Math.floor(m.seconds / 3600);
const hour12 = (m: Moment): number => ((hour(m) + 11) % 12) + 1;
const dayOfYear = (m: Moment): number => m.days - dayNumber(m.year, 1, 1) + 1;

const numbers: Readonly<Record<string, Field>> = {
  d: zero(2, (m) => m.day),
  e: blank(2, (m) => m.day),
  m: zero(2, (m) => m.month),
  y: zero(2, (m) => m.year % 100),
  Y: zero(0, (m) => m.year),
  C: zero(2, (m) => Math.floor(m.year / 100)),
  H: zero(2, hour),
  k: blank(2, hour),
  I: zero(2, hour12),
  l: blank(2, hour12),
  M: zero(2, (m) => Math.floor(m.seconds / 60) % 60),
  S: zero(2, (m) => m.seconds % 60),
  j: zero(3, dayOfYear),
  u: zero(1, (m) => weekday(m.days) + 1),
  w: zero(1, (m) => (weekday(m.days) + 1) % 7),
  U: zero(2, (m) => Math.floor((dayOfYear(m) + 6 - ((weekday(m.days) + 1) % 7)) / 7)),
  W: zero(2, (m) => Math.floor((dayOfYear(m) + 6 - weekday(m.days)) / 7)),
  G: zero(0, (m) => isoWeek(m.days).year),
  g: zero(2, (m) => isoWeek(m.days).year % 100),
  V: zero(2, (m) => isoWeek(m.days).week),
};

const texts: Readonly<Record<string, (m: Moment) => string>> = {
  a: (m) => (dayNames[weekday(m.days)] ?? "").slice(0, 3),
  A: (m) => dayNames[weekday(m.days)] ?? "",
  b: (m) => (monthNames[m.month - 1] ?? "").slice(0, 3),
  h: (m) => (monthNames[m.month - 1] ?? "").slice(0, 3),
  B: (m) => monthNames[m.month - 1] ?? "",
  p: (m) => (hour(m) < 12 ? "AM" : "PM"),
  P: (m) => (hour(m) < 12 ? "am" : "pm"),
  f: (m) => String(m.micros).padStart(6, "0"),
  z: (m) => (m.offsetSeconds === null ? "" : offsetText(m.offsetSeconds, "")),
  Z: (m) => m.zoneName,
  // The C library takes the clock on the wall as local time; the reference runs in UTC.
  s: (m) => String(m.days * 86_400 + m.seconds),
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};

const groups: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
  v: "%e-%b-%Y",
  "+": "%a %b %e %H:%M:%S %Z %Y",
};

/** Formats a date or datetime; a code that means nothing stays as it is. */
export function strftime(value: PyDate | PyDatetime, format: string): string {
  return write(momentOf(value), format);
}

function write(moment: Moment, format: string): string {
  let length = 0;
  const bounded = (text: string): string => {
    length += text.length;
    demandLength(length, "text");
    return text;
  };
  return format.replace(/%([-_0^#]?)(\d*)([a-zA-Z%+])/g, (whole: string, flag: string, width: string, code: string) => {
    const group = groups[code];
    if (group !== undefined) return bounded(adjust(write(moment, group), flag));
    const text = texts[code];
    if (text !== undefined) return bounded(adjust(text(moment), flag));
    const field = numbers[code]?.(moment);
    if (field === undefined) return whole;
    if (flag === "-") return String(field.value);
    const fill = flag === "_" ? " " : flag === "0" ? "0" : field.fill;
    return bounded(String(field.value).padStart(width === "" ? field.width : Number(width.slice(0, 3)), fill));
  });
}

function adjust(text: string, flag: string): string {
  return flag === "^" ? text.toUpperCase() : text;
}

function momentOf(value: PyDate | PyDatetime): Moment {
  const timed = value instanceof PyDatetime ? value : null;
  return {
    ...civilDate(value.days),
    days: value.days,
    seconds: timed === null ? 0 : Math.floor(timed.micros / microsPerSecond),
    micros: timed === null ? 0 : timed.microsecond,
    offsetSeconds: timed?.zone?.offsetSeconds ?? null,
    zoneName: timed?.zone?.name ?? "",
  };
}
