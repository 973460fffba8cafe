// The original bytes of a stored object, checked against the hash that names it.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createZstdDecompress } from "node:zlib";
import { MillraceError, type ObjectRef } from "@millrace/core";
import { fileError, systemCode } from "../files/file-errors.ts";
import { frameBytes } from "./frames.ts";

/** @throws object-missing, object-damaged (at the end at the latest), storage-failed */
export async function* readObject(path: string, ref: ObjectRef): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of decoded(path, ref)) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (thrown) {
    throw readError(thrown, path, ref);
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== ref.sha256) throw damaged(ref, `has ${bytes} bytes with hash ${sha256}`);
}

async function* decoded(path: string, ref: ObjectRef): AsyncGenerator<Uint8Array> {
  const stored = createReadStream(path, { highWaterMark: frameBytes });
  if (ref.codec === "none") return yield* stored as AsyncIterable<Uint8Array>;
  const decompress = createZstdDecompress({ chunkSize: 256 * 1024 });
  stored.on("error", (error) => decompress.destroy(error));
  try {
    yield* stored.pipe(decompress) as AsyncIterable<Uint8Array>;
  } finally {
    stored.destroy();
    decompress.destroy();
  }
}

function readError(thrown: unknown, path: string, ref: ObjectRef): MillraceError {
  const code = systemCode(thrown) ?? "";
  if (code === "ENOENT") return missing(ref.key, thrown);
  // Errors of the decoder: ZSTD_error_*, and a stream that ends inside a frame.
  if (code.startsWith("ZSTD_") || code.startsWith("Z_") || code.startsWith("ERR_ZSTD"))
    return damaged(ref, "cannot be decompressed", thrown);
  return fileError(thrown, path);
}

export function missing(key: string, cause?: unknown): MillraceError {
  return new MillraceError("object-missing", `Object ${key} is not in the store.`, { cause, details: { key } });
}

function damaged(ref: ObjectRef, found: string, cause?: unknown): MillraceError {
  const message = `Object ${ref.key} ${found}; expected ${ref.bytes} bytes with hash ${ref.sha256}.`;
  return new MillraceError("object-damaged", message, { cause, details: { key: ref.key } });
}
