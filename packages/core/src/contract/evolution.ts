// How a table may change, as data: what fields that no column takes do, and what an author states when columns leave, are renamed or change their type.
// contract-changes.ts classifies changes; the warehouse carries them out.
import { columnCode, type ColumnDefinition, type ContractDefinition, type VerdictCode } from "./contract.ts";

/**
 * What a field of the data does that no column of the contract takes, and that has a value. `discard` (default): it is left out, raw keeps it.
 * `freeze`: its row goes to quarantine, or the field goes to the side column (`t.rest()`) where there is one. `evolve`: the table gets a column for it.
 */
export type EvolutionMode = "evolve" | "freeze" | "discard";

/** What a contract says about how its table changes. */
export interface EvolutionFacts {
  readonly evolution?: EvolutionMode;
  /** Columns that left: readers no longer see them, their values stay in storage, their fields are left out. */
  readonly retired?: readonly string[];
  /** Columns that left together with all their values. */
  readonly dropped?: readonly string[];
  /** The key that the stored rows had before. */
  readonly rekeyedFrom?: readonly string[];
}

/** What a column says about the stored one that it goes on from. */
export interface ColumnEvolution {
  /** The stored column that this one was; its values come along. */
  readonly renamedFrom?: string;
  /** The type that stored values had, as describeType writes it. `otherwise: "missing"`: values that cannot be converted exactly become NULL. */
  readonly convertedFrom?: { readonly type: string; readonly otherwise?: "missing" };
  /** Text of the value that stored rows get where they have none. */
  readonly filledWith?: string;
  /** Takes all fields that no other column takes, as one JSON object. */
  readonly rest?: true;
  /** Found in the data of a table that evolves, not declared. */
  readonly discovered?: true;
}

/** Code of a record with fields that the contract does not know. */
export function unknownFieldCode(contract: Pick<ContractDefinition, "name">): VerdictCode {
  return columnCode(contract, "record", "unknown_field");
}

export function restColumn(contract: ContractDefinition): ColumnDefinition | undefined {
  return contract.columns.find((column) => column.rest === true);
}

/** True when fields that no column takes must be looked for. */
export function looksForUnknownFields(contract: ContractDefinition): boolean {
  return restColumn(contract) !== undefined || (contract.evolution ?? "discard") !== "discard";
}

/** True when rows with unknown fields fail. */
export function refusesUnknownFields(contract: ContractDefinition): boolean {
  return contract.evolution === "freeze" && restColumn(contract) === undefined;
}

/** Fields of the source that have a place, or are known to have none any more. */
export function knownFields(contract: ContractDefinition): readonly string[] {
  const taken = contract.columns.filter((column) => column.rest !== true).map((column) => column.source ?? column.name);
  return [...taken, ...(contract.retired ?? []), ...(contract.dropped ?? [])];
}

/** The contract with the columns that its stored version found in the data and that it says nothing about. */
export function withDiscovered(
  declared: ContractDefinition,
  stored: ContractDefinition | undefined,
): ContractDefinition {
  const spoken = new Set(
    [
      ...declared.columns.flatMap((column) => [column.name, column.source, column.renamedFrom]),
      ...(declared.retired ?? []),
      ...(declared.dropped ?? []),
    ].map((name) => name?.toLowerCase()),
  );
  const found = (stored?.columns ?? []).filter(
    (column) =>
      column.discovered === true &&
      !spoken.has(column.name.toLowerCase()) &&
      !spoken.has((column.source ?? column.name).toLowerCase()),
  );
  return found.length === 0 ? declared : { ...declared, columns: [...declared.columns, ...found] };
}
