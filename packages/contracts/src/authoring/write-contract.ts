// Contracts as a TypeScript file that a person would write: what an import gives. Formatted as the folder's own Prettier settings say.
import type { ContractDefinition, JsonFields, RuleDefinition, SetRuleDefinition } from "@millrace/core";
import { data, fieldName, quoted, template } from "./literal.ts";
import { columnText } from "./write-column.ts";
import { expressionText } from "./write-expression.ts";
import { setText } from "./write-set.ts";

export interface ContractFile {
  readonly contracts: readonly ContractDefinition[];
  /** What the first line says of the file. */
  readonly title: string;
  /** Path that the file will have; its folder's formatting settings hold. */
  readonly path?: string;
}

/** TypeScript source. Declared once more by running it, the contracts are equal to those given. */
export async function writeContracts({ contracts, title, path }: ContractFile): Promise<string> {
  const uses = new Set<string>(["contract"]);
  const use = (name: string): void => void uses.add(name);
  const names = exportNames(contracts);
  const bodies = contracts.map((contract, at) => contractText(contract, names[at] ?? "Table", use));
  const text = [
    `// ${title.replaceAll(/\s+/g, " ")}`,
    `import { ${[...uses].sort().join(", ")} } from "millrace";`,
    ...bodies.map((body) => `\n${body}`),
    "",
  ].join("\n");
  return format(text, path);
}

/** Formats TypeScript as the settings around `path` say, else as Prettier does by itself. */
export async function format(text: string, path?: string): Promise<string> {
  const prettier = await import("prettier");
  const settings = path === undefined ? null : await prettier.resolveConfig(path).catch(() => null);
  return prettier.format(text, { ...settings, parser: "typescript" });
}

function contractText(contract: ContractDefinition, name: string, use: (name: string) => void): string {
  const columns = contract.columns.map((column) => `${fieldName(column.name)}: ${columnText(column, use)},`);
  const rules = [
    ...contract.rules.map((rule) => ruleText(rule, use)),
    ...(contract.sets ?? []).map((rule) => setRuleText(rule, use)),
  ];
  const facts = factsText(contract);
  const given = [
    quoted(contract.name),
    `{\n${columns.join("\n")}\n}`,
    ...(rules.length === 0 && facts === undefined ? [] : [`[${rules.join(", ")}]`]),
    ...(facts === undefined ? [] : [facts]),
  ];
  return `export const ${name} = contract(${given.join(", ")});`;
}

function factsText({ description, odcs }: ContractDefinition): string | undefined {
  const facts = { ...(description === undefined ? {} : { description }), ...(odcs === undefined ? {} : { odcs }) };
  return Object.keys(facts).length === 0 ? undefined : data(facts satisfies JsonFields | object);
}

function ruleText({ name, condition, severity, description }: RuleDefinition, use: (name: string) => void): string {
  use("rule");
  if (condition.op === "sql") use("sql");
  const text = condition.op === "sql" ? template("sql", condition.sql) : expressionText(condition, use);
  return `rule(${[quoted(name), text, ...options(severity, description)].join(", ")})`;
}

function setRuleText({ name, set, severity, description }: SetRuleDefinition, use: (name: string) => void): string {
  use("rule");
  return `rule(${[quoted(name), setText(set, use), ...options(severity, description)].join(", ")})`;
}

function options(severity: string | undefined, description: string | undefined): string[] {
  if (severity !== undefined) return [data({ severity, description })];
  return description === undefined ? [] : [quoted(description)];
}

/** `daily_prices` is DailyPrices; a second one of that name gets a number. */
export function exportNames(contracts: readonly Pick<ContractDefinition, "name">[]): readonly string[] {
  const taken = new Set<string>();
  return contracts.map(({ name }) => {
    const words = name.split("_").filter((word) => word !== "");
    const base = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("") || "Table";
    let own = /^[A-Za-z]/.test(base) ? base : `Table${base}`;
    for (let count = 2; taken.has(own); count += 1) own = `${base}${count}`;
    taken.add(own);
    return own;
  });
}
