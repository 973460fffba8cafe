// Writers of single values as JSON. One is chosen per column before the first row, so that nothing is decided per cell.
import type { LogicalType, SqlValue } from "@millrace/core";

export type ValueWriter = (value: SqlValue) => string;

/** JSON text of a value of the type. int64 and decimal are numbers with all their digits; floats without a JSON number are text. */
export function jsonWriter(type: LogicalType): ValueWriter {
  const write = writerOf(type);
  return (value) => (value === null ? "null" : write(value));
}

function writerOf(type: LogicalType): ValueWriter {
  switch (type.kind) {
    case "int32":
    case "int64":
    case "bool":
    case "decimal":
      return plainText;
    case "float":
      return floatText;
    case "date":
    case "time":
    case "timestamp":
    case "datetime":
    case "uuid":
      return (value) => `"${plainText(value)}"`;
    case "json":
      return jsonText;
    case "bytes":
      return (value) => `"${base64(value)}"`;
    case "list":
      return listWriter(jsonWriter(type.item));
    case "struct":
      return structWriter(Object.entries(type.fields).map(([name, field]) => [name, jsonWriter(field)]));
    case "string":
    case "enum":
      return quotedText;
  }
}

/** Text of a value whose digits or characters are the answer as they are. */
export function plainText(value: SqlValue): string {
  return String(value as string | number | bigint | boolean);
}

export function base64(value: SqlValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : plainText(value);
}

/** Stored JSON is JSON already; line breaks between its tokens go, so that a row stays one line. */
export function jsonText(value: SqlValue): string {
  if (typeof value === "string") return value.replace(/[\r\n]+/g, " ");
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}

function quotedText(value: SqlValue): string {
  return JSON.stringify(typeof value === "string" ? value : plainText(value));
}

function floatText(value: SqlValue): string {
  return typeof value === "number" && !Number.isFinite(value) ? `"${value}"` : plainText(value);
}

function listWriter(item: ValueWriter): ValueWriter {
  return (value) => (Array.isArray(value) ? `[${(value as readonly SqlValue[]).map(item).join(",")}]` : "null");
}

function structWriter(fields: readonly (readonly [name: string, write: ValueWriter])[]): ValueWriter {
  return (value) => {
    const entries = value as Readonly<Record<string, SqlValue>>;
    const texts = fields.map(([name, write]) => `${JSON.stringify(name)}:${write(entries[name] ?? null)}`);
    return `{${texts.join(",")}}`;
  };
}
