// What doctor can see without opening anything: versions, disk space, who owns the folder, its format.
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { toMillraceError, type ProjectConfig } from "@millrace/core";
import { readFormat, readOwner } from "@millrace/store-local";
import { budgetOf } from "../instance/budget.ts";
import { formatByteSize } from "../instance/byte-size.ts";
import { packageVersion } from "../package-version.ts";
import type { Finding } from "./check.ts";

const NODE_MAJOR_MIN = 24;
const FREE_BYTES_FAIL = 256 * 2 ** 20;
const FREE_BYTES_WARN = 2 * 2 ** 30;

export function checkVersions(): Finding {
  const { node, sqlite } = process.versions;
  const detail = `millrace ${packageVersion()}, node ${node}, sqlite ${sqlite}, ${process.platform} ${process.arch}`;
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) return { check: "versions", state: "ok", detail };
  return { check: "versions", state: "fail", detail, hint: `Install Node ${NODE_MAJOR_MIN} or newer.` };
}

/** What an instance of this project would use here. */
export function checkBudget(limits: ProjectConfig["limits"]): Finding {
  const { memoryBytes, warehouseBytes, threads } = budgetOf(limits);
  const shares = `${formatByteSize(memoryBytes)} memory, of it ${formatByteSize(warehouseBytes)} for the warehouse, ${threads} threads`;
  return { check: "budget", state: "ok", detail: shares };
}

export async function checkDiskSpace(dataFolder: string): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(nearestExisting(dataFolder));
  const free = bavail * bsize;
  const detail = `${formatByteSize(free)} free of ${formatByteSize(blocks * bsize)}`;
  if (free >= FREE_BYTES_WARN) return { check: "disk space", state: "ok", detail };
  const state = free < FREE_BYTES_FAIL ? "fail" : "warn";
  return {
    check: "disk space",
    state,
    detail,
    hint: "Free space before the writers stop; what is acknowledged is safe.",
  };
}

export async function checkFolder(dataFolder: string): Promise<Finding> {
  const check = "data folder";
  if (!existsSync(dataFolder)) return { check, state: "ok", detail: `${dataFolder} is not there yet` };
  try {
    const format = await readFormat(dataFolder);
    const owner = await readOwner(dataFolder);
    const owned = owner === undefined ? "not in use" : `in use by process ${owner.pid}`;
    return { check, state: "ok", detail: `${dataFolder}, format ${format ?? "none yet"}, ${owned}` };
  } catch (thrown) {
    return failing(check, thrown);
  }
}

/** An error as a finding, with its own hint. */
export function failing(check: string, thrown: unknown): Finding {
  const error = toMillraceError(thrown);
  return { check, state: "fail", detail: `[${error.code}] ${error.message}`, hint: error.hint };
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}
