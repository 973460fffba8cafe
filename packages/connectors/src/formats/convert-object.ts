// The entry of the loader: converts a raw object into what the engine reads.
import type { ContractDefinition, ConvertedFormat, EngineFormat } from "@millrace/core";
import type { Conversion, ConversionInput } from "./conversion.ts";
import { runJob, type JobOptions } from "./format-threads.ts";
import { sheetFormat } from "./sheets/sheet-format.ts";

/** How the engine reads the converted form of originals in this format. */
export function convertedAs(format: ConvertedFormat, contract: ContractDefinition): EngineFormat {
  return sheetFormat(format.conversion as unknown as Conversion, contract);
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
