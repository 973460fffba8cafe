// A JSON Schema of objects as a contract: one column for each property. What a column cannot say is told with its line.
import {
  check,
  columnChecks,
  type CleansingStep,
  type ColumnDefinition,
  type ContractDefinition,
  type RuleDefinition,
} from "@millrace/core";
import { isFields, listOf, numberText, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames, validName } from "../document/names.ts";
import { checkShape } from "../document/shape.ts";
import { cleansingShape } from "../odcs/own-shapes.ts";
import { referenceTo } from "../odcs/reference-path.ts";
import { checksOfSchema } from "./schema-checks.ts";
import { typeNotes } from "./schema.ts";
import { SchemaSource } from "./schema-source.ts";
import { valueSchema } from "./schema-type.ts";

/**
 * @param name of the contract where the schema has no title
 * @throws MillraceError contract-file-invalid with file and line
 */
export function importJsonSchema(file: LocatedFile, name: string, report: ReportLoss): ContractDefinition {
  const source = new SchemaSource(file);
  const whole = source.resolve(file.root);
  const root = isFields(whole["items"]) ? source.resolve(whole["items"]) : whole;
  if (!isFields(root["properties"]) || Object.keys(root["properties"]).length === 0)
    throw file.invalid("a schema of objects with properties is expected", file.root, "type");
  tellUnsaid(root, (what, key) => report("document", what, file.line(root, key)));
  const names = new TakenNames();
  const columns = new Map(Object.keys(root["properties"]).map((property) => [property, property]));
  const required = new Set(listOf(root["required"]).map(String));
  const read = Object.entries(root["properties"]).map(([property, schema]) => {
    const own = isFields(schema) ? textOf(schema["x-column"]) : undefined;
    const column = names.take(own ?? property);
    columns.set(property, column);
    return readColumn({ source, property, column, schema, required: required.has(property), report });
  });
  return {
    kind: "contract",
    name: tableName(textOf(root["title"]) ?? name),
    columns: read,
    rules: dependencies(root, columns),
    ...(typeof root["description"] === "string" ? { description: root["description"] } : {}),
    location: { file: file.file, line: file.line(file.root) },
  };
}

const unsaid = [
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "if",
  "not",
  "anyOf",
  "oneOf",
  "dependentSchemas",
  "unevaluatedProperties",
];

function tellUnsaid(root: Fields, tell: (what: string, key: string) => void): void {
  for (const key of unsaid) if (root[key] !== undefined) tell(`${key} of the whole object is not enforced`, key);
  if (root["additionalProperties"] === false)
    tell("other fields are not refused: they are no columns", "additionalProperties");
  if (isFields(root["additionalProperties"])) tell("other fields are not read", "additionalProperties");
}

interface PropertyToRead {
  readonly source: SchemaSource;
  readonly property: string;
  readonly column: string;
  readonly schema: unknown;
  readonly required: boolean;
  readonly report: ReportLoss;
}

function readColumn({ source, property, column, schema: given, required, report }: PropertyToRead): ColumnDefinition {
  const { file } = source;
  const tell = (what: string, at: Fields | undefined = isFields(given) ? given : undefined, key?: string): void =>
    report(column, what, file.line(at, key));
  const { type, nullable, schema } = valueSchema(given, source, tell);
  const checks = checksOfSchema(schema, type, source, tell);
  const key = schema["x-key"] === true;
  const references = referenceTo(schema["x-references"]);
  const cleansing = cleansingOf(schema, file, column, tell);
  const description = descriptionOf(schema);
  return {
    name: column,
    type,
    required: isRequired(schema, { required, nullable, key }),
    key,
    pii: schema["x-pii"] === true,
    version: schema["x-version"] === true,
    checks: checks.filter((one) => {
      const fits = columnChecks[one.check].types.includes(type.kind);
      if (!fits) tell(`the check ${one.check} does not fit a column of type ${type.kind}; it is left out`);
      return fits;
    }),
    ...(property === column ? {} : { source: property }),
    ...(references === undefined ? {} : { references }),
    ...(cleansing === undefined ? {} : { cleansing }),
    ...(description === undefined ? {} : { description }),
  };
}

/** What has a default is never missing. */
function isRequired(
  schema: Fields,
  { required, nullable, key }: { readonly required: boolean; readonly nullable: boolean; readonly key: boolean },
): boolean {
  if (key || schema["x-required"] === true) return true;
  if (schema["x-cleansing"] !== undefined) return required;
  return !nullable && (required || (schema["default"] !== undefined && schema["default"] !== null));
}

/** A title is free text. */
function tableName(text: string): string {
  return validName(/^\w+$/.test(text) ? text : text.toLowerCase());
}

/** Notes of an export that stand for a type are none. */
function descriptionOf(schema: Fields): string | undefined {
  const text = textOf(schema["description"]) ?? textOf(schema["title"]);
  const notes: readonly unknown[] = Object.values(typeNotes);
  return schema["x-type"] !== undefined && notes.includes(text) ? undefined : text;
}

function cleansingOf(
  schema: Fields,
  file: LocatedFile,
  column: string,
  tell: (what: string, at?: Fields, key?: string) => void,
): readonly CleansingStep[] | undefined {
  const own = schema["x-cleansing"];
  if (own !== undefined) {
    checkShape(own, cleansingShape, { file, path: column, holder: schema, key: "x-cleansing", advice: "" });
    return own as readonly CleansingStep[];
  }
  const given = schema["default"];
  if (given === undefined || given === null) return undefined;
  const text = numberText(given) ?? (typeof given === "boolean" ? String(given) : textOf(given));
  if (text !== undefined) return [{ step: "default", value: text }];
  tell("its default is no single value; it is left out", schema, "default");
  return undefined;
}

/** `dependentRequired`: where one field is present others must be. */
function dependencies(root: Fields, columns: ReadonlyMap<string, string>): readonly RuleDefinition[] {
  const names = new TakenNames();
  const dependent = isFields(root["dependentRequired"]) ? Object.entries(root["dependentRequired"]) : [];
  return dependent.flatMap(([field, others]) =>
    listOf(others).flatMap((other) => {
      const [given, needed] = [columns.get(field), columns.get(String(other))];
      if (given === undefined || needed === undefined) return [];
      return [
        {
          name: names.take(`${given}_needs_${needed}`),
          condition: check.when(check.present(given), check.present(needed)),
        },
      ];
    }),
  );
}
