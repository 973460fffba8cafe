// Lines whose cells stand at fixed places become CSV, with the number of their line.
import type { ByteFile } from "../byte-file.ts";
import type { ConversionInput, FixedConversion } from "../conversion.ts";
import { csvCell } from "../csv-cell.ts";
import { fileFault } from "../file-fault.ts";
import { textPieces } from "./text-source.ts";

const lineCharsMax = 1024 * 1024;

interface Line {
  readonly number: number;
  readonly text: string;
}

/** @throws MillraceError file-encoding, file-unreadable, file-too-large */
export async function convertFixed(input: ConversionInput, conversion: FixedConversion, file: ByteFile): Promise<void> {
  const { headerLines, trailerLines } = conversion;
  // The last lines may be the trailer: each waits until as many have come behind it.
  const held: Line[] = [];
  for await (const line of lines(input, conversion.encoding)) {
    if (line.number <= headerLines || line.text.trim() === "") continue;
    held.push(line);
    const next = held.length > trailerLines ? held.shift() : undefined;
    if (next !== undefined) writeLine(next, conversion, file);
  }
}

function writeLine({ number, text }: Line, { columns }: FixedConversion, file: ByteFile): void {
  const cells = columns.map(({ start, width }) => csvCell(text.slice(start - 1, start - 1 + width).trim()));
  file.text(`${cells.join(",")},line ${number}\n`);
  file.settle();
}

async function* lines(input: ConversionInput, encoding: string): AsyncGenerator<Line> {
  let rest = "";
  let number = 0;
  for await (const piece of textPieces(input, encoding)) {
    const parts = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? "";
    if (rest.length > lineCharsMax)
      throw fileFault(
        "file-unreadable",
        input.path,
        `has a line of more than ${lineCharsMax} characters behind line ${number}`,
      );
    for (const text of parts) yield { number: (number += 1), text };
  }
  if (rest !== "") yield { number: number + 1, text: rest };
}
