// Tells what a failure of the file system means for the caller.
import { MillraceError } from "@millrace/core";

export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** `storage-full` when there is no space, `storage-failed` for every other error of the system; coded errors pass unchanged. */
export function fileError(thrown: unknown, path: string): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const code = systemCode(thrown);
  const full = code === "ENOSPC" || code === "EDQUOT";
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError(full ? "storage-full" : "storage-failed", text, { cause: thrown, details: { path, code } });
}
