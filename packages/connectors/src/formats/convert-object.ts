// The entry of the loader: converts a raw object into what the engine reads.
import { originColumn, type ContractDefinition, type ConvertedFormat, type EngineFormat } from "@millrace/core";
import type { Conversion, ConversionInput, FixedConversion } from "./conversion.ts";
import { runJob, type JobOptions } from "./format-threads.ts";
import { sheetFormat } from "./sheets/sheet-format.ts";

/** How the engine reads the converted form of originals in this format. */
export function convertedAs(format: ConvertedFormat, contract: ContractDefinition): EngineFormat {
  const conversion = format.conversion as unknown as Conversion;
  switch (conversion.kind) {
    case "sheet":
      return sheetFormat(conversion, contract);
    case "text":
      return conversion.format;
    case "fixed":
      return fixedFormat(conversion);
    case "xml":
      return { kind: "ndjson" };
  }
}

/**
 * Writes the converted form of one original into the file `target`; the same original and format give the same bytes.
 *
 * @throws MillraceError of kind user where the original is at fault (file-unreadable, file-header, file-merged-cells, ...)
 */
export async function convertObject(
  input: ConversionInput,
  format: ConvertedFormat,
  { target, ...options }: JobOptions & { readonly target: string },
): Promise<void> {
  await runJob({ kind: "convert", input, conversion: format.conversion as unknown as Conversion, target }, options);
}

function fixedFormat({ columns, nullTokens }: FixedConversion): EngineFormat {
  return {
    kind: "csv",
    delimiter: ",",
    quote: '"',
    columns: [...columns.map(({ name }) => name), originColumn],
    header: false,
    nullTokens,
    traced: {},
  };
}
