// Brings the stored tables to the contracts of a project, by adding only, and records the version of each contract.
import {
  atLocation,
  channelName,
  isMillraceError,
  keyColumns,
  MillraceError,
  stringifyExact,
  type Clock,
  type CommitEvent,
  type ContractDefinition,
  type ProjectDefinition,
  type StoredTable,
  type TableSpec,
  type Warehouse,
  type WriteMode,
  type WriteTransaction,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import type { AdoptedTable } from "../load/adopted-tables.ts";
import { nowText, toBigint, toText } from "../load/sql-values.ts";

/** A contract and the domain whose table it describes. */
export interface DomainContract {
  readonly domain: string;
  readonly contract: ContractDefinition;
}

interface StoredContract {
  readonly version: bigint;
  readonly definition: string;
}

export function contractsOf(project: ProjectDefinition): readonly DomainContract[] {
  return project.domains.flatMap(({ name, contracts }) => contracts.map((contract) => ({ domain: name, contract })));
}

export function tableSpec({ domain, contract }: DomainContract): TableSpec {
  const columns = contract.columns.map(({ name, type, required }) => ({ name, type, required }));
  return { domain, name: contract.name, columns, key: keyColumns(contract) };
}

/** The definition without the place where it was written. */
export function contractText({ contract }: DomainContract): string {
  const { location: _location, ...definition } = contract;
  return stringifyExact(definition);
}

/** Newest recorded version of every contract, by `domain.name`. */
export async function storedContracts(reader: Pick<Warehouse, "query">): Promise<Map<string, StoredContract>> {
  const found = await reader.query("SELECT domain, name, version, definition FROM millrace.contracts ORDER BY version");
  return new Map(
    found.rows.map(([domain, name, version, definition]) => [
      `${toText(domain)}.${toText(name)}`,
      { version: toBigint(version), definition: toText(definition) },
    ]),
  );
}

/** Contracts whose table is missing or was made for another definition. */
export async function changedContracts(
  warehouse: Warehouse,
  contracts: readonly DomainContract[],
): Promise<readonly DomainContract[]> {
  const stored = await storedContracts(warehouse);
  const tables = new Set((await warehouse.tables()).map((table) => `${table.domain}.${table.name}`));
  return contracts.filter((entry) => {
    const name = `${entry.domain}.${entry.contract.name}`;
    return !tables.has(name) || stored.get(name)?.definition !== contractText(entry);
  });
}

export interface Adoption {
  /** What the loader needs of every table, by `domain.name`. */
  readonly tables: ReadonlyMap<string, AdoptedTable>;
  /** Tables that were created or changed, with their new versions. */
  readonly changed: CommitEvent["tables"];
}

/**
 * Creates and extends tables in one transaction, all or none.
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
      for (const entry of changed) {
        const { domain, name, version } = await ensure(tx, entry);
        changes.push({ table: `${domain}.${name}`, version });
        await recordVersion(tx, clock, entry, stored.get(`${entry.domain}.${entry.contract.name}`));
      }
    });
  }
  const versions = await storedContracts(warehouse);
  const writes = writesByTable(project);
  const tables = new Map(
    contracts.map(({ domain, contract }): [string, AdoptedTable] => {
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
    return await tx.ensureTable(tableSpec(entry));
  } catch (error) {
    if (!isMillraceError(error, "contract-conflict")) throw error;
    throw new MillraceError("contract-conflict", `${atLocation(entry.contract.location)}${error.message}`, {
      hint: error.hint,
      details: { ...error.details, ...entry.contract.location },
      cause: error,
    });
  }
}

async function recordVersion(
  tx: WriteTransaction,
  clock: Clock,
  entry: DomainContract,
  stored: StoredContract | undefined,
): Promise<void> {
  const definition = contractText(entry);
  if (stored?.definition === definition) return;
  const version = (stored?.version ?? 0n) + 1n;
  await tx.run(
    "INSERT INTO millrace.contracts (domain, name, version, definition, changed_at) VALUES (?, ?, ?, ?, ?)",
    [entry.domain, entry.contract.name, version, definition, nowText(clock)],
  );
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
