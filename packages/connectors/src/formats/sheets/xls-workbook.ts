// Opens an old XLS workbook (BIFF) with a library that reads it as a whole: such a sheet has at most 65,536 rows, and the thread's memory is bounded.
import { readFileSync, statSync } from "node:fs";
import type { CellObject, WorkBook, WorkSheet } from "@e965/xlsx";
import { fileFault } from "../file-fault.ts";
import { showsMoment } from "./cell-styles.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import { SharedStrings } from "./shared-strings.ts";
import type { SheetName, Workbook } from "./workbook.ts";

const fileBytesMax = 256 * 1024 * 1024;
/** What styles become: the library gives each cell its number format. */
const styles = { number: 0, moment: 1 } as const;

/** @throws MillraceError file-encrypted, file-unreadable, file-too-large */
export async function openXls(local: string, path: string): Promise<Workbook> {
  const { size } = statSync(local);
  if (size > fileBytesMax)
    throw fileFault("file-too-large", path, `has ${size} bytes; ${fileBytesMax} are allowed for .xls`);
  const { read, set_cptable } = await import("@e965/xlsx");
  set_cptable(await import("@e965/xlsx/dist/cpexcel.full.mjs"));
  let book: WorkBook;
  try {
    book = read(readFileSync(local), { type: "buffer", dense: true, cellNF: true, cellText: false, cellHTML: false });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (/password|encrypt/i.test(reason)) throw fileFault("file-encrypted", path, "is protected by a password");
    throw fileFault("file-unreadable", path, `is no readable workbook: ${reason}`, thrown);
  }
  return new XlsWorkbook(book);
}

class XlsWorkbook implements Workbook {
  readonly sheets: readonly SheetName[];
  readonly date1904: boolean;
  readonly moments: readonly boolean[] = [false, true];
  readonly #book: WorkBook;

  constructor(book: WorkBook) {
    this.#book = book;
    this.date1904 = book.Workbook?.WBProps?.date1904 === true;
    this.sheets = book.SheetNames.map((name, at) => ({
      name,
      hidden: (book.Workbook?.Sheets?.[at]?.Hidden ?? 0) !== 0,
    }));
  }

  texts(): Promise<SharedStrings> {
    return Promise.resolve(new SharedStrings());
  }

  scan(name: string, sink: CellSink): Promise<readonly MergedCells[] | undefined> {
    const sheet = this.#book.Sheets[name];
    if (sheet === undefined || !giveRows(sheet, sink)) return Promise.resolve(undefined);
    return Promise.resolve(
      (sheet["!merges"] ?? []).map(({ s, e }) => ({
        firstRow: s.r + 1,
        lastRow: e.r + 1,
        firstColumn: s.c + 1,
        lastColumn: e.c + 1,
      })),
    );
  }

  close(): void {
    // The file was read as a whole.
  }
}

/** False when the sink had enough. */
function giveRows(sheet: WorkSheet, sink: CellSink): boolean {
  const rows: readonly (readonly (CellObject | undefined)[] | undefined)[] = sheet["!data"] ?? [];
  for (const [row, cells] of rows.entries()) {
    if (cells === undefined) continue;
    if (!sink.row(row + 1)) return false;
    for (const [column, cell] of cells.entries()) if (cell !== undefined) giveCell(sink, column + 1, cell);
    sink.endRow();
  }
  return true;
}

function giveCell(sink: CellSink, column: number, { t: type, v: value, w: shown, z: format }: CellObject): void {
  if (value === undefined) return;
  if (type === "n") {
    const bytes = Buffer.from(String(value));
    const isMoment = typeof format === "string" && showsMoment(format);
    sink.number(column, bytes, 0, bytes.byteLength, isMoment ? styles.moment : styles.number);
  } else if (type === "b") sink.flag(column, value === true);
  else if (type === "e") sink.fault(column, shown ?? errorText(Number(value)));
  else if (type === "s") sink.text(column, String(value));
}

/** Codes of the format ([MS-XLS] 2.5.10). */
function errorText(code: number): string {
  const texts: Readonly<Record<number, string>> = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0f: "#VALUE!",
    0x17: "#REF!",
    0x1d: "#NAME?",
    0x24: "#NUM!",
    0x2a: "#N/A",
  };
  return texts[code] ?? "#UNKNOWN!";
}
