// Types as databases write them, to logical types: what ODCS calls physicalType and dbt data_type.
import type { LogicalType } from "@millrace/core";

const scalars: readonly (readonly [RegExp, LogicalType])[] = [
  [
    /^(?:var|n?var|n)?char(?:acter)?(?: varying)?2?\b|^(?:n?text|string|clob|bpchar|name|citext|enum)\b/,
    { kind: "string" },
  ],
  [/^(?:tinyint|smallint|mediumint|integer|int|int2|int4|int16|int32|serial|byteint)\b/, { kind: "int32" }],
  [/^(?:bigint|int8|int64|long|bigserial|uinteger)\b/, { kind: "int64" }],
  [/^(?:double(?: precision)?|float|float4|float8|float32|float64|real)\b/, { kind: "float" }],
  [/^bool(?:ean)?\b|^bit$/, { kind: "bool" }],
  [/^date$/, { kind: "date" }],
  [/^(?:timestamp without time zone|timestamp_?ntz|datetime2?|smalldatetime)\b/, { kind: "datetime" }],
  [/^(?:timestamp|timestamptz|timestamp_?l?tz|datetimeoffset)\b/, { kind: "timestamp" }],
  [/^time\b/, { kind: "time" }],
  [/^(?:uuid|uniqueidentifier)$/, { kind: "uuid" }],
  [/^(?:jsonb?|variant|super)$/, { kind: "json" }],
  [/^(?:bytea|blob|binary|varbinary|bytes|raw|image)\b/, { kind: "bytes" }],
];

/** The logical type of a written SQL type, `numeric(12, 2)` or `VARCHAR(40)[]`; undefined for one that is not known. */
export function fromSqlType(written: string): LogicalType | undefined {
  const text = written.trim().toLowerCase().replaceAll(/\s+/g, " ");
  if (text.endsWith("[]")) return listOf(fromSqlType(text.slice(0, -2)));
  const item = /^array ?<(.*)>$/.exec(text)?.[1];
  if (item !== undefined) return listOf(fromSqlType(item));
  const exact = /^(?:decimal|numeric|number|dec|bignumeric)(?: ?\((\d+)(?: ?, ?(\d+))? ?\))?$/.exec(text);
  if (exact !== null) return decimal(exact[1], exact[2]);
  return scalars.find(([pattern]) => pattern.test(text))?.[1];
}

function listOf(item: LogicalType | undefined): LogicalType | undefined {
  return item === undefined ? undefined : { kind: "list", item };
}

/** Databases do not agree on what `numeric` without digits holds; 38 digits with 9 after the point keep most values exactly. */
function decimal(precision = "38", scale?: string): LogicalType | undefined {
  const type = {
    kind: "decimal",
    precision: Number(precision),
    scale: Number(scale ?? (precision === "38" ? 9 : 0)),
  } as const;
  return type.precision >= 1 && type.precision <= 38 && type.scale <= type.precision ? type : undefined;
}

/** How the type is written for a database, as standard SQL has it where it has a word. */
export function sqlType(type: LogicalType): string {
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
    case "timestamp":
      return "TIMESTAMP WITH TIME ZONE";
    case "datetime":
      return "TIMESTAMP WITHOUT TIME ZONE";
    case "bytes":
      return "BLOB";
    case "list":
      return `${sqlType(type.item)}[]`;
    default:
      return type.kind.toUpperCase();
  }
}
