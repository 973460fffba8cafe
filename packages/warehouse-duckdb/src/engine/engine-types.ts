// Logical types and the engine's own: to DDL, and back from the names that DuckDB prints.
import type { LogicalType } from "@millrace/core";
import { ident } from "./identifiers.ts";

/** The column type that stores a logical type. Enums are text: their values change more often than tables do. */
export function engineType(type: LogicalType): string {
  switch (type.kind) {
    case "string":
    case "enum":
      return "VARCHAR";
    case "int32":
      return "INTEGER";
    case "int64":
      return "BIGINT";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "float":
      return "DOUBLE";
    case "bool":
      return "BOOLEAN";
    case "date":
      return "DATE";
    case "timestamp":
      return "TIMESTAMP WITH TIME ZONE";
    case "datetime":
      return "TIMESTAMP";
    case "time":
      return "TIME";
    case "uuid":
      return "UUID";
    case "json":
      return "JSON";
    case "bytes":
      return "BLOB";
    case "list":
      return `${engineType(type.item)}[]`;
    case "struct":
      return `STRUCT(${Object.entries(type.fields)
        .map(([name, field]) => `${ident(name)} ${engineType(field)}`)
        .join(", ")})`;
  }
}

const scalars: Readonly<Record<string, LogicalType>> = {
  BOOLEAN: { kind: "bool" },
  TINYINT: { kind: "int32" },
  SMALLINT: { kind: "int32" },
  INTEGER: { kind: "int32" },
  UTINYINT: { kind: "int32" },
  USMALLINT: { kind: "int32" },
  UINTEGER: { kind: "int64" },
  BIGINT: { kind: "int64" },
  UBIGINT: { kind: "decimal", precision: 20, scale: 0 },
  HUGEINT: { kind: "decimal", precision: 38, scale: 0 },
  UHUGEINT: { kind: "decimal", precision: 38, scale: 0 },
  FLOAT: { kind: "float" },
  DOUBLE: { kind: "float" },
  DATE: { kind: "date" },
  TIME: { kind: "time" },
  UUID: { kind: "uuid" },
  JSON: { kind: "json" },
  BLOB: { kind: "bytes" },
  TIMESTAMP: { kind: "datetime" },
  TIMESTAMP_S: { kind: "datetime" },
  TIMESTAMP_MS: { kind: "datetime" },
  TIMESTAMP_NS: { kind: "datetime" },
  "TIMESTAMP WITH TIME ZONE": { kind: "timestamp" },
};

/** Logical type of an engine type as DuckDB prints it; what has no closer word is a string. */
export function logicalType(printed: string): LogicalType {
  if (printed.endsWith("[]")) return { kind: "list", item: logicalType(printed.slice(0, -2)) };
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(printed);
  if (decimal !== null) return { kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (printed.startsWith("STRUCT(")) return { kind: "struct", fields: structFields(printed.slice(7, -1)) };
  if (printed.startsWith("MAP(")) return { kind: "json" };
  return scalars[printed] ?? { kind: "string" };
}

function structFields(inner: string): Record<string, LogicalType> {
  const fields: Record<string, LogicalType> = {};
  for (const part of splitTop(inner)) {
    const match = /^(?:"((?:[^"]|"")+)"|(\S+))\s+(.+)$/.exec(part.trim());
    if (match?.[3] !== undefined) fields[(match[1] ?? match[2] ?? "").replaceAll('""', '"')] = logicalType(match[3]);
  }
  return fields;
}

/** Splits at commas that are outside parentheses and quotes. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    if (char !== "," || depth > 0) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return [...parts, text.slice(from)];
}
