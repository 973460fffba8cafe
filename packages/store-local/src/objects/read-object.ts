// The original bytes of a stored object, checked against the hash that names it.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { decodeZstd, MillraceError, type ObjectRef } from "@millrace/core";
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

function decoded(path: string, ref: ObjectRef): AsyncIterable<Uint8Array> {
  const stored: AsyncIterable<Uint8Array> = createReadStream(path, { highWaterMark: frameBytes });
  return ref.codec === "none"
    ? stored
    : decodeZstd(stored, (reason, cause) => damaged(ref, `is damaged: ${reason}`, cause));
}

function readError(thrown: unknown, path: string, ref: ObjectRef): MillraceError {
  return systemCode(thrown) === "ENOENT" ? missing(ref.key, thrown) : fileError(thrown, path);
}

export function missing(key: string, cause?: unknown): MillraceError {
  return new MillraceError("object-missing", `Object ${key} is not in the store.`, { cause, details: { key } });
}

function damaged(ref: ObjectRef, found: string, cause?: unknown): MillraceError {
  const message = `Object ${ref.key} ${found}; expected ${ref.bytes} bytes with hash ${ref.sha256}.`;
  return new MillraceError("object-damaged", message, { cause, details: { key: ref.key } });
}
