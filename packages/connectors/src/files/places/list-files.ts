// Walks a folder for the files that match, with their size and time. What vanishes on the way is passed over; what cannot be read is reported.
import { stat as statWithCallback, type BigIntStats, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { MillraceError } from "@millrace/core";
import { pathFrom, type FileSearch } from "./file-pattern.ts";
import { byArrival, type FoundFile, type Listing } from "./place.ts";

/** Files that are looked at together. */
const statsAtOnce = 256;

/** Files that match, by modification time, then path. Symbolic links to files are followed, those to folders are not. */
export async function listFiles(
  search: FileSearch,
  { signal, without }: { readonly signal: AbortSignal; readonly without: readonly string[] },
): Promise<Listing> {
  const problems: MillraceError[] = [];
  /** Below `start`. */
  const found: string[] = [];
  const walk = async (folder: string, below: string, depth: number): Promise<boolean> => {
    signal.throwIfAborted();
    const entries = await entriesOf(folder, problems);
    for (const entry of entries ?? []) {
      const path = below + entry.name;
      if (entry.isDirectory()) {
        const absolute = join(folder, entry.name);
        const enter = depth < search.depthMax && (search.hidden || !entry.name.startsWith("."));
        if (enter && !without.includes(absolute)) await walk(absolute, `${path}/`, depth + 1);
      } else if (search.matches(path)) found.push(path);
    }
    return entries !== undefined;
  };
  const exists = await walk(search.start, "", 0);
  const files = await withStats(search, found, problems);
  signal.throwIfAborted();
  return { files: files.sort(byArrival), problems, exists };
}

/** Size and time of each. A promise per file would cost more than the question to the system. */
function withStats(search: FileSearch, found: readonly string[], problems: MillraceError[]): Promise<FoundFile[]> {
  const start = search.start.endsWith(sep) ? search.start : `${search.start}${sep}`;
  const below = pathFrom(search.root, search.start);
  const prefix = below === "" ? "" : `${below}/`;
  const files: FoundFile[] = [];
  if (found.length === 0) return Promise.resolve(files);
  return new Promise((resolve) => {
    let asked = 0;
    let answered = 0;
    const ask = (): void => {
      const name = found[asked];
      if (name === undefined) return;
      asked += 1;
      const absolute = start + name;
      statWithCallback(absolute, { bigint: true }, (error, stats) => {
        if (error !== null) report(error, absolute, problems);
        else if (stats.isFile()) files.push(toFoundFile(prefix + name, absolute, stats));
        answered += 1;
        if (answered === found.length) resolve(files);
        else ask();
      });
    };
    for (let at = 0; at < statsAtOnce; at += 1) ask();
  });
}

function toFoundFile(path: string, absolute: string, stats: BigIntStats): FoundFile {
  return { path, absolute, size: Number(stats.size), modifiedMicros: modifiedMicros(stats) };
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
  return stats?.isFile() === true ? toFoundFile(pathFrom(search.root, absolute), absolute, stats) : undefined;
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
