// A contract as a JSON Schema (2020-12) of the records that its channels take. What JSON Schema has no word for stands in keywords that begin with x-.
import type { ColumnDefinition, ContractDefinition } from "@millrace/core";
import type { ReportLoss } from "../document/loss.ts";
import { tellRules } from "../document/tell-rules.ts";
import { recordSchema, type JsonSchema } from "./schema.ts";

/** The schema as JSON text. */
export function exportJsonSchema(contract: ContractDefinition, domain: string, report: ReportLoss): string {
  tellRules(contract, report);
  for (const column of contract.columns) tellColumn(column, report);
  const { properties, ...record } = recordSchema(contract);
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:millrace:${domain}.${contract.name}`,
    ...(contract.description === undefined ? {} : { description: contract.description }),
    ...record,
    properties: Object.fromEntries(
      contract.columns.map((column) => {
        const name = column.source ?? column.name;
        return [name, { ...(properties as Readonly<Record<string, JsonSchema>>)[name], ...ownKeywords(column) }];
      }),
    ),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** What an import of the schema needs to make the same column. */
function ownKeywords({
  name,
  source,
  required,
  key,
  version,
  references,
  type,
  cleansing,
}: ColumnDefinition): JsonSchema {
  const unsaid = cleansing !== undefined || ["datetime", "time", "json"].includes(type.kind);
  const filled = cleansing?.some(({ step }) => step === "default") === true;
  return {
    ...(source === undefined ? {} : { "x-column": name }),
    ...(required && filled ? { "x-required": true } : {}),
    ...(key ? { "x-key": true } : {}),
    ...(version ? { "x-version": true } : {}),
    ...(references === undefined ? {} : { "x-references": `${references.table}.${references.column}` }),
    ...(unsaid || (type.kind === "timestamp" && type.zone !== undefined) ? { "x-type": type } : {}),
    ...(cleansing === undefined ? {} : { "x-cleansing": cleansing }),
  };
}

const withWords = ["length", "pattern", "email", "url", "uuidText", "ipv4", "notPattern"];

function tellColumn({ name, type, checks, cleansing, references, key }: ColumnDefinition, report: ReportLoss): void {
  if (cleansing !== undefined) report(name, "its text is cleansed before it is judged, so the schema takes any text");
  if (key || references !== undefined) report(name, "keys and references are only named (x-key, x-references)");
  const numeric = ["int32", "int64", "decimal", "float"].includes(type.kind);
  for (const { check, severity } of checks) {
    const said = withWords.includes(check) || (numeric && ["min", "max", "multipleOf"].includes(check));
    const listed = ["oneOf", "notOneOf"].includes(check) && type.kind === "string";
    if (severity === "warn") report(name, `the check ${check} only warns, so the schema does not have it`);
    else if (cleansing === undefined && !said && !listed) report(name, `the check ${check} is only named (x-${check})`);
  }
}
