// Lets the warehouse bind every contract's rules against the contract's columns, so that a wrong column has a file and line before anything runs.
import { readFileSync } from "node:fs";
import {
  atLocation,
  didYouMean,
  isMillraceError,
  MillraceError,
  type ContractDefinition,
  type ProjectDefinition,
  type RuleDefinition,
  type SourceLocation,
  type Warehouse,
} from "@millrace/core";
import { engineType } from "@millrace/warehouse-duckdb";
import { ProjectProblems } from "./project-problems.ts";

/** @throws MillraceError project-invalid with the file and line of each wrong rule */
export async function checkRules(project: ProjectDefinition, warehouse: Warehouse): Promise<void> {
  const problems = new ProjectProblems();
  const contracts = project.domains.flatMap((domain) => domain.contracts);
  for (const contract of contracts) {
    if (contract.rules.length === 0) continue;
    // All rules of a contract in one question; only when it fails, one by one.
    if ((await ruleProblem(contract, contract.rules, warehouse)) === undefined) continue;
    for (const rule of contract.rules) {
      const problem = await ruleProblem(contract, [rule], warehouse);
      if (problem !== undefined)
        problems.note(() => {
          const place = ruleLocation(contract, rule);
          throw new MillraceError(
            "contract-invalid",
            `${atLocation(place)}rule "${rule.name}" of "${contract.name}": ${problem}`,
            {
              details: { contract: contract.name, rule: rule.name, ...place },
            },
          );
        });
    }
  }
  problems.throwIfAny();
}

async function ruleProblem(
  contract: ContractDefinition,
  rules: readonly RuleDefinition[],
  warehouse: Warehouse,
): Promise<string | undefined> {
  const columns = contract.columns.map(({ name, type }) => `CAST(NULL AS ${engineType(type)}) AS "${name}"`);
  const predicates = rules.map(({ sql }, at) => `(${sql}\n) AS rule_${at}`);
  const select = `SELECT ${predicates.join(", ")} FROM (SELECT ${columns.join(", ")}) AS row`;
  try {
    const described = await warehouse.describe(select);
    const wrong = described.find(({ type }) => type.kind !== "bool");
    return wrong === undefined ? undefined : `is ${wrong.engineType}; a rule is true or false`;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return explain(error.message, contract);
  }
}

/** The engine's words, with the nearest column where it did not find one. */
function explain(message: string, contract: ContractDefinition): string {
  const unknown = /column "([^"]+)" not found/i.exec(message)?.[1];
  const names = contract.columns.map(({ name }) => name);
  return unknown === undefined
    ? (message.split("\n")[0] ?? message)
    : `there is no column "${unknown}"${didYouMean(unknown, names)}`;
}

/** The line where the author wrote the rule's name, at or after the contract. */
function ruleLocation(contract: ContractDefinition, rule: RuleDefinition): SourceLocation | undefined {
  const start = contract.location;
  if (start === undefined) return undefined;
  const lines = readFileSync(start.file, "utf8").split("\n");
  const named = new RegExp(`\\brule\\(\\s*["'\`]${rule.name}["'\`]`);
  const at = lines.findIndex((line, index) => index + 1 >= start.line && named.test(line));
  return at === -1 ? start : { file: start.file, line: at + 1 };
}
