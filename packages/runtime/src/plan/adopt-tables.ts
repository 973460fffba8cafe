// Brings the stored tables to the contracts of a project and records the version of each contract, all in one transaction.
import {
  atLocation,
  channelName,
  isMillraceError,
  MillraceError,
  tableSpec,
  type Clock,
  type CommitEvent,
  type ContractDefinition,
  type ProjectDefinition,
  type StoredTable,
  type Warehouse,
  type WriteMode,
  type WriteTransaction,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import type { AdoptedTable } from "../load/adopted-tables.ts";
import {
  contractName,
  contractText,
  followedContract,
  recordVersion,
  storedContracts,
  type DomainContract,
} from "../contracts/contract-versions.ts";

export function contractsOf(project: ProjectDefinition): readonly DomainContract[] {
  return project.domains.flatMap(({ name, contracts }) => contracts.map((contract) => ({ domain: name, contract })));
}

/** Contracts, as their tables follow them, whose table is missing or was made for another definition. */
export async function changedContracts(
  warehouse: Warehouse,
  contracts: readonly DomainContract[],
): Promise<readonly ChangedContract[]> {
  const stored = await storedContracts(warehouse);
  const tables = new Set((await warehouse.tables()).map((table) => `${table.domain}.${table.name}`));
  return contracts.flatMap((declared) => {
    const entry = followedContract(declared, stored);
    const before = stored.get(contractName(entry));
    if (tables.has(contractName(entry)) && before?.text === contractText(entry)) return [];
    return [{ ...entry, ...(before === undefined ? {} : { before: before.contract }) }];
  });
}

export interface ChangedContract extends DomainContract {
  /** Its stored version; absent when there is none. */
  readonly before?: ContractDefinition;
}

export interface Adoption {
  /** What the loader needs of every table, by `domain.name`. */
  readonly tables: ReadonlyMap<string, AdoptedTable>;
  /** Tables that were created or changed, with their new versions. */
  readonly changed: CommitEvent["tables"];
}

/**
 * Creates and changes tables in one transaction, all or none.
 *
 * @throws MillraceError contract-conflict with file and line; then nothing was changed
 */
export async function adoptTables(warehouse: Warehouse, clock: Clock, project: ProjectDefinition): Promise<Adoption> {
  const contracts = contractsOf(project);
  const changed = await changedContracts(warehouse, contracts);
  const changes: { table: string; version: bigint }[] = [];
  if (changed.length > 0) {
    const lanes = changed.map(({ domain, contract }) => `${domain}.${contract.name}`);
    await warehouse.write([...lanes, "millrace.contracts"], async (tx) => {
      const stored = await storedContracts(tx);
      for (const declared of changed) {
        // Data may have brought a column since.
        const entry = followedContract(declared, stored);
        const { domain, name, version } = await ensure(tx, entry);
        changes.push({ table: `${domain}.${name}`, version });
        await recordVersion(tx, clock, entry, { stored: stored.get(contractName(entry)) });
      }
    });
  }
  const versions = await storedContracts(warehouse);
  const writes = writesByTable(project);
  const tables = new Map(
    contracts.map((declared): [string, AdoptedTable] => {
      const { domain, contract } = followedContract(declared, versions);
      const name = `${domain}.${contract.name}`;
      const contractVersion = versions.get(name)?.version ?? 0n;
      const verdict = compileVerdict(contract, domain);
      const written = writes.get(name) ?? new Map();
      return [name, { domain, contract, contractVersion, verdict, writes: written, keepReplaced: false }];
    }),
  );
  return { tables, changed: changes };
}

/** @throws MillraceError contract-conflict that starts with the file and line of the contract */
export async function ensure(tx: WriteTransaction, entry: DomainContract): Promise<StoredTable> {
  try {
    return await tx.ensureTable(tableSpec(entry.domain, entry.contract));
  } catch (error) {
    if (!isMillraceError(error, "contract-conflict")) throw error;
    throw new MillraceError("contract-conflict", `${atLocation(entry.contract.location)}${error.message}`, {
      hint: error.hint,
      details: { ...error.details, ...entry.contract.location },
      cause: error,
    });
  }
}

function writesByTable(project: ProjectDefinition): Map<string, Map<string, WriteMode>> {
  const writes = new Map<string, Map<string, WriteMode>>();
  for (const channel of project.domains.flatMap((domain) => domain.channels)) {
    for (const output of channel.outputs) {
      const table = `${output.domain}.${output.contract.name}`;
      writes.set(table, (writes.get(table) ?? new Map<string, WriteMode>()).set(channelName(channel), output.write));
    }
  }
  return writes;
}
