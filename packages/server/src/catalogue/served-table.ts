// A table as the data API knows it: columns with what the contract says about them, and what makes its rows addressable.
import {
  keyColumns,
  type ContractDefinition,
  type LogicalType,
  type ProjectDefinition,
  type StoredTable,
} from "@millrace/core";

export interface ServedColumn {
  readonly name: string;
  readonly type: LogicalType;
  readonly nullable: boolean;
  /** Origin columns (`_batch`, `_row`, `_seq`) are answered only when they are named. */
  readonly origin: boolean;
  /** Values never appear in errors. */
  readonly pii: boolean;
  readonly description?: string;
}

export interface ServedTable {
  readonly domain: string;
  readonly name: string;
  /** `domain.name` */
  readonly fullName: string;
  readonly kind: StoredTable["kind"];
  readonly columns: readonly ServedColumn[];
  readonly key: readonly ServedColumn[];
  /** Columns that identify a row, for stable pages; empty when nothing does. */
  readonly identity: readonly ServedColumn[];
  /** True when two rows never share a key. */
  readonly keyUnique: boolean;
  /** Case-blind look-up. */
  find(name: string): ServedColumn | undefined;
}

const originNames = ["_batch", "_row", "_seq"];

/** Joins what is stored with what the project declares. */
export function serveTable(stored: StoredTable, project: ProjectDefinition): ServedTable {
  const contract = contractOf(stored, project);
  const columns = columnsOf(stored, contract);
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const find = (name: string): ServedColumn | undefined => byName.get(name.toLowerCase());
  const named = (names: readonly string[]): ServedColumn[] => names.map(find).filter((column) => column !== undefined);
  const key = named(stored.key.length > 0 || contract === undefined ? stored.key : keyColumns(contract));
  const keyUnique = key.length > 0 && (stored.kind !== "table" || mergedOnly(stored, project));
  return {
    domain: stored.domain,
    name: stored.name,
    fullName: `${stored.domain}.${stored.name}`,
    kind: stored.kind,
    columns,
    key,
    identity: keyUnique ? key : named(originNames.slice(0, 2)),
    keyUnique,
    find,
  };
}

function columnsOf(stored: StoredTable, contract: ContractDefinition | undefined): readonly ServedColumn[] {
  const declared = new Map(contract?.columns.map((column) => [column.name.toLowerCase(), column]));
  const columns = stored.columns.map(({ name, type }): ServedColumn => {
    const column = declared.get(name.toLowerCase());
    const origin = stored.kind === "table" && originNames.includes(name);
    return {
      name,
      type: column?.type ?? type,
      nullable: !origin && column?.required !== true,
      origin,
      pii: column?.pii ?? false,
      ...(column?.description === undefined ? {} : { description: column.description }),
    };
  });
  if (stored.kind !== "table") return columns;
  const missing = originNames.filter((name) => !columns.some((column) => column.name === name));
  const type: LogicalType = { kind: "int64" };
  return [...columns, ...missing.map((name) => ({ name, type, nullable: false, origin: true, pii: false }))];
}

function contractOf(stored: StoredTable, project: ProjectDefinition): ContractDefinition | undefined {
  if (stored.kind !== "table") return undefined;
  return project.domains
    .find((domain) => domain.name === stored.domain)
    ?.contracts.find((contract) => contract.name === stored.name);
}

/** A merge keeps one row per key; append and replace take rows as they come. */
function mergedOnly(stored: StoredTable, project: ProjectDefinition): boolean {
  const outputs = project.domains
    .flatMap((domain) => domain.channels)
    .flatMap((channel) => channel.outputs)
    .filter((output) => output.domain === stored.domain && output.contract.name === stored.name);
  return outputs.length > 0 && outputs.every((output) => output.write === "merge");
}
