// The checks of a column that a JSON Schema asks for, in the schema's own words and in the x- keywords of an export.
import { columnChecks, type ColumnCheck, type LogicalType } from "@millrace/core";
import { isFields, numberText, textOf, type Fields } from "../document/located.ts";
import { checkShape } from "../document/shape.ts";
import { checkShapeOf } from "../odcs/own-shapes.ts";
import type { SchemaSource } from "./schema-source.ts";
import { valuesOf, type Tell } from "./schema-type.ts";

export function checksOfSchema(
  schema: Fields,
  type: LogicalType,
  source: SchemaSource,
  tell: Tell,
): readonly ColumnCheck[] {
  return [
    ...bounds(schema, type),
    ...text(schema, type, tell),
    ...listed(schema, type, tell),
    ...negated(schema, tell),
    ...own(schema, source),
    ...unsaid(schema, tell),
  ];
}

const boundKeys = [
  ["minimum", "min", false],
  ["exclusiveMinimum", "min", true],
  ["maximum", "max", false],
  ["exclusiveMaximum", "max", true],
  ["x-min", "min", false],
  ["x-max", "max", false],
] as const;

function bounds(schema: Fields, type: LogicalType): readonly ColumnCheck[] {
  const found = boundKeys.flatMap(([key, check, exclusive]): ColumnCheck[] => {
    const value = numberText(schema[key]) ?? textOf(schema[key]);
    // The ends of the type itself say nothing.
    if (value === undefined || isEndOf(type, value)) return [];
    return [{ check, value, ...(exclusive ? { exclusive } : {}) }];
  });
  const step = numberText(schema["multipleOf"]);
  if (step === undefined || (type.kind === "decimal" && step === unit(type.scale))) return found;
  return [...found, { check: "multipleOf", step }];
}

function unit(scale: number): string {
  return scale === 0 ? "1" : `0.${"1".padStart(scale, "0")}`;
}

function isEndOf({ kind }: LogicalType, value: string): boolean {
  const ends = {
    int32: ["-2147483648", "2147483647"],
    int64: ["-9007199254740991", "9007199254740991", "-9223372036854775808", "9223372036854775807"],
  };
  return (kind === "int32" || kind === "int64") && ends[kind].includes(value);
}

const formats: Readonly<Record<string, ColumnCheck>> = {
  email: { check: "email" },
  "idn-email": { check: "email" },
  uri: { check: "url" },
  ipv4: { check: "ipv4" },
};

function text(schema: Fields, type: LogicalType, tell: Tell): readonly ColumnCheck[] {
  if (type.kind !== "string" && type.kind !== "enum") return [];
  const { minLength, maxLength, pattern } = schema;
  const length = {
    ...(typeof minLength === "number" ? { min: minLength } : {}),
    ...(typeof maxLength === "number" ? { max: maxLength } : {}),
  };
  const format = textOf(schema["format"]);
  const known = format === undefined ? undefined : formats[format];
  if (format !== undefined && known === undefined && typeof pattern !== "string")
    tell(`the format ${format} is not enforced`, schema, "format");
  // Where a format is written out as a pattern beside it, one of them is enough.
  const patterned = typeof pattern === "string" && known === undefined;
  return [
    ...(Object.keys(length).length === 0 || type.kind === "enum" ? [] : [{ check: "length", ...length } as const]),
    ...(known === undefined ? [] : [known]),
    ...(patterned ? [{ check: "pattern", pattern } as const] : []),
  ];
}

function listed(schema: Fields, type: LogicalType, tell: Tell): readonly ColumnCheck[] {
  const values = [
    ...valuesOf(schema),
    ...(Array.isArray(schema["x-one-of"]) ? (schema["x-one-of"] as readonly unknown[]) : []),
  ];
  if (values.length === 0 || type.kind === "enum") return [];
  const texts = values.map((value) => numberText(value) ?? textOf(value)).filter((value) => value !== undefined);
  if (texts.length === values.length) return [{ check: "oneOf", values: texts }];
  tell("its list of values holds more than text and numbers; it is left out", schema, "enum");
  return [];
}

function negated(schema: Fields, tell: Tell): readonly ColumnCheck[] {
  const { not } = schema;
  const apart = schema["x-not-one-of"];
  if (Array.isArray(apart)) return [{ check: "notOneOf", values: apart.map(String) }];
  if (!isFields(not)) return [];
  if (typeof not["pattern"] === "string") return [{ check: "notPattern", pattern: not["pattern"] }];
  if (Array.isArray(not["enum"])) return [{ check: "notOneOf", values: not["enum"].map(String) }];
  tell("not is not enforced", schema, "not");
  return [];
}

/** `x-notBlank: true`, `x-casing: {to: upper}`: checks as an export writes them. */
function own(schema: Fields, source: SchemaSource): readonly ColumnCheck[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    const name = key.slice(2);
    if (!key.startsWith("x-") || !Object.hasOwn(columnChecks, name) || name === "min" || name === "max") return [];
    const written = { check: name, ...(isFields(value) ? value : {}) };
    checkShape(written, checkShapeOf, { file: source.file, path: key, holder: schema, key, advice: "" });
    return [written as ColumnCheck];
  });
}

const silent = [
  "minItems",
  "maxItems",
  "uniqueItems",
  "contains",
  "if",
  "contentMediaType",
  "minProperties",
  "maxProperties",
];

function unsaid(schema: Fields, tell: Tell): readonly ColumnCheck[] {
  for (const key of silent) if (schema[key] !== undefined) tell(`${key} is not enforced`, schema, key);
  return [];
}
