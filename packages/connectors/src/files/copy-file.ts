// Copies a file into the object store, piece by piece, and proves that it did not change meanwhile. Nothing is stored of a file that is refused.
import { createHash } from "node:crypto";
import { open, stat, type FileHandle } from "node:fs/promises";
import { isMillraceError, MillraceError, type ObjectRef, type ObjectStore, type PutOptions } from "@millrace/core";
import type { ContentCheck } from "./encoding-check.ts";
import { modifiedMicros, systemCode, inaccessible, type FoundFile } from "./list-files.ts";

const pieceBytes = 1024 * 1024;

/** @throws MillraceError file-changed, file-inaccessible, what the check throws, storage-* */
export async function copyFile(
  file: FoundFile,
  { objects, check, ...options }: PutOptions & { readonly objects: ObjectStore; readonly check: ContentCheck },
): Promise<ObjectRef> {
  try {
    return await objects.put(checkedContent(file, check), options);
  } finally {
    check.dispose();
  }
}

/** SHA-256 of a file, hex. @throws MillraceError file-changed, file-inaccessible */
export async function hashFile(file: FoundFile): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of content(file)) hash.update(piece);
  return hash.digest("hex");
}

async function* checkedContent(file: FoundFile, check: ContentCheck): AsyncGenerator<Uint8Array> {
  for await (const piece of content(file)) {
    await check.push(piece);
    yield piece;
  }
  await check.end();
}

/** The bytes of exactly this version of the file. */
async function* content(file: FoundFile): AsyncGenerator<Uint8Array> {
  const handle = await open(file.absolute).catch((thrown: unknown) => {
    throw systemCode(thrown) === "ENOENT" ? changed(file, "it is gone") : inaccessible(thrown, file.absolute);
  });
  try {
    await demandSame(file, handle);
    let bytes = 0;
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(pieceBytes);
      const { bytesRead } = await handle.read(piece, 0, pieceBytes, bytes);
      if (bytesRead === 0) break;
      bytes += bytesRead;
      if (bytes > file.size) throw changed(file, "it grew");
      yield piece.subarray(0, bytesRead);
    }
    if (bytes !== file.size) throw changed(file, "it shrank");
    await demandSame(file, handle);
  } catch (thrown) {
    if (systemCode(thrown) === undefined || isMillraceError(thrown)) throw thrown;
    throw inaccessible(thrown, file.absolute);
  } finally {
    await handle.close();
  }
}

/** Neither the open file nor what stands under its name now is another than the listed one. */
async function demandSame(file: FoundFile, handle: FileHandle): Promise<void> {
  const opened = await handle.stat({ bigint: true });
  const named = await stat(file.absolute, { bigint: true }).catch(() => undefined);
  if (named === undefined || named.ino !== opened.ino || named.dev !== opened.dev)
    throw changed(file, "it was replaced");
  if (Number(opened.size) !== file.size || modifiedMicros(opened) !== file.modifiedMicros)
    throw changed(file, "its size or time is another");
}

function changed(file: FoundFile, how: string): MillraceError {
  return new MillraceError("file-changed", `${file.path} changed while it was read: ${how}.`, {
    details: { path: file.path },
  });
}
