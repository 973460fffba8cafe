// Every `references("domain.table.column")` names a column that a contract of the project declares, of the same type.
import {
  describeType,
  didYouMean,
  type ColumnDefinition,
  type ContractDefinition,
  type DomainDefinition,
  type SetCheck,
} from "@millrace/core";
import type { ProjectProblems } from "./project-problems.ts";

export function checkReferences(domains: readonly DomainDefinition[], problems: ProjectProblems): void {
  const tables = new Map<string, ContractDefinition>();
  for (const { name, contracts } of domains)
    for (const contract of contracts) tables.set(`${name}.${contract.name}`.toLowerCase(), contract);
  for (const { name, contracts } of domains)
    for (const contract of contracts) {
      for (const rule of contract.sets ?? []) {
        const problem = otherTableProblem(contract, rule.set, name, tables);
        if (problem !== undefined)
          problems.add(contract.location, `contract "${contract.name}", rule "${rule.name}": ${problem}`);
      }
      for (const column of contract.columns) {
        const problem = referenceProblem(column, name, tables);
        if (problem !== undefined)
          problems.add(contract.location, `contract "${contract.name}", column "${column.name}": ${problem}`);
      }
    }
}

/** Columns of another contract's table that a rule over several rows reads; a table that no contract declares may be a model's. */
function otherTableProblem(
  contract: ContractDefinition,
  set: SetCheck,
  domain: string,
  tables: ReadonlyMap<string, ContractDefinition>,
): string | undefined {
  if (set.set !== "exists" && set.set !== "sameRows") return undefined;
  const wanted = set.set === "exists" ? set.parentColumns : set.columns;
  const full = set.table.includes(".") ? set.table : `${domain}.${set.table}`;
  if (!tables.has(full.toLowerCase())) return undefined;
  for (const [at, column] of set.columns.entries()) {
    const own = contract.columns.find(({ name }) => name === column);
    if (own === undefined) continue;
    const references = { table: set.table, column: wanted[at] ?? column };
    const problem = referenceProblem({ ...own, references }, domain, tables);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function referenceProblem(
  column: ColumnDefinition,
  domain: string,
  tables: ReadonlyMap<string, ContractDefinition>,
): string | undefined {
  if (column.references === undefined) return undefined;
  const { table, column: parentColumn } = column.references;
  const full = table.includes(".") ? table : `${domain}.${table}`;
  const parent = tables.get(full.toLowerCase());
  if (parent === undefined)
    return `references the table "${full}", which no contract declares${didYouMean(full, tables.keys())}`;
  const target = parent.columns.find(({ name }) => name.toLowerCase() === parentColumn.toLowerCase());
  if (target === undefined) {
    const names = parent.columns.map(({ name }) => name);
    return `references "${full}.${parentColumn}", which is not a column${didYouMean(parentColumn, names)}`;
  }
  if (target.type.kind === column.type.kind) return undefined;
  return `is ${describeType(column.type)} but references "${full}.${parentColumn}", which is ${describeType(target.type)}`;
}
