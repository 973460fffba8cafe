// Opens a workbook by what its first bytes say, not by its name.
import { closeSync, openSync, readSync } from "node:fs";
import { ZipArchive } from "../archive/zip-archive.ts";
import { fileFault } from "../file-fault.ts";
import { openOds } from "./ods-workbook.ts";
import { openXlsx, type SheetName, type Workbook } from "./workbook.ts";

/** @throws MillraceError file-unreadable, file-truncated, file-encrypted, file-too-large */
export async function openWorkbook(local: string, path: string): Promise<Workbook> {
  const start = firstBytes(local, 8).toString("hex");
  if (start === "") throw fileFault("file-unreadable", path, "is empty");
  // A compound file: an old workbook, or a newer one inside of its encryption.
  if (start === "d0cf11e0a1b11ae1") return (await import("./xls-workbook.ts")).openXls(local, path);
  if (!start.startsWith("504b")) throw fileFault("file-unreadable", path, "is no workbook");
  const archive = await ZipArchive.open(local, path);
  try {
    const isOds =
      archive.has("mimetype") && (await archive.text("mimetype", 1024)).includes("opendocument.spreadsheet");
    return isOds ? await openOds(archive, path) : await openXlsx(archive, path);
  } catch (thrown) {
    archive.close();
    throw thrown;
  }
}

function firstBytes(local: string, length: number): Buffer {
  const file = openSync(local, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * The sheets that a channel means: by name, by number from 1, by a pattern with `*` and `?`, or the only one that is not hidden.
 *
 * @throws MillraceError file-sheet, which names those that are there
 */
export function chosenSheets(
  sheets: readonly SheetName[],
  wanted: string | number | undefined,
  path: string,
): readonly string[] {
  const names = sheets.map(({ name }) => name);
  const visible = sheets.filter(({ hidden }) => !hidden).map(({ name }) => name);
  const there = `it has ${names.map((name) => JSON.stringify(name)).join(", ") || "none"}`;
  if (wanted === undefined) {
    if (visible.length === 1) return visible;
    throw fileFault("file-sheet", path, `has ${visible.length} sheets, and the channel does not say which; ${there}`);
  }
  const found = typeof wanted === "number" ? names.slice(wanted - 1, wanted) : named(names, wanted);
  if (found.length > 0) return found;
  throw fileFault("file-sheet", path, `has no sheet ${JSON.stringify(wanted)}; ${there}`);
}

function named(names: readonly string[], wanted: string): readonly string[] {
  const exact = names.filter((name) => name.toLowerCase() === wanted.toLowerCase());
  if (exact.length > 0 || !/[*?]/.test(wanted)) return exact;
  const pattern = wanted
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return names.filter((name) => new RegExp(`^${pattern}$`, "isu").test(name));
}
