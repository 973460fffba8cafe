// A large workbook to a checked table, beside the same rows as CSV through the same platform, and beside a library that makes objects of a tenth of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, rounded, toMiB, type Figure } from "../harness/figure.ts";
import { measured, type Measured } from "../harness/measured-process.ts";
import type { SheetInput, SheetOutcome } from "./measure-sheet.ts";
import { sheetTruth, writeCsv, writeXlsx } from "./sheet-sample.ts";

const script = fileURLToPath(import.meta.resolve("./measure-sheet.ts"));
const suite = "files";
const goalS = 15;
const peakMiBMax = 1024;
/** The library holds a workbook as a whole, so it reads a smaller one. */
const libraryShare = 10;

/** @param rows of ten columns, one in a hundred with a text where its price belongs */
export async function* spreadsheetFigures(rows: number): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const small = Math.ceil(rows / libraryShare);
    await writeXlsx(join(folder, "large.xlsx"), rows);
    await writeXlsx(join(folder, "small.xlsx"), small);
    writeCsv(join(folder, "large.csv"), rows);
    const sheet = await measure(folder, "platform", "large.xlsx");
    const csv = await measure(folder, "platform", "large.csv");
    const library = await measure(folder, "library", "small.xlsx");
    verify(sheet, rows);
    verify(csv, rows);
    if (library.result.records !== small)
      throw new Error(`the library found ${library.result.records} records, not ${small}`);
    const name = `XLSX of ${rows} rows, 10 columns, to a checked table`;
    const seconds = rounded(sheet.result.seconds);
    const holds = rows > 1_000_000 ? {} : { goal: `<= ${goalS}`, holds: seconds <= goalS };
    yield { suite, name, value: seconds, unit: "s", ...holds };
    yield { suite, name: `${name}, processor time`, value: rounded(sheet.result.cpuSeconds), unit: "s" };
    const peak = toMiB(sheet.peakBytes);
    yield {
      suite,
      name: `${name}, peak memory`,
      value: peak,
      unit: "MiB",
      goal: `<= ${peakMiBMax}`,
      holds: peak <= peakMiBMax,
    };
    yield compared(`${name}, against CSV`, sheet, {
      other: csv,
      otherName: "the same rows as CSV through the same platform",
    });
    const otherName = `@e965/xlsx making objects of ${small} rows, unchecked and without a table`;
    yield compared(`${name}, against a library`, sheet, { other: library, otherName });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, subject: SheetInput["subject"], file: string): Promise<Measured<SheetOutcome>> {
  const input: SheetInput = { subject, folder, file, dataFolder: join(folder, `data-${file}`) };
  return measured<SheetOutcome>(script, input);
}

function compared(
  name: string,
  { result }: Measured<SheetOutcome>,
  { other, otherName }: { readonly other: Measured<SheetOutcome>; readonly otherName: string },
): Figure {
  return againstBaseline(
    { suite, name, unit: "rows/s" },
    {
      subject: result.records / result.seconds,
      baseline: other.result.records / other.result.seconds,
      baselineName: otherName,
    },
  );
}

/** Every row in its place with its value, no value lost, every bad cell named. */
function verify({ result: { found, named, nulls } }: Measured<SheetOutcome>, rows: number): void {
  const truth = sheetTruth(rows);
  const isRight = JSON.stringify(found) === JSON.stringify(truth) && nulls === 0 && named === truth.quarantined;
  if (isRight) return;
  throw new Error(
    `found ${JSON.stringify(found)} with ${nulls} values missing and ${named} cells named; ${JSON.stringify(truth)} is right`,
  );
}
