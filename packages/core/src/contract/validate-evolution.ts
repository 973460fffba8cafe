// Refuses statements about evolution and duplicates that contradict the contract; part of validate-contract.ts.
import type { ContractDefinition } from "./contract.ts";
import { restColumn } from "./evolution.ts";

type Fail = (problem: string) => never;

export function validateEvolution(contract: ContractDefinition, fail: Fail): void {
  const names = new Map(contract.columns.map((column) => [column.name.toLowerCase(), column.name]));
  for (const list of ["retired", "dropped"] as const)
    for (const name of contract[list] ?? [])
      if (names.has(name.toLowerCase())) fail(`"${name}" is ${list} and declared; take it from one of them`);
  const twice = contract.retired?.find((name) => contract.dropped?.includes(name));
  if (twice !== undefined) fail(`"${twice}" is retired and dropped; say which`);
  const rests = contract.columns.filter((column) => column.rest === true);
  if (rests.length > 1)
    fail(`columns "${rests.map(({ name }) => name).join('" and "')}" are both rest(); one takes all`);
  if (restColumn(contract) !== undefined && contract.evolution !== undefined && contract.evolution !== "freeze")
    fail(`a rest() column takes what the contract does not know, which evolution "${contract.evolution}" does as well`);
  for (const { name, key, required, source } of rests)
    if (key || required || source !== undefined)
      fail(`column "${name}": a rest() column is optional, no key, and has no field of its own`);
  validateRenames(contract, fail);
  validateDuplicates(contract, fail);
}

function validateRenames({ columns }: ContractDefinition, fail: Fail): void {
  const sources = new Map<string, string>();
  for (const { name, renamedFrom } of columns) {
    if (renamedFrom === undefined) continue;
    const before = renamedFrom.toLowerCase();
    if (columns.some((column) => column.name.toLowerCase() === before))
      fail(`column "${name}" is renamedFrom("${renamedFrom}"), which is declared as well`);
    const twin = sources.get(before);
    if (twin !== undefined) fail(`columns "${twin}" and "${name}" are both renamedFrom("${renamedFrom}")`);
    sources.set(before, name);
  }
}

function validateDuplicates({ columns, deduplicate }: ContractDefinition, fail: Fail): void {
  if (deduplicate === undefined) return;
  if (deduplicate.by.length === 0) fail("deduplicate needs at least one column in `by`");
  for (const name of deduplicate.by) {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) fail(`deduplicate: there is no column "${name}"`);
    else if (["json", "list", "struct"].includes(column.type.kind))
      fail(`deduplicate: "${name}" is nested; values that can be compared are expected`);
  }
  if (deduplicate.within === "table" && deduplicate.keep === "last")
    fail(
      'deduplicate: `within: "table"` keeps the row that is there; for the newest row give the table a key and merge',
    );
}
