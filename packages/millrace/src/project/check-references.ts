// Every `references("domain.table.column")` names a column that a contract of the project declares, of the same type.
import {
  describeType,
  didYouMean,
  type ColumnDefinition,
  type ContractDefinition,
  type DomainDefinition,
} from "@millrace/core";
import type { ProjectProblems } from "./project-problems.ts";

export function checkReferences(domains: readonly DomainDefinition[], problems: ProjectProblems): void {
  const tables = new Map<string, ContractDefinition>();
  for (const { name, contracts } of domains)
    for (const contract of contracts) tables.set(`${name}.${contract.name}`.toLowerCase(), contract);
  for (const { name, contracts } of domains)
    for (const contract of contracts)
      for (const column of contract.columns) {
        const problem = referenceProblem(column, name, tables);
        if (problem !== undefined)
          problems.add(contract.location, `contract "${contract.name}", column "${column.name}": ${problem}`);
      }
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
