// The bytes of a stored original as UTF-8 text, whatever its compression and encoding. A byte that is not of the encoding is refused, never replaced.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { decodeZstd, isMillraceError } from "@millrace/core";
import type { ConversionInput } from "../conversion.ts";
import { fileFault } from "../file-fault.ts";

const pieceBytes = 512 * 1024;

/** Pieces of text, never cut inside of a character; without byte order mark. @throws MillraceError file-encoding, file-truncated, file-unreadable */
export async function* textPieces(input: ConversionInput, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  const decoded = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw fileFault("file-encoding", input.path, `has bytes behind line ${line} that are not ${encoding}`);
    }
  };
  for await (const bytes of originalBytes(input)) {
    const text = decoded(bytes);
    yield text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line += 1;
  }
  yield decoded(undefined);
}

async function* originalBytes({ encoding, local, path, stored }: ConversionInput): AsyncGenerator<Uint8Array> {
  const damaged = (reason: string): Error => fileFault("file-unreadable", path, `is damaged: ${reason}`);
  const file = createReadStream(local, { highWaterMark: pieceBytes });
  const kept: AsyncIterable<Uint8Array> = stored === "zstd" ? decodeZstd(file, damaged) : file;
  try {
    if (encoding === "zstd") yield* decodeZstd(kept, damaged);
    // Errors reach the reader of the result; the callback is there because pipeline asks for one.
    else if (encoding === "gzip") yield* pipeline(kept, createGunzip({ chunkSize: pieceBytes }), () => undefined);
    else yield* kept;
  } catch (thrown) {
    if (isMillraceError(thrown)) throw thrown;
    throw damaged(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
