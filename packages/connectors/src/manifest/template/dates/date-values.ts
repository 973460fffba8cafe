// Python's date and datetime as values of templates. A datetime is the clock on the wall and, when it is aware, its offset from UTC.
import { compareText, PythonError, typeName, type DateLike } from "../python-values.ts";
import { civilDate, dayNumber, daysInMonth, microsPerDay, microsPerSecond } from "./calendar.ts";
import { PyTimedelta, type PyDuration } from "./duration-values.ts";

const two = (value: number): string => String(value).padStart(2, "0");
const firstDay = dayNumber(1, 1, 1);
const lastDay = dayNumber(9999, 12, 31);

function demandDay(days: number): number {
  // NaN too: a span that is no number would make a date that is none.
  if (!(days >= firstDay && days <= lastDay)) throw new PythonError("OverflowError", "date value out of range");
  return days;
}

function shiftMonths(days: number, months: number): number {
  if (!Number.isInteger(months))
    throw new PythonError("ValueError", "fractional years or months not supported for date calculations");
  const { year, month, day } = civilDate(days);
  const total = year * 12 + month - 1 + months;
  const shiftedYear = Math.floor(total / 12);
  const shiftedMonth = (total % 12) + 1;
  return dayNumber(shiftedYear, shiftedMonth, Math.min(day, daysInMonth(shiftedYear, shiftedMonth)));
}

export class PyDate implements DateLike {
  readonly pyType = "datetime.date";
  /** Days since 1970-01-01. */
  readonly days: number;

  constructor(days: number) {
    this.days = demandDay(days);
  }

  text(): string {
    const { year, month, day } = civilDate(this.days);
    return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  }

  repr(): string {
    const { year, month, day } = civilDate(this.days);
    return `datetime.date(${year}, ${month}, ${day})`;
  }

  equals(other: unknown): boolean {
    return other instanceof PyDate && other.days === this.days;
  }

  compare(other: unknown): number {
    if (!(other instanceof PyDate)) throw unordered(this, other);
    return this.days - other.days;
  }

  attribute(name: string): unknown {
    const parts = civilDate(this.days);
    return name === "year" || name === "month" || name === "day" ? parts[name] : undefined;
  }

  truthy(): boolean {
    return true;
  }

  plus(span: PyTimedelta | PyDuration): PyDate {
    if (span instanceof PyTimedelta) return new PyDate(this.days + span.days);
    return new PyDate(shiftMonths(this.days, span.months)).plus(span.rest);
  }

  minus(other: PyDate): PyTimedelta {
    return new PyTimedelta(this.days - other.days, 0);
  }
}

/** A zone: its offset from UTC and its name. `null` in its place means naive. */
export interface Zone {
  readonly offsetSeconds: number;
  readonly name: string;
}

export const utc: Zone = { offsetSeconds: 0, name: "UTC" };

/** The zone of a fixed offset, named as Python names it. */
export function fixedZone(offsetSeconds: number): Zone {
  if (offsetSeconds === 0) return utc;
  return { offsetSeconds, name: `UTC${offsetText(offsetSeconds, ":")}` };
}

/** `+02:00`, or with seconds when there are some. */
export function offsetText(offsetSeconds: number, separator: string): string {
  const size = Math.abs(offsetSeconds);
  const seconds = size % 60;
  const base = `${offsetSeconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}${separator}${two(Math.floor(size / 60) % 60)}`;
  return seconds === 0 ? base : `${base}${separator}${two(seconds)}`;
}

const timespecs = new Set(["auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"]);

export class PyDatetime implements DateLike {
  readonly pyType = "datetime.datetime";
  readonly days: number;
  /** Microseconds since midnight on the wall. */
  readonly micros: number;
  readonly zone: Zone | null;

  constructor(days: number, micros: number, zone: Zone | null) {
    const extra = Math.floor(micros / microsPerDay);
    this.days = demandDay(days + extra);
    this.micros = micros - extra * microsPerDay;
    this.zone = zone;
  }

  /** The instant in UTC. */
  static fromEpochMicros(epochMicros: bigint): PyDatetime {
    const perDay = BigInt(microsPerDay);
    let days = epochMicros / perDay;
    if (epochMicros % perDay < 0n) days -= 1n;
    return new PyDatetime(Number(days), Number(epochMicros - days * perDay), utc);
  }

  get year(): number {
    return civilDate(this.days).year;
  }

  get microsecond(): number {
    return this.micros % microsPerSecond;
  }

  /** Microseconds since the epoch; a naive value counts as UTC. */
  epochMicros(): bigint {
    return (
      BigInt(this.days) * BigInt(microsPerDay) +
      BigInt(this.micros) -
      BigInt((this.zone?.offsetSeconds ?? 0) * microsPerSecond)
    );
  }

  /** Seconds since the epoch as the float that Python computes. */
  timestamp(): number {
    return Number(this.epochMicros()) / 1e6;
  }

  inZone(zone: Zone): PyDatetime {
    const shift = zone.offsetSeconds - (this.zone?.offsetSeconds ?? 0);
    return new PyDatetime(this.days, this.micros + shift * microsPerSecond, zone);
  }

  withZone(zone: Zone | null): PyDatetime {
    return new PyDatetime(this.days, this.micros, zone);
  }

  text(): string {
    return this.isoformat(" ");
  }

  isoformat(separator = "T", timespec = "auto"): string {
    const seconds = Math.floor(this.micros / microsPerSecond);
    const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two);
    const fraction = String(this.microsecond).padStart(6, "0");
    if (!timespecs.has(timespec)) throw new PythonError("ValueError", "Unknown timespec value");
    let time = clock.slice(0, timespec === "hours" ? 1 : timespec === "minutes" ? 2 : 3).join(":");
    if (timespec === "microseconds" || (timespec === "auto" && this.microsecond !== 0)) time += `.${fraction}`;
    if (timespec === "milliseconds") time += `.${fraction.slice(0, 3)}`;
    return (
      new PyDate(this.days).text() +
      separator +
      time +
      (this.zone === null ? "" : offsetText(this.zone.offsetSeconds, ":"))
    );
  }

  repr(): string {
    const { year, month, day } = civilDate(this.days);
    const seconds = Math.floor(this.micros / microsPerSecond);
    const parts = [year, month, day, Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    if (seconds % 60 !== 0 || this.microsecond !== 0) parts.push(seconds % 60);
    if (this.microsecond !== 0) parts.push(this.microsecond);
    const zone = this.zone === null ? "" : `, tzinfo=${this.zone === utc ? "datetime.timezone.utc" : this.zone.name}`;
    return `datetime.datetime(${parts.join(", ")}${zone})`;
  }

  equals(other: unknown): boolean {
    if (!(other instanceof PyDatetime) || (this.zone === null) !== (other.zone === null)) return false;
    return this.epochMicros() === other.epochMicros();
  }

  compare(other: unknown): number {
    if (!(other instanceof PyDatetime)) throw unordered(this, other);
    this.#demandSameKind(other, "compare");
    const left = this.epochMicros();
    const right = other.epochMicros();
    return left < right ? -1 : left > right ? 1 : 0;
  }

  #demandSameKind(other: PyDatetime, action: string): void {
    if ((this.zone === null) !== (other.zone === null))
      throw new PythonError("TypeError", `can't ${action} offset-naive and offset-aware datetimes`);
  }

  attribute(name: string): unknown {
    const seconds = Math.floor(this.micros / microsPerSecond);
    if (name === "hour") return Math.floor(seconds / 3600);
    if (name === "minute") return Math.floor(seconds / 60) % 60;
    if (name === "second") return seconds % 60;
    if (name === "microsecond") return this.microsecond;
    if (name === "tzinfo") return this.zone === null ? null : this.zone.name;
    return new PyDate(this.days).attribute(name);
  }

  truthy(): boolean {
    return true;
  }

  plus(span: PyTimedelta | PyDuration): PyDatetime {
    if (span instanceof PyTimedelta) return new PyDatetime(this.days + span.days, this.micros + span.micros, this.zone);
    return new PyDatetime(shiftMonths(this.days, span.months), this.micros, this.zone).plus(span.rest);
  }

  minus(other: PyDatetime): PyTimedelta {
    this.#demandSameKind(other, "subtract");
    const difference = this.epochMicros() - other.epochMicros();
    const days = difference / BigInt(microsPerDay);
    return new PyTimedelta(Number(days), Number(difference - days * BigInt(microsPerDay)));
  }
}

function unordered(value: DateLike, other: unknown): PythonError {
  const [left, right] = [value.pyType, typeName(other)];
  if (compareText(left, right) !== 0 && [left, right].every((name) => /^datetime\.date(time)?$/.test(name)))
    return new PythonError("TypeError", "can't compare datetime.datetime to datetime.date");
  return new PythonError("TypeError", `'<' not supported between instances of '${left}' and '${right}'`);
}
