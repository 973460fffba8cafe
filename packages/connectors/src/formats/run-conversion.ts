// Runs a conversion, or a look into a file before it; inside a thread of its own (see formats-worker.ts).
import { closeSync, openSync } from "node:fs";
import { ByteFile } from "./byte-file.ts";
import type { Conversion, ConversionInput } from "./conversion.ts";
import { convertSheet } from "./sheets/convert-sheet.ts";

/** Writes the converted form into `target`, which is there and empty. @throws MillraceError file-* */
export async function runConversion(input: ConversionInput, conversion: Conversion, target: string): Promise<void> {
  const opened = openSync(target, "w");
  try {
    const file = new ByteFile({ file: opened, path: input.path, originalBytes: input.bytes });
    await convertSheet(input, conversion, file);
    file.end();
  } finally {
    closeSync(opened);
  }
}
