// A contract as a TypeScript interface of the table's rows, for programs that do not import the project itself. The same types as `RowOf` gives.
import {
  columnChecks,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type LogicalType,
} from "@millrace/core";
import { fieldName, quoted } from "../authoring/literal.ts";
import { exportNames, format } from "../authoring/write-contract.ts";
import type { ReportLoss } from "../document/loss.ts";
import { tellRules } from "../document/tell-rules.ts";

/** TypeScript source with one exported interface. */
export async function exportTypes(contract: ContractDefinition, domain: string, report: ReportLoss): Promise<string> {
  tellRules(contract, report);
  const [name = "Row"] = exportNames([contract]);
  const fields = contract.columns.map((column) => {
    if (column.checks.length > 0)
      report(column.name, `only the type is checked, not ${column.checks.map((check) => check.check).join(", ")}`);
    return [
      ...comment(column),
      `readonly ${fieldName(column.name)}: ${typeText(column.type)}${column.required ? "" : " | null"};`,
    ].join("\n");
  });
  const text = [
    `// Rows of ${domain}.${contract.name}.`,
    "",
    ...(contract.description === undefined ? [] : [`/** ${safe(contract.description)} */`]),
    `export interface ${name} {`,
    ...fields,
    "}",
    "",
  ].join("\n");
  return format(text);
}

function comment({ description, checks, key, pii, type }: ColumnDefinition): string[] {
  const parts = [
    ...(description === undefined ? [] : [description]),
    ...(key ? ["Key."] : []),
    ...(pii ? ["Personal data."] : []),
    ...note(type),
    ...checks.map(checkText),
  ];
  return parts.length === 0 ? [] : [`/** ${safe(parts.join(" "))} */`];
}

function note(type: LogicalType): string[] {
  const notes: Partial<Record<LogicalType["kind"], string>> = {
    date: "A date as ISO text.",
    timestamp: "An instant as ISO text.",
    datetime: "Date and time without a zone as ISO text.",
    time: "Time of day as ISO text.",
  };
  if (type.kind === "decimal")
    return [`Exact decimal of ${type.precision} digits, ${type.scale} of them after the point.`];
  const found = notes[type.kind];
  return found === undefined ? [] : [found];
}

function checkText(check: ColumnCheck): string {
  const { check: name, severity, name: _name, ...fields } = check;
  const given = Object.entries(fields).map(
    ([field, value]) => `${field} ${Array.isArray(value) ? value.join(", ") : String(value)}`,
  );
  const summary = given.length === 0 ? columnChecks[name].summary : `${name}: ${given.join(", ")}.`;
  return severity === "warn" ? `${summary} (warns)` : summary;
}

/** Nothing in a comment may end it. */
function safe(text: string): string {
  return text.replaceAll("*/", "*\\/").replaceAll(/\s+/g, " ").trim();
}

function typeText(type: LogicalType): string {
  switch (type.kind) {
    case "int32":
    case "float":
      return "number";
    case "int64":
      return "bigint";
    case "bool":
      return "boolean";
    case "json":
      return "unknown";
    case "bytes":
      return "Uint8Array";
    case "enum":
      return type.values.map(quoted).join(" | ");
    case "list":
      return `readonly (${typeText(type.item)})[]`;
    case "struct":
      return `{ ${Object.entries(type.fields)
        .map(([name, field]) => `readonly ${fieldName(name)}: ${typeText(field)};`)
        .join(" ")} }`;
    default:
      return "string";
  }
}
