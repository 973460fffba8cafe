// Runs a conversion, or a look into a file before it; inside a thread of its own (see formats-worker.ts).
import { closeSync, openSync } from "node:fs";
import { ByteFile } from "./byte-file.ts";
import type { Conversion, ConversionInput } from "./conversion.ts";
import { convertSheet } from "./sheets/convert-sheet.ts";
import { convertFixed } from "./text/convert-fixed.ts";
import { convertText } from "./text/convert-text.ts";
import { convertXml } from "./xml/convert-xml.ts";

/** Writes the converted form into `target`, which is there and empty. @throws MillraceError file-* */
export async function runConversion(input: ConversionInput, conversion: Conversion, target: string): Promise<void> {
  const opened = openSync(target, "w");
  try {
    const file = new ByteFile({ file: opened, path: input.path, originalBytes: input.bytes });
    await convert(input, conversion, file);
    file.end();
  } finally {
    closeSync(opened);
  }
}

function convert(input: ConversionInput, conversion: Conversion, file: ByteFile): Promise<void> {
  switch (conversion.kind) {
    case "sheet":
      return convertSheet(input, conversion, file);
    case "text":
      return convertText(input, conversion, file);
    case "fixed":
      return convertFixed(input, conversion, file);
    case "xml":
      return convertXml(input, conversion, file);
  }
}
