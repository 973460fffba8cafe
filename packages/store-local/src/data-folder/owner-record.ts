// What the owner of a data folder tells its clients: where to reach it, and whether that process is still the one that wrote it.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { fileError, systemCode } from "../files/file-errors.ts";

export interface OwnerRecord {
  readonly pid: number;
  /** Unix socket, or named pipe on Windows, that the owner listens on. */
  readonly socketPath: string;
  /** Proof for the owner that the client may read this file. */
  readonly token: string;
  readonly startedMs: number;
  /** Start of the process in clock ticks since boot, where the system tells it: a reused pid has another one. */
  readonly processStart?: string;
}

export const ownerFile = "owner.lock";

/**
 * The process that owns the folder now, or undefined: none, or its process is gone. Takes nothing and changes nothing.
 *
 * @throws data-folder-invalid when the lock file cannot be understood, storage-failed
 */
export async function readOwner(folder: string): Promise<OwnerRecord | undefined> {
  const record = await readRecord(join(folder, ownerFile));
  return record !== undefined && isRunning(record) ? record : undefined;
}

/** The record as it stands in the file, running or not. */
export async function readRecord(path: string): Promise<OwnerRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw fileError(thrown, path);
  }
  const record = parseRecord(text);
  if (record === undefined) {
    throw new MillraceError("data-folder-invalid", `${path} is not an owner record.`, {
      hint: `If no instance is running, remove ${path}.`,
      details: { path },
    });
  }
  return record;
}

function parseRecord(text: string): OwnerRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<OwnerRecord>;
    const whole =
      typeof value.pid === "number" &&
      typeof value.socketPath === "string" &&
      typeof value.token === "string" &&
      typeof value.startedMs === "number";
    return whole ? (value as OwnerRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** True when a process with this pid runs and, where the system can tell, is the one that wrote the record. */
export function isRunning(record: Pick<OwnerRecord, "pid" | "processStart">): boolean {
  try {
    process.kill(record.pid, 0);
  } catch (thrown) {
    // EPERM: it runs, as another user.
    if (systemCode(thrown) !== "EPERM") return false;
  }
  const start = processStartOf(record.pid);
  return record.processStart === undefined || start === undefined || start === record.processStart;
}

/** Field 22 of /proc/<pid>/stat, see proc(5); undefined where there is no /proc. */
export function processStartOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may itself hold blanks and parentheses.
    const afterCommand = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended already; only its parent has not looked yet.
    return afterCommand[0] === "Z" ? "ended" : afterCommand[19];
  } catch {
    return undefined;
  }
}
