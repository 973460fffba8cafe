// Reads a local file piece by piece and proves that it did not change meanwhile.
import { open, stat, type FileHandle } from "node:fs/promises";
import { isMillraceError, MillraceError } from "@millrace/core";
import { modifiedMicros, systemCode, inaccessible } from "./list-files.ts";
import type { FoundFile } from "./place.ts";

const pieceBytes = 1024 * 1024;

/** The bytes of exactly this version of the file. @throws MillraceError file-changed, file-inaccessible */
export async function* localContent(file: FoundFile): AsyncGenerator<Uint8Array> {
  const handle = await open(file.absolute).catch((thrown: unknown) => {
    throw systemCode(thrown) === "ENOENT" ? changed(file, "it is gone") : inaccessible(thrown, file.absolute);
  });
  try {
    await demandSame(file, handle);
    let bytes = 0;
    for (;;) {
      // One byte more than there should be tells that the file grew.
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, file.size - bytes + 1));
      const { bytesRead } = await handle.read(piece, 0, piece.byteLength, bytes);
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

/** What tells that another version, or none, stands under the name now. */
export function changed(file: FoundFile, how: string): MillraceError {
  return new MillraceError("file-changed", `${file.path} changed while it was read: ${how}.`, {
    details: { path: file.path },
  });
}
