// The contracts of one moment, by `domain.name`, and what changes from one moment to another. Sources of moments: see contract-moments.ts.
import {
  classify,
  contractChanges,
  withDiscovered,
  type ChangeClass,
  type ContractChange,
  type ContractDefinition,
  type ProjectDefinition,
} from "@millrace/core";

export type ContractSet = ReadonlyMap<string, ContractDefinition>;

export interface ContractDifference {
  /** `domain.name` */
  readonly table: string;
  readonly class: ChangeClass;
  readonly changes: readonly ContractChange[];
}

export function contractsOf(project: ProjectDefinition): ContractSet {
  return new Map(
    project.domains.flatMap((domain) =>
      domain.contracts.map((contract) => [`${domain.name}.${contract.name}`, contract] as const),
    ),
  );
}

/** Contracts that changed, in name order; those that stay the same are left out. */
export function differences(before: ContractSet, after: ContractSet): readonly ContractDifference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((table) => {
    const [was, is] = [before.get(table), after.get(table)];
    if (is === undefined) return [gone(table)];
    if (was === undefined) return [{ table, class: "initial" as const, changes: [] }];
    const changes = contractChanges(was, withDiscovered(is, was));
    return changes.length === 0 ? [] : [{ table, class: classify(changes), changes }];
  });
}

function gone(table: string): ContractDifference {
  const summary = `contract ${table} is gone; its rows stay`;
  return { table, class: "breaking", changes: [{ change: "contract-removed", summary, breaks: ["senders"] }] };
}
