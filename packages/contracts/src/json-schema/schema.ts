// Logical types and contracts as JSON Schema (2020-12, the dialect of OpenAPI 3.1).
import {
  checkCode,
  refusesUnknownFields,
  ruleCode,
  setCode,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type LogicalType,
} from "@millrace/core";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What stands for types that JSON Schema has no format for. */
export const typeNotes = { datetime: "Date and time without a zone.", time: "Time of day." } as const;

/** How a value of the type is answered. */
export function answerSchema(type: LogicalType, nullable: boolean): JsonSchema {
  const schema = typeSchema(type);
  if (!nullable) return schema;
  // A schema without a type takes everything, null included.
  if (schema["type"] === undefined) return schema;
  return { ...schema, type: [schema["type"], "null"].flat(), ...withNull(schema["enum"]) };
}

function withNull(values: unknown): JsonSchema {
  return Array.isArray(values) ? { enum: [...(values as readonly unknown[]), null] } : {};
}

function typeSchema(type: LogicalType): JsonSchema {
  switch (type.kind) {
    case "string":
      return { type: "string", ...(type.lengthMax === undefined ? {} : { maxLength: type.lengthMax }) };
    case "int32":
      return { type: "integer", format: "int32" };
    case "int64":
      return { type: "integer", format: "int64" };
    case "decimal":
      return { type: "number", format: "decimal", "x-precision": type.precision, "x-scale": type.scale };
    case "float":
      return { type: "number", format: "double" };
    case "bool":
      return { type: "boolean" };
    case "date":
      return { type: "string", format: "date" };
    case "timestamp":
      return { type: "string", format: "date-time" };
    case "datetime":
      return { type: "string", description: typeNotes.datetime };
    case "time":
      return { type: "string", description: typeNotes.time };
    case "uuid":
      return { type: "string", format: "uuid" };
    case "json":
      return {};
    case "enum":
      return { type: "string", enum: [...type.values] };
    case "bytes":
      return { type: "string", contentEncoding: "base64" };
    case "list":
      return { type: "array", items: answerSchema(type.item, true) };
    case "struct":
      return {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(type.fields).map(([name, field]) => [name, answerSchema(field, true)]),
        ),
      };
  }
}

/** What a record of the contract looks like on its way in, with the codes of its rules. */
export function recordSchema(contract: ContractDefinition): JsonSchema {
  const { sets = [] } = contract;
  return {
    type: "object",
    title: contract.name,
    properties: Object.fromEntries(
      contract.columns
        .filter((column) => column.rest !== true)
        .map((column) => [column.source ?? column.name, fieldSchema(column)]),
    ),
    ...(refusesUnknownFields(contract) ? { additionalProperties: false } : {}),
    required: contract.columns.filter(mustCome).map((column) => column.source ?? column.name),
    ...(contract.rules.length + sets.length === 0
      ? {}
      : {
          "x-rules": [
            ...contract.rules.map((rule) => ({ code: ruleCode(contract, rule.name), ...describe(rule.description) })),
            ...sets.map((rule) => ({ code: setCode(contract, rule.name), ...describe(rule.description) })),
          ],
        }),
    "x-codes": contract.columns.flatMap((column) => column.checks.map((check) => checkCode(contract, column, check))),
  };
}

function mustCome({ required, cleansing = [] }: ColumnDefinition): boolean {
  return required && !cleansing.some(({ step }) => step === "default");
}

function fieldSchema(column: ColumnDefinition): JsonSchema {
  // What comes is cleansed first: any text may become a valid value.
  if (column.cleansing !== undefined)
    return {
      type: ["string", "number", "boolean", "null"],
      "x-cleansing": column.cleansing.map(({ step }) => step),
      ...describe(column.description),
      ...(column.pii ? { "x-pii": true } : {}),
    };
  const schema = acceptedSchema(column.type);
  const type = schema["type"];
  return {
    ...schema,
    ...(column.required || type === undefined ? {} : { type: [type, "null"].flat() }),
    ...Object.assign({}, ...rejecting(column).map((check) => checkSchema(check, column.type))),
    ...describe(column.description),
    ...(column.pii ? { "x-pii": true } : {}),
  };
}

/** A value that is only warned about is valid. */
function rejecting(column: ColumnDefinition): readonly ColumnCheck[] {
  return column.checks.filter((check) => check.severity !== "warn");
}

/** Numbers may come as text, so that no client has to round them. */
function acceptedSchema(type: LogicalType): JsonSchema {
  const schema = typeSchema(type);
  const numeric = type.kind === "int32" || type.kind === "int64" || type.kind === "decimal" || type.kind === "float";
  return numeric ? { ...schema, type: [String(schema["type"]), "string"] } : schema;
}

function checkSchema(check: ColumnCheck, type: LogicalType): JsonSchema {
  const numeric = ["int32", "int64", "decimal", "float"].includes(type.kind);
  switch (check.check) {
    case "min":
      return numeric
        ? { [check.exclusive === true ? "exclusiveMinimum" : "minimum"]: Number(check.value) }
        : { "x-min": check.value };
    case "max":
      return numeric
        ? { [check.exclusive === true ? "exclusiveMaximum" : "maximum"]: Number(check.value) }
        : { "x-max": check.value };
    case "length":
      return {
        ...(check.min === undefined ? {} : { minLength: check.min }),
        ...(check.max === undefined ? {} : { maxLength: check.max }),
      };
    case "pattern":
      return { pattern: check.pattern };
    case "email":
      return { format: "email" };
    case "url":
      return { format: "uri" };
    case "uuidText":
      return { format: "uuid" };
    case "ipv4":
      return { format: "ipv4" };
    case "multipleOf":
      return { multipleOf: Number(check.step) };
    case "notPattern":
      return { not: { pattern: check.pattern } };
    case "oneOf":
      return type.kind === "string" ? { enum: [...check.values] } : { "x-one-of": [...check.values] };
    case "notOneOf":
      return type.kind === "string" ? { not: { enum: [...check.values] } } : { "x-not-one-of": [...check.values] };
    default:
      return { [`x-${check.check}`]: statedFields(check) };
  }
}

/** What a check says that JSON Schema has no word for; true where it has no fields. */
function statedFields({ check: _check, severity: _severity, name: _name, ...fields }: ColumnCheck): unknown {
  return Object.keys(fields).length === 0 ? true : fields;
}

function describe(text: string | undefined): JsonSchema {
  return text === undefined ? {} : { description: text };
}
