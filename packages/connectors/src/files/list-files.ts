// Walks a folder for the files that match, with their size and time. What vanishes on the way is passed over; what cannot be read is reported.
import type { BigIntStats, Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { pathFrom, type FileSearch } from "./file-pattern.ts";

export interface FoundFile {
  /** As the ledger names it. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly modifiedMicros: bigint;
}

export interface Listing {
  readonly files: readonly FoundFile[];
  /** Folders and files that could not be looked at: file-inaccessible. */
  readonly problems: readonly MillraceError[];
}

/** Files that match, by modification time, then path. Symbolic links to files are followed, those to folders are not. */
export async function listFiles(search: FileSearch, signal: AbortSignal): Promise<Listing> {
  const files: FoundFile[] = [];
  const problems: MillraceError[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for (const entry of await entriesOf(folder, problems)) {
      const absolute = join(folder, entry.name);
      if (entry.isDirectory()) {
        const enter = depth < search.depthMax && (search.hidden || !entry.name.startsWith("."));
        if (enter) await walk(absolute, depth + 1);
      } else if (search.matches(pathFrom(search.start, absolute))) {
        const stats = await statOf(absolute, problems);
        if (stats?.isFile() === true) files.push(foundFile(search, absolute, stats));
      }
    }
  };
  await walk(search.start, 0);
  return { files: files.sort(byArrival), problems };
}

/** Modification time, whole microseconds. */
export function modifiedMicros(stats: BigIntStats): bigint {
  return stats.mtimeNs / 1000n;
}

function foundFile(search: FileSearch, absolute: string, stats: BigIntStats): FoundFile {
  return {
    path: pathFrom(search.root, absolute),
    absolute,
    size: Number(stats.size),
    modifiedMicros: modifiedMicros(stats),
  };
}

function byArrival(a: FoundFile, b: FoundFile): number {
  if (a.modifiedMicros !== b.modifiedMicros) return a.modifiedMicros < b.modifiedMicros ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

async function entriesOf(folder: string, problems: MillraceError[]): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    report(thrown, folder, problems);
    return [];
  }
}

async function statOf(path: string, problems: MillraceError[]): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (thrown) {
    report(thrown, path, problems);
    return undefined;
  }
}

function report(thrown: unknown, path: string, problems: MillraceError[]): void {
  if (!isGone(thrown)) problems.push(inaccessible(thrown, path));
}

/** The file or folder is not there (any more). */
export function isGone(thrown: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCode(thrown) ?? "");
}

export function systemCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** What the system refuses: permissions, broken disks. */
export function inaccessible(thrown: unknown, path: string): MillraceError {
  const code = systemCode(thrown);
  const denied = code === "EACCES" || code === "EPERM";
  const reason = denied ? "permission denied" : thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError("file-inaccessible", `${path} cannot be read: ${reason}`, {
    details: { path, ...(code === undefined ? {} : { cause: code }) },
    cause: thrown,
  });
}
