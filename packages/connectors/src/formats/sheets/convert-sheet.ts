// Writes the records of a workbook's sheets as CSV for the engine.
import type { ByteFile } from "../byte-file.ts";
import type { ConversionInput, SheetConversion, SheetPart } from "../conversion.ts";
import { fileFault } from "../file-fault.ts";
import { parseRange, wholeSheet } from "./cell-address.ts";
import type { MergedCells } from "./cell-sink.ts";
import { openWorkbook } from "./open-workbook.ts";
import { addressOf, FirstRows, refuseMergedHeader } from "./sheet-header.ts";
import { wantedColumns, type WantedColumn } from "./sheet-format.ts";
import { MissingTextError, SheetRecords, type RecordColumn } from "./sheet-records.ts";
import type { SharedStrings } from "./shared-strings.ts";
import type { Workbook } from "./workbook.ts";

interface SheetWork {
  readonly input: ConversionInput;
  readonly conversion: SheetConversion;
  readonly columns: readonly WantedColumn[];
  readonly file: ByteFile;
  readonly book: Workbook;
  readonly texts: SharedStrings;
}

/** @throws MillraceError file-header, file-merged-cells, file-unreadable, file-truncated, file-encrypted, file-too-large */
export async function convertSheet(input: ConversionInput, conversion: SheetConversion, file: ByteFile): Promise<void> {
  const book = await openWorkbook(input.local, input.path);
  try {
    const texts = await book.texts();
    const columns = wantedColumns(conversion, input.contract);
    for (const part of conversion.sheets) await convertPart({ input, conversion, columns, file, book, texts }, part);
  } finally {
    book.close();
  }
}

async function convertPart(work: SheetWork, part: SheetPart): Promise<void> {
  const { book, conversion, file, input, texts } = work;
  const range = conversion.range === undefined ? wholeSheet : parseRange(conversion.range);
  const filled = conversion.mergedCells === "fill" ? await mergedOf(book, part.name) : [];
  const records = new SheetRecords(file, {
    sheet: part.name,
    columns: work.columns,
    range,
    recordsFrom: part.recordsFrom,
    texts,
    moments: book.moments,
    date1904: book.date1904,
    filled,
  });
  const merged = await book.scan(part.name, records).catch((thrown: unknown) => {
    if (!(thrown instanceof MissingTextError)) throw thrown;
    throw fileFault("file-unreadable", input.path, `is not sound: sheet "${part.name}" ${thrown.message}`);
  });
  refuseMerged(work, part, merged ?? []);
}

/** The sheet is scanned to its end for them. */
async function mergedOf(book: Workbook, sheet: string): Promise<readonly MergedCells[]> {
  return (await book.scan(sheet, new FirstRows(wholeSheet, true))) ?? [];
}

function refuseMerged(
  { columns, conversion, input }: SheetWork,
  part: SheetPart,
  merged: readonly MergedCells[],
): void {
  const place = { path: input.path, part: `sheet "${part.name}"` };
  const range = conversion.range === undefined ? wholeSheet : parseRange(conversion.range);
  if (part.headerFrom !== undefined && part.recordsFrom === part.headerFrom + 1)
    refuseMergedHeader(place, merged, { row: part.headerFrom, range });
  if (conversion.mergedCells !== "refuse") return;
  const first = merged.find((cells) => hidesCells(cells, part.recordsFrom, columns));
  if (first === undefined) return;
  throw fileFault(
    "file-merged-cells",
    place,
    `has merged cells ${addressOf(first)} among its records, of which only the first has a value`,
  );
}

/** A wanted cell of a record is part of it and not the one that has the value. */
function hidesCells(cells: MergedCells, recordsFrom: number, columns: readonly RecordColumn[]): boolean {
  const within = columns.filter(({ column }) => column >= cells.firstColumn && column <= cells.lastColumn);
  if (cells.lastRow < recordsFrom) return false;
  return cells.lastRow > Math.max(cells.firstRow, recordsFrom - 1)
    ? within.length > 0
    : within.some(({ column }) => column > cells.firstColumn);
}
