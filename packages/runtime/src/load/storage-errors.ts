// Which errors mean that storage can no longer be trusted with writes: everything stops then, as against one damaged object or one mismatched cursor.
import type { ErrorCode, MillraceError } from "@millrace/core";

const codes: readonly ErrorCode[] = ["storage-failed", "storage-full", "storage-poisoned"];

export function isStorageError(error: MillraceError): boolean {
  return codes.includes(error.code);
}
