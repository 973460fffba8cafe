// Texts of a URL as values of a column's type: checked here, exactly, so that the engine never sees a text it would round or refuse.
import { describeType, MillraceError, type LogicalType, type SqlValue } from "@millrace/core";
import type { ServedColumn } from "../../catalogue/served-table.ts";

export interface Operand {
  readonly value: SqlValue;
  readonly sqlType: string;
}

const integer = /^[+-]?[0-9]{1,19}$/;
const decimalNumber = /^([+-]?)([0-9]*)(?:\.([0-9]*))?$/;
const float = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?$/i;
const floatWords: Readonly<Record<string, string>> = { nan: "nan", infinity: "inf", "-infinity": "-inf" };
const booleans: Readonly<Record<string, boolean>> = { true: true, t: true, false: false, f: false };
const date = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const timeOfDay = /^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$/;
const instant = /^([0-9-]{10})(?:[T ]([0-9:.]+?)(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$/i;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const decimalDigitsMax = 38;

/** True for types whose values can be compared and ordered. */
export function isComparable(type: LogicalType): boolean {
  return type.kind !== "json" && type.kind !== "list" && type.kind !== "struct";
}

export function isText(type: LogicalType): boolean {
  return type.kind === "string" || type.kind === "enum";
}

/**
 * Reads `text` as a value to compare with `column`.
 *
 * @throws MillraceError request-invalid, naming the column; the value too unless the column is personal data
 */
export function parseOperand(column: ServedColumn, text: string): Operand {
  const operand = parseAs(column.type, text);
  if (operand !== undefined) return operand;
  const shown = column.pii ? "The value" : JSON.stringify(text.slice(0, 100));
  throw new MillraceError("request-invalid", `${column.name}: ${shown} is not a ${describeType(column.type)}.`, {
    details: { column: column.name, type: describeType(column.type) },
  });
}

function parseAs(type: LogicalType, text: string): Operand | undefined {
  switch (type.kind) {
    case "string":
      return { value: text, sqlType: "VARCHAR" };
    case "enum":
      return type.values.includes(text) ? { value: text, sqlType: "VARCHAR" } : undefined;
    case "int32":
      return parseInteger(text, 32, "INTEGER");
    case "int64":
      return parseInteger(text, 64, "BIGINT");
    case "decimal":
      return parseDecimal(type, text);
    case "float":
      return parseFloatText(text);
    case "bool":
      return parseBoolean(text);
    case "date":
      return isDate(text) ? { value: text, sqlType: "DATE" } : undefined;
    case "time":
      return timeOfDay.test(text) ? { value: text, sqlType: "TIME" } : undefined;
    case "timestamp":
      return parseInstant(text, "TIMESTAMP WITH TIME ZONE");
    case "datetime":
      return parseInstant(text, "TIMESTAMP");
    case "uuid":
      return uuid.test(text) ? { value: text.toLowerCase(), sqlType: "UUID" } : undefined;
    case "bytes":
      return base64.test(text) ? { value: new Uint8Array(Buffer.from(text, "base64")), sqlType: "BLOB" } : undefined;
    case "json":
    case "list":
    case "struct":
      return undefined;
  }
}

function parseInteger(text: string, bits: number, sqlType: string): Operand | undefined {
  if (!integer.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(bits, value) === value ? { value: String(value), sqlType } : undefined;
}

/** More fraction digits than the column has are compared as they are, never rounded. */
function parseDecimal(type: { precision: number; scale: number }, text: string): Operand | undefined {
  const [, sign = "", whole = "", fraction = ""] = decimalNumber.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const digits = whole.replace(/^0+/, "");
  const decimals = fraction.replace(/0+$/, "");
  const scale = Math.max(type.scale, decimals.length);
  const precision = Math.max(type.precision - type.scale, digits.length) + scale;
  if (precision > decimalDigitsMax) return undefined;
  const value = `${sign === "-" ? "-" : ""}${digits || "0"}${decimals === "" ? "" : `.${decimals}`}`;
  return { value, sqlType: `DECIMAL(${precision},${scale})` };
}

function parseFloatText(text: string): Operand | undefined {
  const value = float.test(text) && Number.isFinite(Number(text)) ? text : floatWords[text.toLowerCase()];
  return value === undefined ? undefined : { value, sqlType: "DOUBLE" };
}

function parseBoolean(text: string): Operand | undefined {
  const value = booleans[text.toLowerCase()];
  return value === undefined ? undefined : { value, sqlType: "BOOLEAN" };
}

/** A date alone is its midnight. An instant without a zone is read in UTC; a wall-clock value has no zone. */
function parseInstant(text: string, sqlType: "TIMESTAMP WITH TIME ZONE" | "TIMESTAMP"): Operand | undefined {
  const [, day = "", time = "00:00:00", zone = ""] = instant.exec(text) ?? [];
  if (!isDate(day) || !timeOfDay.test(time)) return undefined;
  if (sqlType === "TIMESTAMP") return zone === "" ? { value: `${day} ${time}`, sqlType } : undefined;
  return { value: `${day} ${time}${zone === "" || zone.toUpperCase() === "Z" ? "+00" : zone}`, sqlType };
}

function isDate(text: string): boolean {
  const [, year, month, day] = date.exec(text) ?? [];
  if (year === undefined) return false;
  const stamp = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return stamp.getUTCMonth() + 1 === Number(month) && stamp.getUTCDate() === Number(day);
}
