// The date formats of cursors: Python's codes and the reference's own `%s`, `%s_as_float`, `%ms`, `%_ms`, `%epoch_microseconds`.
import { reprFloat, str } from "../python-text.ts";
import { wholePart } from "../python-format.ts";
import { PyFloat, PythonError } from "../python-values.ts";
import { PyDatetime, utc } from "./date-values.ts";
import { strftime } from "./strftime.ts";
import { strptime } from "./strptime.ts";

const millionth = 1_000_000n;

/** Reads a cursor value; one without a zone is UTC. @throws PythonError ValueError */
export function parseDatetime(value: unknown, format: string): PyDatetime {
  if (format === "%s") return PyDatetime.fromEpochMicros(wholeNumber(value) * millionth);
  if (format === "%ms") return PyDatetime.fromEpochMicros(wholeNumber(value) * 1000n);
  if (format === "%epoch_microseconds") return PyDatetime.fromEpochMicros(wholeNumber(value));
  if (format === "%s_as_float") return PyDatetime.fromEpochMicros(roundHalfEven(decimalNumber(value) * 1e6));
  const parsed = strptime(str(value), format.replaceAll("%_ms", "%f"));
  return parsed.zone === null ? parsed.withZone(utc) : parsed;
}

/** Writes a cursor value. */
export function formatDatetime(value: PyDatetime, format: string): string {
  if (format === "%s") return String(Math.trunc(value.timestamp()));
  if (format === "%s_as_float") return reprFloat(value.timestamp());
  if (format === "%epoch_microseconds") return String(Math.trunc(value.timestamp() * 1_000_000));
  if (format === "%ms") return String(Math.trunc(value.timestamp() * 1000));
  if (!format.includes("%_ms")) return strftime(value, format);
  const micros = String(value.microsecond).padStart(6, "0");
  const millis = String(Math.floor(value.microsecond / 1000)).padStart(3, "0");
  return strftime(value, format.replaceAll("%_ms", "%f")).replaceAll(micros, millis);
}

function wholeNumber(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" || value instanceof PyFloat) return wholePart(value);
  const text = str(value)
    .trim()
    .replace(/(?<=\d)_(?=\d)/g, "");
  if (!/^[+-]?\d+$/.test(text))
    throw new PythonError("ValueError", `invalid literal for int() with base 10: ${JSON.stringify(str(value))}`);
  return BigInt(text.replace(/^\+/, ""));
}

function decimalNumber(value: unknown): number {
  const text = str(value).trim();
  const number = /^[+-]?(?:\d|\.\d)[\d_]*\.?\d*(?:e[+-]?\d+)?$/i.test(text)
    ? Number(text.replaceAll("_", ""))
    : Number.NaN;
  if (!Number.isFinite(number))
    throw new PythonError("ValueError", `could not convert string to float: ${JSON.stringify(text)}`);
  return number;
}

function roundHalfEven(value: number): bigint {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return BigInt(floor);
  return BigInt(floor + 1);
}
