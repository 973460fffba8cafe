// What reads cells and what takes them: the scanner of sheet XML and the library's readers on one side; the header search and the writer of records
// on the other.

/** Takes the cells of a sheet in order of rows, then columns. Columns and rows count from 1, as people do. */
export interface CellSink {
  /** Begins a row. False: no more rows are wanted. */
  row(row: number): boolean;
  /** A number as its ASCII text between `from` and `to`, with the index of its cell style (0: none). */
  number(column: number, bytes: Uint8Array, from: number, to: number, style: number): void;
  /** A text of the shared table. */
  shared(column: number, index: number): void;
  text(column: number, text: string): void;
  /** A date, or a date and a time, in the spelling of ISO 8601. */
  moment(column: number, text: string): void;
  flag(column: number, value: boolean): void;
  /** A formula that failed, such as `#REF!`. */
  fault(column: number, text: string): void;
  endRow(): void;
}

/** Cells that are merged into one; the value is that of the first. */
export interface MergedCells {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}
