// The logical types of columns: what a contract says about a value, independent of any engine.

export type LogicalType =
  | { readonly kind: "string"; readonly lengthMax?: number }
  | { readonly kind: "int32" }
  | { readonly kind: "int64" }
  /** Exact decimal; a value with more than `scale` fraction digits is refused, never rounded. */
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "float" }
  | { readonly kind: "bool" }
  | { readonly kind: "date" }
  /** An instant, microseconds. Text without a zone is read in `zone` (an IANA name; default UTC). */
  | { readonly kind: "timestamp"; readonly zone?: string }
  /** Wall-clock date and time without a zone, microseconds. */
  | { readonly kind: "datetime" }
  | { readonly kind: "time" }
  | { readonly kind: "uuid" }
  | { readonly kind: "json" }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  /** Bytes; base64 in text formats. */
  | { readonly kind: "bytes" }
  | { readonly kind: "list"; readonly item: LogicalType }
  | { readonly kind: "struct"; readonly fields: Readonly<Record<string, LogicalType>> };

export type LogicalKind = LogicalType["kind"];

/** The type as people write it: `decimal(12,2)`, `list<string>`, `struct<a: int64>`. */
export function describeType(type: LogicalType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "enum":
      return `enum(${type.values.map((value) => JSON.stringify(value)).join(", ")})`;
    case "list":
      return `list<${describeType(type.item)}>`;
    case "struct":
      return `struct<${Object.entries(type.fields)
        .map(([name, field]) => `${name}: ${describeType(field)}`)
        .join(", ")}>`;
    case "string":
      return type.lengthMax === undefined ? "string" : `string(${type.lengthMax})`;
    case "timestamp":
      return type.zone === undefined ? "timestamp" : `timestamp(zone ${type.zone})`;
    default:
      return type.kind;
  }
}

/** True where every value keeps its exact value in the new type. */
export function widens(from: LogicalType, to: LogicalType): boolean {
  if (to.kind === "enum") return from.kind === "enum" && from.values.every((value) => to.values.includes(value));
  if (to.kind === "string") return widensToText(from, to.lengthMax);
  if (from.kind === "int32" && to.kind === "int64") return true;
  if (to.kind !== "decimal") return describeType(from) === describeType(to);
  const whole = to.precision - to.scale;
  if (from.kind === "int32") return whole >= 10;
  if (from.kind === "int64") return whole >= 19;
  return from.kind === "decimal" && to.scale >= from.scale && whole >= from.precision - from.scale;
}

function widensToText(from: LogicalType, lengthMax: number | undefined): boolean {
  if (["bytes", "list", "struct"].includes(from.kind)) return false;
  if (lengthMax === undefined) return true;
  return from.kind === "string" && from.lengthMax !== undefined && from.lengthMax <= lengthMax;
}
