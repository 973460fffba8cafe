// Options of `files()` that belong to one family of formats: what authors write about the inside of their files.

/** What is done about merged cells among the records of a spreadsheet, of which only the first has a value. */
export type MergedCellsOption = "refuse" | "first" | "fill";

export interface FormatOptions {
  /** Spreadsheets: name (also with `*` and `?` for several sheets of the same columns) or number from 1. Default: the only sheet that is not hidden. */
  readonly sheet?: string | number;
  /** Spreadsheets: where to look, such as `B4:H200`, `B4:H` or `B:H`. Default: the whole sheet. */
  readonly range?: string;
  /** Spreadsheets: row of the header, or its first row. Default: the one row among the first 100 that names what the contract requires. */
  readonly headerRow?: number;
  /** Spreadsheets: rows that the header takes; their texts are joined, and merged cells count for each of their columns. Default: 1. */
  readonly headerRows?: number;
  /** Spreadsheets: what stands between the joined texts. Default: a space. */
  readonly headerJoin?: string;
  /** Spreadsheets: merged cells among the records. `refuse` (default) the file; the `first` cell alone has the value; `fill` all of them. */
  readonly mergedCells?: MergedCellsOption;
  /**
   * Text: its encoding, such as `windows-1252`, `shift_jis` or `utf-16le`. Default: UTF-8, or UTF-16 where the file begins so; XML may declare its own. A
   * byte that is not of the encoding refuses the file.
   */
  readonly encoding?: string;
  /** Fixed width: where the cells of a line stand, and which lines are no records. */
  readonly fixedWidth?: FixedWidthOptions;
}

export interface FixedWidthOptions {
  /** `start` counts characters from 1; blanks around a cell are not part of it. */
  readonly columns: readonly { readonly name: string; readonly start: number; readonly width: number }[];
  /** Lines at the beginning of the file. Default: 0. */
  readonly headerLines?: number;
  /** Lines at its end. Default: 0. */
  readonly trailerLines?: number;
}
