// Files as they come: a large spreadsheet, and a folder of many small ones.
import type { Figure, SuiteOptions } from "../harness/figure.ts";
import { folderFigures } from "./folder.ts";
import { spreadsheetFigures } from "./spreadsheet.ts";

export async function* filesSuite({ rows = 1_000_000 }: SuiteOptions): AsyncGenerator<Figure> {
  yield* spreadsheetFigures(rows);
  yield* folderFigures(Math.ceil(rows / 10));
}
