// Values between DuckDB and the port: int64 as bigint, decimals and times as text with every digit, lists and structs as plain data.
import {
  BIGINT,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  LIST,
  listValue,
  structValue,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { SqlValue } from "@millrace/core";

const dayMicros = 86_400_000_000n;

/** One cell of a result. */
export function fromEngine(value: DuckDBValue): SqlValue {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale);
  if (value instanceof DuckDBTimestampTZValue) return `${instantText(value.micros)}Z`;
  if (value instanceof DuckDBTimestampValue) return instantText(value.micros);
  if (value instanceof DuckDBDateValue) return dayText(value.days);
  if (value instanceof DuckDBTimeValue) return instantText(value.micros).slice(11);
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBListValue) return value.items.map(fromEngine);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, field]) => [name, fromEngine(field)]));
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(value.entries.map(({ key, value: item }) => [asText(fromEngine(key)), fromEngine(item)]));
  return String(value);
}

/** Text of a value that is text (or a number); empty for NULL. */
export function asText(value: SqlValue | undefined): string {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || typeof value === "number" ? String(value) : "";
}

/** A whole number; 0 for NULL. */
export function asBigint(value: SqlValue | undefined): bigint {
  return typeof value === "bigint" ? value : BigInt(asText(value) || 0);
}

function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** ISO text of microseconds since the epoch, without a zone; the fraction only where there is one. Proleptic Gregorian years 0001 to 9999. */
function instantText(micros: bigint): string {
  const days = micros >= 0n ? micros / dayMicros : -((-micros + dayMicros - 1n) / dayMicros);
  const within = Number(micros - days * dayMicros);
  const fraction = within % 1_000_000;
  const seconds = (within - fraction) / 1_000_000;
  const minutes = Math.floor(seconds / 60);
  const time = `${dayText(Number(days))}T${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
  return fraction === 0 ? time : `${time}.${String(fraction).padStart(6, "0")}`;
}

const twoDigits = Array.from({ length: 60 }, (_none, at) => String(at).padStart(2, "0"));
/** Cells of one column often share their day. */
let lastDay = { days: 0, text: "1970-01-01" };

function dayText(days: number): string {
  if (lastDay.days !== days) lastDay = { days, text: new Date(days * 86_400_000).toISOString().slice(0, -14) };
  return lastDay.text;
}

/** A parameter and the type it is bound with. */
export function toEngine(value: SqlValue): { readonly value: DuckDBValue; readonly type: DuckDBType | undefined } {
  if (typeof value === "string") return { value, type: VARCHAR };
  if (typeof value === "bigint") return { value, type: BIGINT };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { value: BigInt(value), type: BIGINT } : { value, type: DOUBLE };
  if (value instanceof Uint8Array) return { value: new DuckDBBlobValue(value), type: undefined };
  if (Array.isArray(value)) {
    const items = (value as readonly SqlValue[]).map(toEngine);
    return {
      value: listValue(items.map((item) => item.value)),
      type: LIST(items.find((item) => item.type !== undefined)?.type ?? VARCHAR),
    };
  }
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value as Readonly<Record<string, SqlValue>>).map(
      ([name, field]) => [name, toEngine(field).value] as const,
    );
    return { value: structValue(Object.fromEntries(fields)), type: undefined };
  }
  return { value, type: undefined };
}
