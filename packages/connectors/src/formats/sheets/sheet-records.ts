// Takes the cells of a sheet and writes its records as lines of CSV: the wanted columns in the sheet's order, then where the record stands.
import type { ByteFile } from "../byte-file.ts";
import { csvCell } from "../csv-cell.ts";
import type { CellRange } from "./cell-address.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import { isoMoment, momentText, numberText, type CellManner } from "./cell-text.ts";
import type { SharedStrings } from "./shared-strings.ts";

export interface RecordColumn {
  /** Column of the sheet, from 1. */
  readonly column: number;
  readonly manner: CellManner;
}

export interface SheetRecordsOptions {
  readonly sheet: string;
  /** In order of their columns. */
  readonly columns: readonly RecordColumn[];
  readonly range: CellRange;
  /** First row of a record. */
  readonly recordsFrom: number;
  readonly texts: SharedStrings;
  readonly moments: readonly boolean[];
  readonly date1904: boolean;
  /** Merged cells whose value goes into each of them. */
  readonly filled: readonly MergedCells[];
}

/** Text index that the workbook does not have; the caller knows the file. */
export class MissingTextError extends Error {}

const comma = 0x2c;
const shortDigits = 15;

export class SheetRecords implements CellSink {
  readonly #file: ByteFile;
  readonly #options: SheetRecordsOptions;
  /** Place of a sheet's column among the wanted ones; -1 for the others. */
  readonly #slots: Int32Array;
  readonly #origin: readonly [before: Buffer, after: string];
  readonly #fills: MergedFill | undefined;
  #row = 0;
  #slot = 0;
  #wanted = false;
  #empty = true;
  /** Where the present cell begins, behind the file's mark. */
  #cellAt = 0;

  constructor(file: ByteFile, options: SheetRecordsOptions) {
    this.#file = file;
    this.#options = options;
    this.#slots = new Int32Array((options.columns.at(-1)?.column ?? 0) + 1).fill(-1);
    for (const [slot, { column }] of options.columns.entries()) this.#slots[column] = slot;
    const name = csvCell(`${options.sheet}!`);
    const quoted = name.startsWith('"');
    this.#origin = [Buffer.from(`,${quoted ? name.slice(0, -1) : name}`), quoted ? '"\n' : "\n"];
    this.#fills = options.filled.length === 0 ? undefined : new MergedFill(options.filled);
  }

  row(row: number): boolean {
    const { range, recordsFrom } = this.#options;
    this.#row = row;
    this.#wanted = row >= recordsFrom && row >= range.firstRow;
    this.#slot = 0;
    this.#empty = true;
    return row <= range.lastRow;
  }

  number(column: number, bytes: Uint8Array, from: number, to: number, style: number): void {
    const slot = this.#begin(column);
    if (slot < 0) return;
    const file = this.#file;
    const isMoment = style !== 0 && this.#options.moments[style] === true;
    if (isMoment || to - from > shortDigits || !plainNumber(bytes, from, to)) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
      file.text(csvCell(this.#unusual(slot, text, isMoment)));
    } else {
      file.ensure(shortDigits);
      const { buffer } = file;
      let at = file.at;
      for (let place = from; place < to; place += 1) buffer[at++] = bytes[place] ?? 0;
      file.at = at;
    }
    this.#written(column);
  }

  shared(column: number, index: number): void {
    const { texts } = this.#options;
    if (texts.length(index) === 0 && index < texts.count) return;
    const slot = this.#begin(column);
    if (slot < 0) return;
    this.#file.ensure(texts.length(index));
    const at = texts.copy(index, this.#file.buffer, this.#file.at);
    if (at < 0) throw new MissingTextError(`has a cell in row ${this.#row} whose text ${index} is not there`);
    this.#file.at = at;
    this.#written(column);
  }

  text(column: number, text: string): void {
    if (text === "" || this.#begin(column) < 0) return;
    this.#file.text(csvCell(text));
    this.#written(column);
  }

  moment(column: number, text: string): void {
    const slot = this.#begin(column);
    if (slot < 0) return;
    this.#file.text(csvCell(isoMoment(text, this.#options.columns[slot]?.manner ?? "plain")));
    this.#written(column);
  }

  flag(column: number, value: boolean): void {
    this.text(column, value ? "true" : "false");
  }

  fault(column: number, text: string): void {
    this.text(column, text);
  }

  endRow(): void {
    const file = this.#file;
    if (!this.#wanted || this.#empty) {
      file.at = file.mark;
      return;
    }
    this.#skipTo(this.#options.columns.length);
    file.bytes(this.#origin[0]);
    file.text(`${this.#row}${this.#origin[1]}`);
    file.settle();
  }

  /** The cell's place among the wanted ones, with what stands before it written; -1 where it is not wanted. */
  #begin(column: number): number {
    if (!this.#wanted) return -1;
    const { range } = this.#options;
    if (column < range.firstColumn || column > range.lastColumn) return -1;
    this.#empty = false;
    const slot = column < this.#slots.length ? (this.#slots[column] ?? -1) : -1;
    if (slot < 0) return -1;
    this.#skipTo(slot);
    if (slot > 0) this.#file.byte(comma);
    this.#cellAt = this.#file.at - this.#file.mark;
    return slot;
  }

  #written(column: number): void {
    this.#slot += 1;
    if (this.#fills === undefined) return;
    const { buffer, mark, at } = this.#file;
    this.#fills.keep(this.#row, column, buffer.subarray(mark + this.#cellAt, at));
  }

  /** Cells without a value of their own. */
  #skipTo(slot: number): void {
    for (; this.#slot < slot; this.#slot += 1) {
      if (this.#slot > 0) this.#file.byte(comma);
      const fill = this.#fills?.value(this.#row, this.#options.columns[this.#slot]?.column ?? 0);
      if (fill !== undefined) this.#file.bytes(fill);
    }
  }

  /** A moment, or a number with more digits than a spreadsheet shows, or an exponent. */
  #unusual(slot: number, text: string, isMoment: boolean): string {
    const manner = this.#options.columns[slot]?.manner ?? "plain";
    const moment = isMoment ? momentText(Number(text), manner, this.#options.date1904) : undefined;
    return moment ?? numberText(text, manner);
  }
}

function plainNumber(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if ((byte < 0x30 || byte > 0x39) && byte !== 0x2e && byte !== 0x2d) return false;
  }
  return true;
}

/** The values of merged cells, for the cells that show none. */
class MergedFill {
  /** By row and column of their first cell. */
  readonly #ranges: ReadonlyMap<string, MergedCells>;
  readonly #values = new Map<MergedCells, Buffer>();

  constructor(ranges: readonly MergedCells[]) {
    this.#ranges = new Map(ranges.map((range) => [`${range.firstRow} ${range.firstColumn}`, range]));
  }

  keep(row: number, column: number, value: Uint8Array): void {
    const range = this.#ranges.get(`${row} ${column}`);
    if (range !== undefined) this.#values.set(range, Buffer.from(value));
  }

  value(row: number, column: number): Buffer | undefined {
    for (const [range, value] of this.#values) {
      if (range.lastRow < row) this.#values.delete(range);
      else if (row >= range.firstRow && column >= range.firstColumn && column <= range.lastColumn) return value;
    }
    return undefined;
  }
}
