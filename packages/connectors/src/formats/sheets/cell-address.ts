// Addresses of cells as people write them: `C17`, `B4:H200`, `B:H`.

/** The last row and column that a sheet may have. */
export const sheetBounds = { rows: 1_048_576, columns: 16_384 } as const;

/** Rows and columns from 1, both ends included. */
export interface CellRange {
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
}

export const wholeSheet: CellRange = {
  firstRow: 1,
  lastRow: sheetBounds.rows,
  firstColumn: 1,
  lastColumn: sheetBounds.columns,
};

const rangePattern = /^\$?([A-Z]{0,3})\$?(\d{0,7})(?::\$?([A-Z]{0,3})\$?(\d{0,7}))?$/;

/** `A` is 1, `AA` is 27. */
export function columnNumber(letters: string): number {
  let number = 0;
  for (const letter of letters) number = number * 26 + letter.charCodeAt(0) - 64;
  return number;
}

export function columnLetters(column: number): string {
  let letters = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

/** `B4:H200`, `B4:H` (to the last row), `B:H`, `4:200`. @throws RangeError with the reason */
export function parseRange(text: string): CellRange {
  const [matched, ...parts] = rangePattern.exec(text.trim().toUpperCase()) ?? [];
  if (matched === undefined || matched === "") throw new RangeError('is a range such as "B4:H200", "B4:H" or "B:H"');
  const [firstLetters, firstRow, lastLetters, lastRow] = parts.map((part) => (part === "" ? undefined : part));
  const range = {
    firstRow: Number(firstRow ?? 1),
    lastRow: Number(lastRow ?? sheetBounds.rows),
    firstColumn: firstLetters === undefined ? 1 : columnNumber(firstLetters),
    lastColumn: lastLetters === undefined ? sheetBounds.columns : columnNumber(lastLetters),
  };
  const backwards = range.firstRow > range.lastRow || range.firstColumn > range.lastColumn;
  const outside = range.firstRow < 1 || range.lastRow > sheetBounds.rows || range.lastColumn > sheetBounds.columns;
  if (backwards || outside) throw new RangeError(`ends before it begins, or outside of what a sheet can hold: ${text}`);
  return range;
}

/** A reference that the file itself holds, such as that of merged cells; undefined when it is none. */
export function parseReference(text: string): CellRange | undefined {
  const [first = "", last = first] = text.split(":");
  const [, firstLetters, firstRow] = /^([A-Z]{1,3})(\d{1,7})$/.exec(first) ?? [];
  const [, lastLetters, lastRow] = /^([A-Z]{1,3})(\d{1,7})$/.exec(last) ?? [];
  if (firstLetters === undefined || lastLetters === undefined) return undefined;
  return {
    firstRow: Number(firstRow),
    lastRow: Number(lastRow),
    firstColumn: columnNumber(firstLetters),
    lastColumn: columnNumber(lastLetters),
  };
}
