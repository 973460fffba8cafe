// A contract as an Open Data Contract, version 3.1 (Bitol). What the standard has no field for goes into its custom fields, so nothing is lost.
import type {
  ColumnDefinition,
  ContractDefinition,
  JsonFields,
  JsonValue,
  RuleDefinition,
  SetRuleDefinition,
} from "@millrace/core";
import { stringify } from "yaml";
import { dateOption } from "./date-format.ts";
import { apiVersion, engine, ownIdentity, ownProperty, ownTable, piiTag, plainUniqueName } from "./own-fields.ts";
import { referencePath } from "./reference-path.ts";
import { checkFields, setSummary, severityFields, typeFields } from "./write-type.ts";

/** The document as YAML. */
export function exportOdcs(contract: ContractDefinition, domain: string): string {
  return stringify(odcsDocument(contract, domain), { lineWidth: 120, aliasDuplicateObjects: false });
}

export function odcsDocument(contract: ContractDefinition, domain: string): JsonFields {
  const { document = {} } = contract.odcs ?? {};
  // A document that came with an identity of its own says what it wants to say.
  const own = document["id"] === undefined ? ownIdentity(contract.name, domain) : {};
  return { apiVersion, kind: "DataContract", ...own, ...document, schema: [tableFields(contract)] };
}

function tableFields(contract: ContractDefinition): JsonFields {
  const { quality: kept = [], relationships, ...table } = contract.odcs?.table ?? {};
  const sets = contract.sets ?? [];
  const quality = [
    ...contract.rules.map(rowRule),
    ...sets.filter((rule) => columnOf(rule) === undefined).map(setRule),
    ...(kept as readonly JsonValue[]),
  ];
  return {
    name: contract.name,
    ...ownTable,
    ...table,
    ...(contract.description === undefined ? {} : { description: contract.description }),
    ...(relationships === undefined ? {} : { relationships }),
    properties: columnsOf(contract),
    ...listed("quality", quality),
  };
}

function columnsOf(contract: ContractDefinition): JsonFields[] {
  let position = 0;
  return contract.columns.map((column) => {
    const rules = (contract.sets ?? []).filter((rule) => columnOf(rule) === column.name);
    return propertyFields(column, rules, {
      position: column.key ? (position += 1) : 0,
      kept: contract.odcs?.columns?.[column.name] ?? {},
    });
  });
}

interface Beside {
  /** Place in the key, from 1; 0 for a column outside of it. */
  readonly position: number;
  readonly kept: JsonFields;
}

function propertyFields(column: ColumnDefinition, sets: readonly SetRuleDefinition[], beside: Beside): JsonFields {
  const { quality: kept = [], tags = [], customProperties = [], relationships = [], ...rest } = beside.kept;
  const { quality: ofType = [], logicalTypeOptions: ofTypeOptions = {}, ...type } = typeFields(column.type);
  const checks = checkFields(column.checks, column.type);
  const date = dateOption(column);
  const options = { ...(ofTypeOptions as JsonFields), ...checks.options, ...date };
  const unique = sets.filter(isPlainUnique);
  return {
    name: column.name,
    ...(column.source === undefined ? {} : { physicalName: column.source }),
    ...(column.description === undefined ? {} : { description: column.description }),
    ...type,
    ...(Object.keys(options).length === 0 ? {} : { logicalTypeOptions: options }),
    ...(column.required ? { required: true } : {}),
    ...(column.key ? { primaryKey: true, primaryKeyPosition: beside.position } : {}),
    ...(unique.length === 0 ? {} : { unique: true }),
    ...rest,
    ...listed("tags", [...(column.pii ? [piiTag] : []), ...(tags as readonly JsonValue[])]),
    ...listed("relationships", [...reference(column), ...(relationships as readonly JsonValue[])]),
    ...listed("quality", [
      ...(ofType as readonly JsonValue[]),
      ...checks.quality,
      ...sets.filter((rule) => !isPlainUnique(rule)).map(shareOfNulls),
      ...(kept as readonly JsonValue[]),
    ]),
    ...listed("customProperties", [
      ...ownProperties(column, date !== undefined),
      ...(customProperties as readonly JsonValue[]),
    ]),
  };
}

function listed(key: string, items: readonly JsonValue[]): JsonFields {
  return items.length === 0 ? {} : { [key]: items };
}

function reference({ references }: ColumnDefinition): JsonFields[] {
  return references === undefined ? [] : [{ to: referencePath(references) }];
}

function ownProperties({ cleansing, version }: ColumnDefinition, dateIsSaid: boolean): JsonFields[] {
  return [
    ...(version ? [{ property: ownProperty.version, value: true }] : []),
    ...(cleansing === undefined || dateIsSaid
      ? []
      : [{ property: ownProperty.cleansing, value: cleansing as unknown as JsonValue }]),
  ];
}

function isPlainUnique({ name, set, severity, description }: SetRuleDefinition): boolean {
  if (set.set !== "unique" || set.keep !== "first" || set.columns.length !== 1) return false;
  return name === plainUniqueName(set.columns[0] ?? "") && severity === undefined && description === undefined;
}

/** The column at which a rule over several rows is written; undefined for those at the table. */
function columnOf(rule: SetRuleDefinition): string | undefined {
  const { set } = rule;
  if (isPlainUnique(rule) && set.set === "unique") return set.columns[0];
  return percentOf(rule) === undefined || set.set !== "aggregate" ? undefined : set.column;
}

/** The bound of a share of missing values in percent, where a number has it exactly. */
function percentOf({ set }: SetRuleDefinition): number | undefined {
  if (set.set !== "aggregate" || set.of !== "nullShare" || set.scope !== "table") return undefined;
  if (set.min !== undefined || set.max === undefined) return undefined;
  const percent = Number((set.max * 100).toPrecision(15));
  return percent / 100 === set.max ? percent : undefined;
}

function shareOfNulls(rule: SetRuleDefinition): JsonFields {
  return {
    ...stated(rule),
    type: "library",
    metric: "nullValues",
    mustBeLessOrEqualTo: percentOf(rule) ?? 0,
    unit: "percent",
  };
}

function stated({ name, description, severity }: RuleDefinition | SetRuleDefinition): JsonFields {
  return { name, ...(description === undefined ? {} : { description }), ...severityFields(severity) };
}

function rowRule(rule: RuleDefinition): JsonFields {
  const { condition } = rule;
  if (condition.op === "sql")
    return {
      ...stated(rule),
      type: "sql",
      query: `SELECT COUNT(*) FROM {object} WHERE NOT (${condition.sql})`,
      mustBe: 0,
    };
  return { ...stated(rule), type: "custom", engine, implementation: { condition: condition as unknown as JsonValue } };
}

function setRule(rule: SetRuleDefinition): JsonFields {
  const { set } = rule;
  if (set.set === "unique" && set.keep === "first")
    return {
      ...stated(rule),
      type: "library",
      metric: "duplicateValues",
      arguments: { properties: set.columns },
      mustBe: 0,
    };
  const counted = set.set === "rowCount" && set.scope === "table" ? countBounds(set) : undefined;
  if (counted !== undefined) return { ...stated(rule), type: "library", metric: "rowCount", ...counted };
  return {
    ...stated(rule),
    ...(rule.description === undefined ? { description: setSummary(set.set) } : {}),
    type: "custom",
    engine,
    implementation: { set: set as unknown as JsonValue },
  };
}

function countBounds({ min, max }: { readonly min?: number; readonly max?: number }): JsonFields {
  if (min === undefined) return { mustBeLessOrEqualTo: max ?? 0 };
  if (max === undefined) return { mustBeGreaterOrEqualTo: min };
  return min === max ? { mustBe: min } : { mustBeBetween: [min, max] };
}
