// Finds the header of a sheet: the one row (or rows) that names what the contract requires, under whatever titles stand above it.
import type { ContractDefinition } from "@millrace/core";
import { columnProblem, sourceName } from "../../files/csv-columns.ts";
import { fileFault, type FilePart } from "../file-fault.ts";
import { columnLetters, type CellRange } from "./cell-address.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import type { SharedStrings } from "./shared-strings.ts";

export interface HeaderOptions {
  /** The sheet, for messages. */
  readonly place: FilePart;
  readonly contract: ContractDefinition;
  readonly range: CellRange;
  /** Row of the header, or its first one; searched when undefined. */
  readonly row?: number | undefined;
  /** Rows that the header takes. */
  readonly rows: number;
  /** What stands between the parts of a name that takes several rows. */
  readonly join: string;
}

export interface NamedColumn {
  readonly name: string;
  readonly column: number;
}

export interface SheetHeader {
  readonly row: number;
  readonly columns: readonly NamedColumn[];
}

/** Rows among which a header is searched. */
export const headerRowsMax = 100;

/** The first rows of a sheet, as they are scanned. */
export class FirstRows implements CellSink {
  readonly rows = new Map<number, Map<number, string | number>>();
  /** How many shared texts their cells refer to. */
  textsWanted = 0;
  readonly #range: CellRange;
  readonly #toTheEnd: boolean;
  #row: Map<number, string | number> | undefined;

  /** @param toTheEnd the scan goes on behind these rows, for the sake of what stands at the sheet's end */
  constructor(range: CellRange, toTheEnd: boolean) {
    this.#range = range;
    this.#toTheEnd = toTheEnd;
  }

  row(row: number): boolean {
    this.#row = undefined;
    if (row < this.#range.firstRow) return true;
    if (row > this.#range.lastRow || this.rows.size >= headerRowsMax) return this.#toTheEnd;
    this.#row = new Map();
    this.rows.set(row, this.#row);
    return true;
  }

  number(column: number, bytes: Uint8Array, from: number, to: number): void {
    this.#put(column, Buffer.from(bytes.subarray(from, to)).toString("latin1"));
  }

  shared(column: number, index: number): void {
    if (this.#row === undefined) return;
    this.textsWanted = Math.max(this.textsWanted, index + 1);
    this.#put(column, index);
  }

  text(column: number, text: string): void {
    this.#put(column, text);
  }

  moment(column: number, text: string): void {
    this.#put(column, text);
  }

  flag(column: number, value: boolean): void {
    this.#put(column, String(value));
  }

  fault(column: number, text: string): void {
    this.#put(column, text);
  }

  endRow(): void {
    if (this.#row?.size === 0) for (const [row, cells] of this.rows) if (cells === this.#row) this.rows.delete(row);
  }

  /** Texts by row and column. */
  texts(shared: SharedStrings): ReadonlyMap<number, ReadonlyMap<number, string>> {
    const textOf = (cell: string | number): string =>
      typeof cell === "string" ? cell : unquoted(shared.cell(cell)?.toString("utf8") ?? "");
    return new Map(
      [...this.rows].map(([row, cells]) => [
        row,
        new Map([...cells].map(([column, cell]) => [column, textOf(cell).trim()])),
      ]),
    );
  }

  #put(column: number, cell: string | number): void {
    if (column < this.#range.firstColumn || column > this.#range.lastColumn) return;
    this.#row?.set(column, cell);
  }
}

function unquoted(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/**
 * The header among the first rows. Names that the contract knows come back in its spelling.
 *
 * @throws MillraceError file-header when two rows fit, file-columns when none does
 */
export function findHeader(
  rows: ReadonlyMap<number, ReadonlyMap<number, string>>,
  merged: readonly MergedCells[],
  options: HeaderOptions,
): SheetHeader {
  const numbers = options.row === undefined ? [...rows.keys()] : [options.row];
  const found = numbers.map((row) => ({ row, columns: namesAt(rows, merged, row, options) }));
  const known = new Set(options.contract.columns.map((column) => sourceName(column).toLowerCase()));
  const hits = ({ columns }: SheetHeader): number => columns.filter(({ name }) => known.has(name.toLowerCase())).length;
  const fitting = found.filter(
    (header) => hits(header) > 0 && columnProblem(options.contract, namesOf(header)) === undefined,
  );
  // Without required columns, any row with one known name would do: the one with most of them is meant.
  const most = Math.max(0, ...fitting.map(hits));
  const required = options.contract.columns.some((column) => column.required);
  const [first, second] = required ? fitting : fitting.filter((header) => hits(header) === most);
  if (first !== undefined && second !== undefined)
    throw fileFault(
      "file-header",
      options.place,
      `has two rows that could be its header, ${first.row} and ${second.row}; declare headerRow: ${first.row} or ${second.row}`,
    );
  if (first !== undefined) return first;
  throw missing(found, hits, options);
}

function missing(
  found: readonly SheetHeader[],
  hits: (header: SheetHeader) => number,
  { place, contract, row }: HeaderOptions,
): Error {
  const best = found.toSorted((a, b) => hits(b) - hits(a))[0];
  if (best === undefined || best.columns.length === 0)
    return fileFault(
      "file-columns",
      place,
      row === undefined ? "has no rows" : `has nothing in row ${row}, its declared header`,
    );
  const problem = columnProblem(contract, namesOf(best));
  if (hits(best) === 0)
    return fileFault(
      "file-columns",
      place,
      `has no header that names the contract's columns ${contract.columns.map(sourceName).join(", ")} in its first ${found.length} rows`,
    );
  return fileFault(
    "file-columns",
    place,
    `does not fit the contract: row ${best.row} comes closest to a header, but ${problem ?? "it is empty"}`,
  );
}

function namesOf({ columns }: SheetHeader): readonly string[] {
  return columns.map(({ name }) => name);
}

function namesAt(
  rows: ReadonlyMap<number, ReadonlyMap<number, string>>,
  merged: readonly MergedCells[],
  row: number,
  { contract, rows: height, join }: HeaderOptions,
): readonly NamedColumn[] {
  const parts = new Map<number, string[]>();
  for (let at = row; at < row + height; at += 1) {
    for (const [column, text] of filled(rows, merged, at, height > 1)) {
      const named = parts.get(column) ?? [];
      if (text !== "" && named.at(-1) !== text) parts.set(column, [...named, text]);
    }
  }
  const spelled = new Map(contract.columns.map((column) => [sourceName(column).toLowerCase(), sourceName(column)]));
  return [...parts]
    .toSorted(([a], [b]) => a - b)
    .map(([column, named]) => {
      const name = named.join(join);
      return { name: spelled.get(name.toLowerCase()) ?? name, column };
    });
}

/** The row's texts, with the value of merged cells in each of them where they are joined. */
function filled(
  rows: ReadonlyMap<number, ReadonlyMap<number, string>>,
  merged: readonly MergedCells[],
  row: number,
  joined: boolean,
): ReadonlyMap<number, string> {
  const own = new Map(rows.get(row));
  if (!joined) return own;
  for (const range of merged) {
    if (row < range.firstRow || row > range.lastRow) continue;
    const text = rows.get(range.firstRow)?.get(range.firstColumn) ?? "";
    for (let column = range.firstColumn; column <= range.lastColumn; column += 1)
      if (!own.has(column)) own.set(column, text);
  }
  return own;
}

/** @throws MillraceError file-header when cells of a header of one row are merged */
export function refuseMergedHeader(
  place: FilePart,
  merged: readonly MergedCells[],
  header: { readonly row: number; readonly range: CellRange },
): void {
  const range = merged.find(
    (cells) =>
      cells.firstRow <= header.row &&
      cells.lastRow >= header.row &&
      cells.lastColumn > cells.firstColumn &&
      cells.lastColumn >= header.range.firstColumn &&
      cells.firstColumn <= header.range.lastColumn,
  );
  if (range === undefined) return;
  throw fileFault(
    "file-header",
    place,
    `has merged cells ${addressOf(range)} in its header, row ${header.row}, so that columns have no name of their own; declare headerRows, or unmerge them`,
  );
}

export function addressOf({ firstColumn, firstRow, lastColumn, lastRow }: MergedCells): string {
  return `${columnLetters(firstColumn)}${firstRow}:${columnLetters(lastColumn)}${lastRow}`;
}
