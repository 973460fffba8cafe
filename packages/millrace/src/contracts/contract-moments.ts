// Where the contracts of an earlier moment are read from: what is stored, a file or folder, or a commit of the project's repository.
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { isMillraceError, MillraceError, validateContract, type ContractDefinition } from "@millrace/core";
import type { Admin } from "../admin/admin.ts";
import { contractsOf, type ContractSet } from "./contract-set.ts";
import { withGitProject } from "./git-project.ts";

export interface MomentOptions {
  /** Where relative paths begin. */
  readonly cwd: string;
  readonly projectFolder: string;
  readonly signal: AbortSignal;
  readonly stored: () => Promise<ContractSet>;
}

/**
 * @param from `stored`, the path of a file that `millrace contract snapshot` wrote or of a project's folder, or a git ref
 * @throws MillraceError request-invalid, and those of loading a project
 */
export async function contractsAt(from: string, options: MomentOptions): Promise<ContractSet> {
  if (from === "stored") return options.stored();
  const { loadProject } = await import("../project/load-project.ts");
  const load = async (folder: string): Promise<ContractSet> =>
    contractsOf(await loadProject(folder, { signal: options.signal }));
  const path = resolve(options.cwd, from);
  if (existsSync(path)) return statSync(path).isDirectory() ? load(path) : parseSnapshot(path);
  return withGitProject(options.projectFolder, from, load);
}

/** Newest version of each stored contract. */
export async function storedContracts(admin: Admin, signal: AbortSignal): Promise<ContractSet> {
  const sql = "SELECT domain || '.' || name, definition FROM millrace.contracts ORDER BY version";
  const { rows } = await admin.query(sql, { rowsMax: 100_000, signal });
  const newest = new Map(rows.map(([name, definition]) => [String(name), String(definition)]));
  return new Map([...newest].map(([name, text]) => [name, JSON.parse(text) as ContractDefinition]));
}

/** The text that parseSnapshot reads. */
export function snapshotOf(contracts: ContractSet): Readonly<Record<string, ContractDefinition>> {
  return Object.fromEntries([...contracts].map(([name, { location: _location, ...definition }]) => [name, definition]));
}

function parseSnapshot(path: string): ContractSet {
  const fail = (problem: string): never => {
    throw new MillraceError("request-invalid", `${path} holds no contracts: ${problem}.`, {
      hint: "Write one with: millrace contract snapshot > contracts.json",
    });
  };
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return fail("it is no JSON object");
    const contracts = Object.entries(parsed as Record<string, ContractDefinition>);
    for (const [, contract] of contracts) validateContract(contract);
    return new Map(contracts);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    return fail(error instanceof Error ? error.message : String(error));
  }
}
