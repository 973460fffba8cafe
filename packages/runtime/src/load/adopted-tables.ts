// What the loader needs of a table's contract: its compiled verdict and its version, as adopted from the present project.
import { keyColumns, MillraceError, type ContractDefinition, type LoadVerdict, type WriteMode } from "@millrace/core";

export interface AdoptedTable {
  readonly domain: string;
  readonly contract: ContractDefinition;
  readonly contractVersion: bigint;
  readonly verdict: LoadVerdict;
  /** Write mode by channel; empty when no channel of the project fills the table. */
  readonly writes: ReadonlyMap<string, WriteMode>;
  /** An incremental model follows it: rows that leave are kept. */
  readonly keepReplaced: boolean;
}

/** How a channel writes into the table; by the contract's key for channels that the project no longer has. */
export function writeMode(table: AdoptedTable, channel: string): WriteMode {
  return table.writes.get(channel) ?? addingMode(table);
}

/** How rows are added to what is there: re-admitted rows never replace a whole table. */
export function addingMode(table: AdoptedTable): WriteMode {
  return keyColumns(table.contract).length > 0 && ![...table.writes.values()].includes("append") ? "merge" : "append";
}

/** The tables of the present project by `domain.name`. Replaced as a whole when another project is adopted. */
export class AdoptedTables {
  #tables: ReadonlyMap<string, AdoptedTable> = new Map();

  set(tables: ReadonlyMap<string, AdoptedTable>): void {
    this.#tables = tables;
  }

  /** Tells which tables incremental models follow, by `domain.name`; until then what leaves a table is not kept, and its models are built in full. */
  follow(followed: ReadonlySet<string>): void {
    this.#tables = new Map(
      [...this.#tables].map(([name, table]) => [name, { ...table, keepReplaced: followed.has(name) }]),
    );
  }

  find(table: string): AdoptedTable | undefined {
    return this.#tables.get(table);
  }

  all(): readonly AdoptedTable[] {
    return [...this.#tables.values()];
  }

  /** @throws MillraceError request-invalid when the present project has no contract of this table */
  get(table: string): AdoptedTable {
    const found = this.#tables.get(table);
    if (found !== undefined) return found;
    throw new MillraceError("request-invalid", `The present project has no contract of table ${table}.`, {
      hint: "Bring the contract back; the stored rows are still there and nothing was changed.",
    });
  }
}
