// Spans of time: Python's timedelta, and the calendar durations (years, months) of the library that the reference parses ISO periods with.
import { float, isNumeric, PythonError, typeName, type DateLike } from "../python-values.ts";
import { microsPerDay, microsPerSecond } from "./calendar.ts";

/** A span of fixed length. `days` carries the sign; `micros` is within one day. */
export class PyTimedelta implements DateLike {
  readonly pyType = "datetime.timedelta";
  readonly days: number;
  readonly micros: number;

  constructor(days: number, micros: number) {
    const extra = Math.floor(micros / microsPerDay);
    this.days = days + extra;
    this.micros = micros - extra * microsPerDay;
    if (!(Math.abs(this.days) <= 999_999_999))
      throw new PythonError("OverflowError", `days=${this.days}; must have magnitude <= 999999999`);
  }

  get totalSeconds(): number {
    return (this.days * microsPerDay + this.micros) / microsPerSecond;
  }

  text(): string {
    const seconds = Math.floor(this.micros / microsPerSecond);
    const two = (value: number): string => String(value).padStart(2, "0");
    const fraction = this.micros % microsPerSecond;
    const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    const days = this.days === 0 ? "" : `${this.days} day${Math.abs(this.days) === 1 ? "" : "s"}, `;
    return days + clock + (fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`);
  }

  repr(): string {
    const parts: string[] = [];
    if (this.days !== 0) parts.push(`days=${this.days}`);
    const seconds = Math.floor(this.micros / microsPerSecond);
    if (seconds !== 0) parts.push(`seconds=${seconds}`);
    if (this.micros % microsPerSecond !== 0) parts.push(`microseconds=${this.micros % microsPerSecond}`);
    return `datetime.timedelta(${parts.length === 0 ? "0" : parts.join(", ")})`;
  }

  equals(other: unknown): boolean {
    return other instanceof PyTimedelta && other.days === this.days && other.micros === this.micros;
  }

  compare(other: unknown): number {
    if (!(other instanceof PyTimedelta))
      throw new PythonError(
        "TypeError",
        `'<' not supported between instances of '${this.pyType}' and '${typeName(other)}'`,
      );
    return this.days - other.days || this.micros - other.micros;
  }

  attribute(name: string): unknown {
    if (name === "days") return this.days;
    if (name === "seconds") return Math.floor(this.micros / microsPerSecond);
    if (name === "microseconds") return this.micros % microsPerSecond;
    return undefined;
  }

  truthy(): boolean {
    return this.days !== 0 || this.micros !== 0;
  }

  plus(other: PyTimedelta): PyTimedelta {
    return new PyTimedelta(this.days + other.days, this.micros + other.micros);
  }

  negated(): PyTimedelta {
    return new PyTimedelta(-this.days, -this.micros);
  }

  times(factor: unknown): PyTimedelta {
    if (!isNumeric(factor) || typeof factor === "bigint")
      throw new PythonError(
        "TypeError",
        `unsupported operand type(s) for *: '${this.pyType}' and '${typeName(factor)}'`,
      );
    const by = typeof factor === "object" ? factor.value : Number(factor);
    const days = this.days * by;
    const whole = Math.floor(days);
    return new PyTimedelta(whole, Math.round((days - whole) * microsPerDay + this.micros * by));
  }

  /** As a float of the other: `a / b`. */
  ratio(other: PyTimedelta): unknown {
    if (!other.truthy()) throw new PythonError("ZeroDivisionError", "division by zero");
    return float(this.totalSeconds / other.totalSeconds);
  }
}

/** A period with years or months, whose length depends on the date that it is added to. */
export class PyDuration implements DateLike {
  readonly pyType = "isodate.duration.Duration";
  readonly months: number;
  readonly rest: PyTimedelta;

  constructor(months: number, rest: PyTimedelta) {
    this.months = months;
    this.rest = rest;
  }

  text(): string {
    const years = Math.trunc(this.months / 12);
    const months = this.months % 12;
    const parts: string[] = [];
    if (years !== 0) parts.push(`${years} year${Math.abs(years) === 1 ? "" : "s"}`);
    if (months !== 0) parts.push(`${months} month${Math.abs(months) === 1 ? "" : "s"}`);
    return [...parts, this.rest.text()].join(", ");
  }

  repr(): string {
    return `isodate.duration.Duration(${this.rest.days}, ${this.rest.micros / microsPerSecond}, 0, years=${Math.trunc(this.months / 12)}, months=${this.months % 12})`;
  }

  equals(other: unknown): boolean {
    return other instanceof PyDuration && other.months === this.months && this.rest.equals(other.rest);
  }

  compare(other: unknown): number {
    if (other instanceof PyDuration && this.equals(other)) return 0;
    throw new PythonError(
      "TypeError",
      `'<' not supported between instances of '${this.pyType}' and '${typeName(other)}'`,
    );
  }

  attribute(name: string): unknown {
    if (name === "years") return Math.trunc(this.months / 12);
    return name === "months" ? this.months % 12 : this.rest.attribute(name);
  }

  truthy(): boolean {
    return this.months !== 0 || this.rest.truthy();
  }

  negated(): PyDuration {
    return new PyDuration(-this.months, this.rest.negated());
  }
}

const number = String.raw`\d+(?:[.,]\d+)?`;
const period = new RegExp(
  `^([+-])?P(?=.)(?:(${number})Y)?(?:(${number})M)?(?:(${number})W)?(?:(${number})D)?(?:T(?:(${number})H)?(?:(${number})M)?(?:(${number})S)?)?$`,
);

/** Reads an ISO 8601 period such as `P1D`, `PT0.5S` or `P1Y2M`. @throws PythonError ValueError */
export function parsePeriod(text: string): PyTimedelta | PyDuration {
  const match = period.exec(text);
  if (match === null) throw new PythonError("ISO8601Error", `Unable to parse duration string ${JSON.stringify(text)}`);
  const [years, months, weeks, days, hours, minutes, seconds] = match
    .slice(2)
    .map((part) => (part === undefined ? 0 : Number(part.replace(",", "."))));
  const wholeDays = (weeks ?? 0) * 7 + (days ?? 0);
  const time = ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * microsPerSecond;
  const span = new PyTimedelta(Math.floor(wholeDays), Math.round((wholeDays % 1) * microsPerDay + time));
  const calendarMonths = (years ?? 0) * 12 + (months ?? 0);
  const value = calendarMonths === 0 ? span : new PyDuration(calendarMonths, span);
  return match[1] === "-" ? value.negated() : value;
}
