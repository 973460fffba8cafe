// The format of a data folder as a whole: format.json, and the ordered steps from each format to the next.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { fileError, systemCode } from "../files/file-errors.ts";
import { writeFileDurably } from "../files/write-file.ts";

/** Brings a folder from one format to the next. May be repeated after a crash, so it must find its own half-done work. */
export type FolderStep = (folder: string) => Promise<void>;

/** Step n leads from format n + 1 to n + 2; formats begin with 1. The stores' files carry formats of their own. */
export const folderSteps: readonly FolderStep[] = [];

export const formatFile = "format.json";
/** What tells a data folder from an empty one. */
const contents = ["warehouse.duckdb", "log.sqlite", "control.sqlite", "objects"];

/**
 * Gives a new folder the newest format and brings an older one up to it, step by step, each recorded when it is done.
 *
 * @returns the format that the folder has now
 * @throws data-folder-newer, data-folder-invalid, storage-failed, storage-full
 */
export async function bringUpToDate(folder: string, steps: readonly FolderStep[] = folderSteps): Promise<number> {
  const newest = steps.length + 1;
  const found = await readFormat(folder);
  if (found === undefined) {
    await requireEmpty(folder);
    await writeFormat(folder, newest);
    return newest;
  }
  if (found > newest) {
    const message = `${folder} has format ${found}; this version knows formats up to ${newest}.`;
    throw new MillraceError("data-folder-newer", message, { details: { folder, found, known: newest } });
  }
  for (const [index, step] of steps.slice(found - 1).entries()) {
    await step(folder);
    await writeFormat(folder, found + index + 1);
  }
  return newest;
}

/** Undefined when the folder has no format file. @throws data-folder-invalid */
export async function readFormat(folder: string): Promise<number | undefined> {
  const path = join(folder, formatFile);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw fileError(thrown, path);
  }
  const format = parseFormat(text);
  if (format !== undefined) return format;
  throw new MillraceError("data-folder-invalid", `${path} holds no format number.`, { details: { path } });
}

function parseFormat(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return typeof format === "number" && Number.isInteger(format) && format >= 1 ? format : undefined;
  } catch {
    return undefined;
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder);
  const found = contents.filter((name) => names.includes(name));
  if (found.length === 0) return;
  const message = `${folder} holds ${found.join(", ")} but no ${formatFile}.`;
  throw new MillraceError("data-folder-invalid", message, { details: { folder, found } });
}

function writeFormat(folder: string, format: number): Promise<void> {
  return writeFileDurably(join(folder, formatFile), `${JSON.stringify({ format })}\n`);
}
