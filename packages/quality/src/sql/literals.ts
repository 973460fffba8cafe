// Constants as SQL literals of the type of what they are compared with.
import { digitsOf, familyOf, type LogicalType } from "@millrace/core";
import { conversionOf } from "../validator/convert-value.ts";

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** True where the constant is a value of the type; exact numbers may have more digits than the column. */
export function fits(type: LogicalType, value: string): boolean {
  if (familyOf(type) === "exact") return /^[+-]?\d{1,38}(?:\.\d{1,37})?$/.test(value) && value.length <= 39;
  return type.kind === "enum" || conversionOf(type)(value) !== undefined;
}

export function literalOf(type: LogicalType, value: string): string {
  switch (type.kind) {
    case "int32":
    case "int64":
    case "decimal":
      return exactLiteral(type, value);
    case "float":
      return `CAST(${quoted(value)} AS DOUBLE)`;
    case "bool":
      return conversionOf(type)(value) === true ? "true" : "false";
    case "date":
      return `DATE ${quoted(value)}`;
    case "timestamp":
      return `TIMESTAMP WITH TIME ZONE ${quoted(value)}`;
    case "datetime":
      return `TIMESTAMP ${quoted(value)}`;
    case "time":
      return `TIME ${quoted(value)}`;
    case "uuid":
      return `UUID ${quoted(value)}`;
    default:
      return quoted(value);
  }
}

/** In the narrowest type that holds constant and column, so that the column's own values need not be widened to compare. */
function exactLiteral(type: LogicalType, value: string): string {
  const whole = value.replace(/^[+-]/, "").split(".")[0]?.length ?? 1;
  const fraction = value.includes(".") ? value.length - value.indexOf(".") - 1 : 0;
  if (type.kind !== "decimal" && fraction === 0 && whole <= 18) return `CAST(${quoted(value)} AS BIGINT)`;
  const { precision, scale } = digitsOf(type);
  const places = Math.max(scale, fraction);
  return `CAST(${quoted(value)} AS ${decimalType(Math.max(precision - scale, whole) + places, places)})`;
}

export function decimalType(precision: number, scale: number): string {
  return `DECIMAL(${Math.min(38, precision)}, ${scale})`;
}
