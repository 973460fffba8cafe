// Lets the warehouse bind every contract's rules against the contract's columns, so that a wrong column has a file and line before anything runs.
import { readFileSync } from "node:fs";
import {
  atLocation,
  didYouMean,
  isMillraceError,
  MillraceError,
  type ContractDefinition,
  type ProjectDefinition,
  type RowCheck,
  type SourceLocation,
  type Warehouse,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { engineType } from "@millrace/warehouse-duckdb";
import { ProjectProblems } from "./project-problems.ts";

const receivedAt = /\breceived_at\s*\(\s*\)/gi;

/** @throws MillraceError project-invalid with the file and line of each wrong rule */
export async function checkRules(project: ProjectDefinition, warehouse: Warehouse): Promise<void> {
  const problems = new ProjectProblems();
  for (const domain of project.domains)
    for (const contract of domain.contracts) {
      const checks: RowCheck[] = [];
      problems.note(() => {
        const { rows, watched = [] } = compileVerdict(contract, domain.name);
        checks.push(...rows, ...watched);
      });
      // All rules of a contract in one question; only when it fails, one by one.
      if (checks.length === 0 || (await ruleProblem(contract, checks, warehouse)) === undefined) continue;
      for (const check of checks) {
        const problem = await ruleProblem(contract, [check], warehouse);
        if (problem !== undefined) problems.note(() => refuse(contract, check, problem));
      }
    }
  problems.throwIfAny();
}

function refuse(contract: ContractDefinition, { code }: RowCheck, problem: string): never {
  const place = ruleLocation(contract, code.slice(contract.name.length + 1));
  throw new MillraceError(
    "contract-invalid",
    `${atLocation(place)}rule "${code.slice(code.lastIndexOf(".") + 1)}" of "${contract.name}": ${problem}`,
    { details: { contract: contract.name, rule: code, ...place } },
  );
}

async function ruleProblem(
  contract: ContractDefinition,
  checks: readonly RowCheck[],
  warehouse: Warehouse,
): Promise<string | undefined> {
  const columns = contract.columns.map(({ name, type }) => `CAST(NULL AS ${engineType(type)}) AS "${name}"`);
  const predicates = checks.map(({ sql }, at) => `(${sql.replaceAll(receivedAt, "now()")}\n) AS rule_${at}`);
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

/** The line where the author wrote the rule's name, or the column's, at or after the contract. @param path `row.<rule>` or `<column>.<check>` */
function ruleLocation(contract: ContractDefinition, path: string): SourceLocation | undefined {
  const start = contract.location;
  if (start === undefined) return undefined;
  const lines = readFileSync(start.file, "utf8").split("\n");
  const [first = "", name = ""] = path.split(".");
  const named = first === "row" ? new RegExp(`\\brule\\(\\s*["'\`]${name}["'\`]`) : new RegExp(`\\b${first}\\b.*:`);
  const at = lines.findIndex((line, index) => index + 1 >= start.line && named.test(line));
  return at === -1 ? start : { file: start.file, line: at + 1 };
}
