// Walks a folder for the files that match, with their size and time. What vanishes on the way is passed over; what cannot be read is reported.
import type { BigIntStats, Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { pathFrom, type FileSearch } from "./file-pattern.ts";
import { byArrival, type FoundFile, type Listing } from "./place.ts";

/** Files that are looked at together. */
const statsAtOnce = 64;

/** Files that match, by modification time, then path. Symbolic links to files are followed, those to folders are not. */
export async function listFiles(
  search: FileSearch,
  { signal, without }: { readonly signal: AbortSignal; readonly without: readonly string[] },
): Promise<Listing> {
  const problems: MillraceError[] = [];
  const found: string[] = [];
  const walk = async (folder: string, depth: number): Promise<boolean> => {
    signal.throwIfAborted();
    const entries = await entriesOf(folder, problems);
    for (const entry of entries ?? []) {
      const absolute = join(folder, entry.name);
      if (entry.isDirectory()) {
        const enter = depth < search.depthMax && (search.hidden || !entry.name.startsWith("."));
        if (enter && !without.includes(absolute)) await walk(absolute, depth + 1);
      } else if (search.matches(pathFrom(search.start, absolute))) found.push(absolute);
    }
    return entries !== undefined;
  };
  const exists = await walk(search.start, 0);
  const files: FoundFile[] = [];
  for (let at = 0; at < found.length; at += statsAtOnce) {
    const some = found.slice(at, at + statsAtOnce);
    const looked = await Promise.all(some.map((absolute) => foundFile(search, absolute, problems)));
    files.push(...looked.filter((file) => file !== undefined));
  }
  return { files: files.sort(byArrival), problems, exists };
}

/** Modification time, whole microseconds. */
export function modifiedMicros(stats: BigIntStats): bigint {
  return stats.mtimeNs / 1000n;
}

/** Undefined when it is gone, is no file, or cannot be looked at, which is then among the problems. */
export async function foundFile(
  search: Pick<FileSearch, "root">,
  absolute: string,
  problems: MillraceError[],
): Promise<FoundFile | undefined> {
  const stats = await statOf(absolute, problems);
  if (stats?.isFile() !== true) return undefined;
  const path = pathFrom(search.root, absolute);
  return { path, absolute, size: Number(stats.size), modifiedMicros: modifiedMicros(stats) };
}

async function entriesOf(folder: string, problems: MillraceError[]): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    report(thrown, folder, problems);
    return undefined;
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
