// The logical type of a JSON Schema: what the schema of a value, nested ones too, says that a column can say.
import type { LogicalType } from "@millrace/core";
import { isFields, listOf, textOf, type Fields } from "../document/located.ts";
import type { SchemaSource } from "./schema-source.ts";

export type Tell = (what: string, at?: Fields, key?: string) => void;

export interface ValueSchema {
  readonly type: LogicalType;
  readonly nullable: boolean;
  /** The schema itself, references and alternatives with null resolved. */
  readonly schema: Fields;
}

/** @param given a schema; `true` takes every value */
export function valueSchema(given: unknown, source: SchemaSource, tell: Tell): ValueSchema {
  const { schema, nullable } = withoutNull(source.resolve(given), source, tell);
  const own = schema["x-type"];
  if (isFields(own) && typeof own["kind"] === "string") return { type: source.ownType(schema), nullable, schema };
  return { type: typeOf(schema, source, tell), nullable, schema };
}

/** `anyOf: [X, {type: null}]` and `type: [x, null]` say that X may be missing. */
function withoutNull(
  schema: Fields,
  source: SchemaSource,
  tell: Tell,
): { readonly schema: Fields; readonly nullable: boolean } {
  for (const key of ["anyOf", "oneOf"]) {
    if (schema[key] === undefined) continue;
    const choices = listOf(schema[key]).map((one) => source.resolve(one));
    const values = choices.filter((one) => one["type"] !== "null" && one["const"] !== null);
    const [only, another] = values;
    const nullable = values.length < choices.length;
    if (only !== undefined && another === undefined) {
      const inner = withoutNull(only, source, tell);
      return { schema: source.joined(schema, inner.schema, key), nullable: nullable || inner.nullable };
    }
    if (values.length > 0 && values.every((one) => one["const"] !== undefined))
      return { schema: source.joined(schema, { enum: values.map((one) => one["const"]) }, key), nullable };
    tell(`${key} of several types; any JSON is taken`, schema, key);
    return { schema: source.joined(schema, {}, key), nullable };
  }
  const listed = listOf(schema["enum"]);
  return {
    schema,
    nullable: schema["nullable"] === true || listOf(schema["type"]).includes("null") || listed.includes(null),
  };
}

/** The one type that is meant; numbers that may come as text are numbers. */
function typeName(schema: Fields, tell: Tell): string | undefined {
  const names = (Array.isArray(schema["type"]) ? listOf(schema["type"]) : [schema["type"]]).filter(
    (one) => one !== "null",
  );
  const numeric = names.find((one) => one === "integer" || one === "number");
  const exact = ["int32", "int64", "decimal", "double"].includes(String(schema["format"]));
  if (exact && names.length === 2 && numeric !== undefined && names.includes("string")) return String(numeric);
  if (names.length > 1) {
    tell(`several types (${names.join(", ")}); any JSON is taken`, schema, "type");
    return undefined;
  }
  return textOf(names[0]) ?? inferred(schema);
}

function inferred(schema: Fields): string | undefined {
  if (schema["properties"] !== undefined) return "object";
  if (schema["items"] !== undefined) return "array";
  const values = valuesOf(schema);
  return values.length > 0 && values.every((value) => typeof value === "string") ? "string" : undefined;
}

/** Values that are valid, from `enum` and `const`. */
export function valuesOf(schema: Fields): readonly unknown[] {
  const listed = schema["const"] === undefined ? listOf(schema["enum"]) : [schema["const"]];
  return listed.filter((value) => value !== null);
}

function typeOf(schema: Fields, source: SchemaSource, tell: Tell): LogicalType {
  switch (typeName(schema, tell)) {
    case "string":
      return textType(schema);
    case "integer":
      return integerType(schema);
    case "number":
      return numberType(schema, tell);
    case "boolean":
      return { kind: "bool" };
    case "array":
      return listType(schema, source, tell);
    case "object":
      return structType(schema, source, tell);
    default:
      return { kind: "json" };
  }
}

const textFormats: Readonly<Record<string, LogicalType>> = {
  date: { kind: "date" },
  "date-time": { kind: "timestamp" },
  time: { kind: "time" },
  uuid: { kind: "uuid" },
};

function textType(schema: Fields): LogicalType {
  const values = valuesOf(schema);
  if (values.length > 0 && values.every((value) => typeof value === "string"))
    return { kind: "enum", values: [...new Set(values)] };
  if (schema["contentEncoding"] === "base64") return { kind: "bytes" };
  return textFormats[textOf(schema["format"]) ?? ""] ?? { kind: "string" };
}

const int32 = { min: -2_147_483_648, max: 2_147_483_647 };

function integerType(schema: Fields): LogicalType {
  const low = Number(schema["minimum"] ?? schema["exclusiveMinimum"] ?? -Infinity);
  const high = Number(schema["maximum"] ?? schema["exclusiveMaximum"] ?? Infinity);
  const small = low >= int32.min && high <= int32.max;
  return { kind: schema["format"] === "int32" || (small && schema["format"] === undefined) ? "int32" : "int64" };
}

function numberType(schema: Fields, tell: Tell): LogicalType {
  const precision = schema["x-precision"];
  const scale = schema["x-scale"];
  if (typeof precision === "number" && typeof scale === "number") return { kind: "decimal", precision, scale };
  const step = /^0\.(0*[15])$/.exec(String(schema["multipleOf"]))?.[1];
  if (step !== undefined) return { kind: "decimal", precision: 18, scale: step.length };
  if (schema["format"] === undefined) tell("it is a number without digits; float is taken", schema, "type");
  return { kind: "float" };
}

function listType(schema: Fields, source: SchemaSource, tell: Tell): LogicalType {
  const { items } = schema;
  if (!isFields(items)) {
    tell("its items have no one type; JSON is taken", schema, "type");
    return { kind: "json" };
  }
  return source.inside(items, tell, () => ({ kind: "list", item: nested(items, "its items", source, tell) }));
}

function structType(schema: Fields, source: SchemaSource, tell: Tell): LogicalType {
  const properties = isFields(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  if (properties.length === 0) return { kind: "json" };
  return source.inside(schema, tell, () => ({
    kind: "struct",
    fields: Object.fromEntries(properties.map(([name, property]) => [name, nested(property, name, source, tell)])),
  }));
}

const checked = [
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
];

function nested(given: unknown, name: string, source: SchemaSource, tell: Tell): LogicalType {
  const { type, schema } = valueSchema(given, source, (what, at, key) => tell(`${name}: ${what}`, at, key));
  const lost = checked.filter((key) => schema[key] !== undefined);
  if (lost.length > 0) tell(`${name}: ${lost.join(", ")} not enforced inside nested values`, schema, lost[0]);
  return type;
}
