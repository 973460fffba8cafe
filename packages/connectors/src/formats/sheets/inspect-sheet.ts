// Looks into a workbook when it arrives: which sheets, which rows and columns. Reads no further than the header, unless its cells are to be joined.
import type { ContractDefinition } from "@millrace/core";
import { columnProblem } from "../../files/csv-columns.ts";
import type { MergedManner, SheetConversion } from "../conversion.ts";
import { fileFault, type FilePart } from "../file-fault.ts";
import { parseRange, wholeSheet, type CellRange } from "./cell-address.ts";
import { chosenSheets, openWorkbook } from "./open-workbook.ts";
import { FirstRows, findHeader, type NamedColumn, type SheetHeader } from "./sheet-header.ts";
import type { Workbook } from "./workbook.ts";

/** What a channel says about its workbooks. */
export interface SheetOptions {
  readonly sheet?: string | number;
  readonly range?: string;
  readonly headerRow?: number;
  readonly headerRows?: number;
  readonly headerJoin?: string;
  readonly mergedCells?: MergedManner;
  /** False: records begin at once, and `columns` names them. */
  readonly header?: boolean;
  readonly columns?: readonly string[];
  readonly nullTokens?: readonly string[];
}

/** @throws MillraceError file-sheet, file-header, file-columns, file-unreadable, file-truncated, file-encrypted, file-too-large */
export async function inspectSheet(
  { local, path, contract }: { readonly local: string; readonly path: string; readonly contract: ContractDefinition },
  options: SheetOptions,
): Promise<SheetConversion> {
  const book = await openWorkbook(local, path);
  try {
    const names = chosenSheets(book.sheets, options.sheet, path);
    const found: { readonly name: string; readonly header: SheetHeader }[] = [];
    for (const name of names) found.push({ name, header: await headerOf(book, name, { path, contract, options }) });
    const [first] = found;
    const other = found.find(({ header }) => JSON.stringify(header.columns) !== JSON.stringify(first?.header.columns));
    if (other !== undefined)
      throw fileFault(
        "file-columns",
        path,
        `has sheets "${first?.name}" and "${other.name}" whose columns are not the same; load them with a channel each`,
      );
    const height = options.header === false ? 0 : (options.headerRows ?? 1);
    return {
      kind: "sheet",
      sheets: found.map(({ name, header }) => ({
        name,
        recordsFrom: header.row + height,
        ...(height === 0 ? {} : { headerFrom: header.row }),
      })),
      ...(options.range === undefined ? {} : { range: options.range }),
      columns: first?.header.columns ?? [],
      mergedCells: options.mergedCells ?? "refuse",
      nullTokens: options.nullTokens ?? [],
    };
  } finally {
    book.close();
  }
}

async function headerOf(
  book: Workbook,
  sheet: string,
  {
    path,
    contract,
    options,
  }: { readonly path: string; readonly contract: ContractDefinition; readonly options: SheetOptions },
): Promise<SheetHeader> {
  const range = options.range === undefined ? wholeSheet : parseRange(options.range);
  const place = { path, part: `sheet "${sheet}"` };
  if (options.header === false) return declaredColumns(place, range, options.columns ?? [], contract);
  const { headerRow, headerRows = 1, headerJoin = " " } = options;
  const rows = new FirstRows(headerRow === undefined ? range : { ...range, firstRow: headerRow }, headerRows > 1);
  const merged = (await book.scan(sheet, rows)) ?? [];
  const texts = rows.texts(await book.texts(rows.textsWanted));
  return findHeader(texts, merged, { place, contract, range, row: headerRow, rows: headerRows, join: headerJoin });
}

function declaredColumns(
  place: FilePart,
  range: CellRange,
  names: readonly string[],
  contract: ContractDefinition,
): SheetHeader {
  const columns: NamedColumn[] = names.map((name, at) => ({ name, column: range.firstColumn + at }));
  const problem = columnProblem(contract, names);
  if (problem !== undefined) throw fileFault("file-columns", place, `does not fit the contract: ${problem}`);
  return { row: range.firstRow, columns };
}
