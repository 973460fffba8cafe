// One property of an Open Data Contract as a column, the rules over several rows that it asks for, and what is only kept.
import {
  columnChecks,
  isDateFormat,
  type CleansingStep,
  type ColumnCheck,
  type ColumnDefinition,
  type JsonFields,
  type LogicalType,
  type SetRuleDefinition,
} from "@millrace/core";
import { isFields, listOf, numberText, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import type { TakenNames } from "../document/names.ts";
import { checkShape } from "../document/shape.ts";
import { fromJavaFormat, isIsoFormat } from "./date-format.ts";
import { keptFields } from "./kept-fields.ts";
import { ownProperty, piiTag, plainUniqueName } from "./own-fields.ts";
import { cleansingShape } from "./own-shapes.ts";
import { readColumnQuality } from "./read-quality.ts";
import { readReferences } from "./read-references.ts";
import { typeOfProperty } from "./read-type.ts";
import { typeFields } from "./write-type.ts";

export interface PropertySource {
  readonly file: LocatedFile;
  readonly property: Fields;
  /** The column's name in the contract. */
  readonly name: string;
  readonly report: ReportLoss;
  /** Names of the contract's rules. */
  readonly ruleNames: TakenNames;
}

export interface ReadProperty {
  readonly column: ColumnDefinition;
  readonly sets: readonly SetRuleDefinition[];
  readonly kept: JsonFields;
}

export function readProperty(source: PropertySource): ReadProperty {
  const { file, property, name, report } = source;
  const tell = (what: string, key?: string): void => report(name, what, file.line(property, key));
  const declared = typeOfProperty(property, (what) => tell(what, "logicalType"));
  const quality = readColumnQuality(source, declared);
  const options = isFields(property["logicalTypeOptions"]) ? property["logicalTypeOptions"] : {};
  const ofOptions = checksOfOptions(options, declared, (what, key) => report(name, what, file.line(options, key)));
  const { type, listed } = enumOrList(declared, ofOptions, quality.values);
  const references = readReferences(source);
  const key = property["primaryKey"] === true;
  const cleansing = readCleansing(source, options, type);
  const physicalName = textOf(property["physicalName"]);
  const original = physicalName ?? String(property["name"]);
  const column: ColumnDefinition = {
    name,
    type,
    required: key || property["required"] === true || quality.required,
    key,
    pii: listOf(property["tags"]).includes(piiTag),
    version: ownValue(property, ownProperty.version) === true,
    checks: fitting([...ofOptions, ...listed, ...quality.checks], type, tell),
    ...(original === name ? {} : { source: original }),
    ...(references.first === undefined ? {} : { references: references.first }),
    ...(cleansing === undefined ? {} : { cleansing }),
    ...(typeof property["description"] === "string" ? { description: property["description"] } : {}),
  };
  const unique = property["unique"] === true && !quality.unique ? [plainUnique(source)] : [];
  return {
    column,
    sets: [...unique, ...quality.sets, ...references.rules],
    kept: { ...physicalType(property, type), ...keptOf(property, [...quality.kept], references.kept) },
  };
}

/** The database's own type, where an export would write another one. */
function physicalType(property: Fields, type: LogicalType): JsonFields {
  const written = textOf(property["physicalType"]);
  const { physicalType: own } = typeFields(type);
  const plain = (text: unknown): string => String(text).toUpperCase().replaceAll(" ", "");
  return written === undefined || plain(own) === plain(written) ? {} : { physicalType: written };
}

/** A list of valid texts is the type itself, where nothing else is asked of the text. */
function enumOrList(
  declared: LogicalType,
  checks: readonly ColumnCheck[],
  values: readonly string[] | undefined,
): { readonly type: LogicalType; readonly listed: readonly ColumnCheck[] } {
  if (values === undefined) return { type: declared, listed: [] };
  if (declared.kind === "string" && checks.length === 0) return { type: { kind: "enum", values }, listed: [] };
  return { type: declared, listed: [{ check: "oneOf", values }] };
}

function plainUnique({ name, ruleNames }: PropertySource): SetRuleDefinition {
  return { name: ruleNames.take(plainUniqueName(name)), set: { set: "unique", columns: [name], keep: "first" } };
}

function fitting(
  checks: readonly ColumnCheck[],
  type: LogicalType,
  tell: (what: string) => void,
): readonly ColumnCheck[] {
  return checks.filter((check) => {
    const fits = columnChecks[check.check].types.includes(type.kind);
    if (!fits) tell(`the check ${check.check} does not fit a column of type ${type.kind}; it is left out`);
    return fits;
  });
}

const formats: Readonly<Record<string, "email" | "url" | "ipv4" | "uuidText">> = {
  email: "email",
  uri: "url",
  url: "url",
  ipv4: "ipv4",
  uuid: "uuidText",
};

/** Options that belong to the type, or are read elsewhere. */
const withoutCheck = new Set(["timezone", "defaultTimezone", "required"]);

function checksOfOptions(
  options: Fields,
  type: LogicalType,
  tell: (what: string, key: string) => void,
): readonly ColumnCheck[] {
  const checks: ColumnCheck[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (withoutCheck.has(key)) continue;
    const check = key === "format" ? checkOfFormat(String(value), type) : checkOfOption(key, value, options);
    if (check === undefined) tell(`the option ${key} (${String(value)}) is not enforced`, key);
    else if (check !== null) checks.push(check);
  }
  return checks;
}

/** `null` where the format says nothing that the type does not. */
function checkOfFormat(format: string, type: LogicalType): ColumnCheck | null | undefined {
  if (type.kind !== "string") return ["hostname", "ipv6", "password"].includes(format) ? undefined : null;
  const check = formats[format];
  return check === undefined ? undefined : { check };
}

function checkOfOption(key: string, value: unknown, options: Fields): ColumnCheck | null | undefined {
  const bound = numberText(value) ?? textOf(value);
  switch (key) {
    case "minimum":
      return bound === undefined ? undefined : { check: "min", value: bound };
    case "exclusiveMinimum":
      return bound === undefined ? undefined : { check: "min", value: bound, exclusive: true };
    case "maximum":
      return bound === undefined ? undefined : { check: "max", value: bound };
    case "exclusiveMaximum":
      return bound === undefined ? undefined : { check: "max", value: bound, exclusive: true };
    case "multipleOf":
      return bound === undefined ? undefined : { check: "multipleOf", step: bound };
    case "minLength":
      return lengthCheck(Number(value), options["maxLength"]);
    case "maxLength":
      return options["minLength"] === undefined ? { check: "length", max: Number(value) } : null;
    case "pattern":
      return { check: "pattern", pattern: String(value) };
    default:
      return undefined;
  }
}

function lengthCheck(min: number, max: unknown): ColumnCheck {
  return { check: "length", min, ...(max === undefined ? {} : { max: Number(max) }) };
}

function readCleansing(
  { file, property, name, report }: PropertySource,
  options: Fields,
  type: LogicalType,
): readonly CleansingStep[] | undefined {
  const own = ownValue(property, ownProperty.cleansing);
  if (own !== undefined) {
    checkShape(own, cleansingShape, { file, path: name, holder: property, key: "customProperties", advice: "" });
    return own as readonly CleansingStep[];
  }
  const format = textOf(options["format"]);
  if (format === undefined || !["date", "timestamp", "datetime", "time"].includes(type.kind) || isIsoFormat(format))
    return undefined;
  const converted = fromJavaFormat(format);
  if (converted !== undefined && type.kind !== "time" && isDateFormat(converted))
    return [{ step: "date", formats: [converted] }];
  report(name, `its format ${format} is not read; ISO 8601 is expected`, file.line(options, "format"));
  return undefined;
}

function ownValue(property: Fields, wanted: string): unknown {
  return listOf(property["customProperties"])
    .filter(isFields)
    .find((one) => one["property"] === wanted)?.["value"];
}

/** Fields that the column says itself. */
const said =
  "name physicalName description logicalType logicalTypeOptions physicalType properties items required primaryKey primaryKeyPosition unique tags relationships quality customProperties".split(
    " ",
  );

function keptOf(property: Fields, quality: readonly unknown[], relationships: readonly unknown[]): JsonFields {
  const own: readonly unknown[] = Object.values(ownProperty);
  const beside = {
    tags: listOf(property["tags"]).filter((tag) => tag !== piiTag),
    relationships,
    quality,
    customProperties: listOf(property["customProperties"]).filter(
      (one) => !isFields(one) || !own.includes(one["property"]),
    ),
  };
  return { ...keptFields(property, said), ...keptFields(beside, []) };
}
