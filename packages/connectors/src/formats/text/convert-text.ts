// Text in another encoding becomes the same text in UTF-8, which is what the engine reads.
import type { ByteFile } from "../byte-file.ts";
import type { ConversionInput, TextConversion } from "../conversion.ts";
import { textPieces } from "./text-source.ts";

/** @throws MillraceError file-encoding, file-unreadable, file-too-large */
export async function convertText(input: ConversionInput, { encoding }: TextConversion, file: ByteFile): Promise<void> {
  for await (const text of textPieces(input, encoding)) {
    file.text(text);
    file.settle();
  }
}
