// A column's type and checks as ODCS says them: logical type, options, and quality checks for what has no option.
import {
  columnChecks,
  setChecks,
  type ColumnCheck,
  type JsonFields,
  type JsonValue,
  type LogicalType,
  type Severity,
} from "@millrace/core";
import { isPlainNumber } from "../authoring/literal.ts";
import { sqlType } from "../types/sql-type.ts";
import { engine } from "./own-fields.ts";

/** `logicalType` and what belongs to it. */
export function typeFields(type: LogicalType): JsonFields {
  const physicalType = sqlType(type);
  switch (type.kind) {
    case "string":
      return { logicalType: "string", physicalType };
    case "enum":
      return { logicalType: "string", physicalType, quality: [validValues(type.values)] };
    case "int32":
      return { logicalType: "integer", physicalType, logicalTypeOptions: { format: "i32" } };
    case "int64":
      return { logicalType: "integer", physicalType, logicalTypeOptions: { format: "i64" } };
    case "decimal":
      return { logicalType: "number", physicalType };
    case "float":
      return { logicalType: "number", physicalType, logicalTypeOptions: { format: "f64" } };
    case "bool":
      return { logicalType: "boolean", physicalType };
    case "date":
    case "time":
      return { logicalType: type.kind, physicalType };
    case "timestamp":
      return { logicalType: "timestamp", physicalType, logicalTypeOptions: { timezone: true, ...zone(type.zone) } };
    case "datetime":
      return { logicalType: "timestamp", physicalType, logicalTypeOptions: { timezone: false } };
    case "uuid":
      return { logicalType: "string", physicalType, logicalTypeOptions: { format: "uuid" } };
    case "bytes":
      return { logicalType: "string", physicalType, logicalTypeOptions: { format: "binary" } };
    case "json":
      return { logicalType: "object", physicalType: "JSON" };
    case "list":
      return { logicalType: "array", items: typeFields(type.item) };
    case "struct":
      return {
        logicalType: "object",
        properties: Object.entries(type.fields).map(([name, field]) => ({ name, ...typeFields(field) })),
      };
  }
}

function zone(name: string | undefined): JsonFields {
  return name === undefined ? {} : { defaultTimezone: name };
}

function validValues(values: readonly JsonValue[]): JsonFields {
  return { type: "library", metric: "invalidValues", arguments: { validValues: values }, mustBe: 0 };
}

const severities: Readonly<Record<Severity, string>> = { reject: "error", warn: "warning", block: "critical" };

/** The standard leaves the words of a severity open. */
export function severityFields(severity: Severity | undefined): JsonFields {
  return severity === undefined ? {} : { severity: severities[severity] };
}

export interface WrittenChecks {
  readonly options: JsonFields;
  readonly quality: readonly JsonFields[];
}

/** Each check as an option where there is one that is free, else as a quality check. */
export function checkFields(checks: readonly ColumnCheck[], type: LogicalType): WrittenChecks {
  const options: Record<string, JsonValue> = {};
  const quality: JsonFields[] = [];
  for (const check of checks) {
    const wanted = optionsOf(check, type);
    const free = wanted !== undefined && Object.keys(wanted).every((key) => !Object.hasOwn(options, key));
    if (free) Object.assign(options, wanted);
    else quality.push(qualityOf(check, type));
  }
  return { options, quality };
}

function optionsOf(check: ColumnCheck, type: LogicalType): JsonFields | undefined {
  if (check.severity !== undefined || check.name !== undefined) return undefined;
  switch (check.check) {
    case "min":
      return one(check.exclusive === true ? "exclusiveMinimum" : "minimum", boundOf(check.value, type));
    case "max":
      return one(check.exclusive === true ? "exclusiveMaximum" : "maximum", boundOf(check.value, type));
    case "multipleOf":
      return one("multipleOf", isPlainNumber(check.step) ? Number(check.step) : undefined);
    case "length":
      return {
        ...(check.min === undefined ? {} : { minLength: check.min }),
        ...(check.max === undefined ? {} : { maxLength: check.max }),
      };
    case "pattern":
      return one("pattern", isEcmaPattern(check.pattern) ? check.pattern : undefined);
    default: {
      const formats: Partial<Record<ColumnCheck["check"], string>> = {
        email: "email",
        url: "uri",
        ipv4: "ipv4",
        uuidText: "uuid",
      };
      return one("format", formats[check.check]);
    }
  }
}

function one(key: string, value: JsonValue | undefined): JsonFields | undefined {
  return value === undefined ? undefined : { [key]: value };
}

/** Numbers only where JSON keeps them exactly. */
function boundOf(value: string, type: LogicalType): JsonValue | undefined {
  if (!isNumeric(type)) return value;
  return isPlainNumber(value) ? Number(value) : undefined;
}

function isNumeric({ kind }: LogicalType): boolean {
  return ["int32", "int64", "decimal", "float"].includes(kind);
}

function isEcmaPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").source === pattern || !pattern.includes("\n");
  } catch {
    return false;
  }
}

function qualityOf(check: ColumnCheck, type: LogicalType): JsonFields {
  const stated = { ...(check.name === undefined ? {} : { name: check.name }), ...severityFields(check.severity) };
  if (check.check === "oneOf") {
    const values = check.values.map((value) => (isNumeric(type) && isPlainNumber(value) ? Number(value) : value));
    // An unnamed list on a column of text is its type.
    return { name: "oneOf", ...stated, ...validValues(values) };
  }
  if (check.check === "pattern" && isEcmaPattern(check.pattern))
    return { ...stated, type: "library", metric: "invalidValues", arguments: { pattern: check.pattern }, mustBe: 0 };
  return {
    ...stated,
    description: columnChecks[check.check].summary,
    type: "custom",
    engine,
    implementation: check as unknown as JsonFields,
  };
}

/** What a rule over several rows says of itself, for readers of the document. */
export function setSummary(kind: keyof typeof setChecks): string {
  return setChecks[kind].summary;
}
