// Versions of contracts in millrace.contracts: which one a table follows, what each changed and where it came from. Written in the transaction that
// makes the change: by the adoption of a project (plan/adopt-tables.ts) or by the batch whose data brought a column (load/load-step.ts).
import {
  classify,
  contractChanges,
  withDiscovered,
  stringifyExact,
  type Clock,
  type ContractDefinition,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { nowText, toBigint, toText } from "../load/sql-values.ts";

/** A contract and the domain whose table it describes. */
export interface DomainContract {
  readonly domain: string;
  readonly contract: ContractDefinition;
}

export interface StoredContract {
  readonly version: bigint;
  /** As contractText wrote it. */
  readonly text: string;
  readonly contract: ContractDefinition;
}

export function contractName({ domain, contract }: DomainContract): string {
  return `${domain}.${contract.name}`;
}

/** The definition without the place where it was written. */
export function contractText({ contract }: Pick<DomainContract, "contract">): string {
  const { location: _location, ...definition } = contract;
  return stringifyExact(definition);
}

/** Newest recorded version of every contract, by `domain.name`. */
export async function storedContracts(reader: Pick<Warehouse, "query">): Promise<ReadonlyMap<string, StoredContract>> {
  const found = await reader.query("SELECT domain, name, version, definition FROM millrace.contracts ORDER BY version");
  const texts = new Map(
    found.rows.map(([domain, name, version, text]) => [
      `${toText(domain)}.${toText(name)}`,
      { version: toBigint(version), text: toText(text) },
    ]),
  );
  return new Map([...texts].map(([name, one]) => [name, { ...one, contract: parsed(one.text) }]));
}

/** Newest recorded version of one contract. */
export async function storedContract(
  reader: Pick<Warehouse, "query">,
  { domain, contract }: DomainContract,
): Promise<StoredContract | undefined> {
  const sql =
    "SELECT version, definition FROM millrace.contracts WHERE domain = ? AND name = ? ORDER BY version DESC LIMIT 1";
  const [row] = (await reader.query(sql, [domain, contract.name])).rows;
  if (row === undefined) return undefined;
  const text = toText(row[1]);
  return { version: toBigint(row[0]), text, contract: parsed(text) };
}

/** What the table follows: the project's contract, with the columns that were found in its data. */
export function followedContract<Entry extends DomainContract>(
  entry: Entry,
  stored: ReadonlyMap<string, StoredContract>,
): Entry {
  return { ...entry, contract: withDiscovered(entry.contract, stored.get(contractName(entry))?.contract) };
}

/**
 * Records the contract's next version when it differs from the stored one.
 *
 * @param batch the batch whose data brought the change; absent when a project did
 * @returns the version that holds now
 */
export async function recordVersion(
  tx: WriteTransaction,
  clock: Clock,
  entry: DomainContract,
  options: { readonly stored: StoredContract | undefined; readonly batch?: bigint },
): Promise<bigint> {
  const { stored, batch } = options;
  const text = contractText(entry);
  if (stored?.text === text) return stored.version;
  const version = (stored?.version ?? 0n) + 1n;
  const changes = stored === undefined ? [] : contractChanges(stored.contract, entry.contract);
  const changeClass = stored === undefined ? "initial" : classify(changes);
  await tx.run(
    `INSERT INTO millrace.contracts (domain, name, version, definition, changed_at, class, origin, batch, changes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ${batch === undefined ? "NULL" : String(batch)}, ?)`,
    [
      entry.domain,
      entry.contract.name,
      version,
      text,
      nowText(clock),
      changeClass,
      batch === undefined ? "project" : "data",
      stringifyExact(changes),
    ],
  );
  return version;
}

function parsed(text: string): ContractDefinition {
  return JSON.parse(text) as ContractDefinition;
}
