// Tells what a failure of SQLite means for the caller: disk full, broken disk, damaged file, taken by another process.
import { MillraceError, type ErrorCode } from "@millrace/core";

/** Primary result codes of https://www.sqlite.org/rescode.html; the low byte of an extended code. */
const meanings: Readonly<Record<number, ErrorCode>> = {
  5: "deadline-exceeded",
  6: "deadline-exceeded",
  8: "storage-failed",
  10: "storage-failed",
  11: "data-folder-invalid",
  13: "storage-full",
  14: "storage-failed",
  26: "data-folder-invalid",
};

function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return undefined;
  return thrown.errcode & 0xff;
}

/** True when another connection holds the lock that was asked for. */
export function isSqliteBusy(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === 5 || code === 6;
}

/** A coded error for anything that SQLite throws; coded errors pass unchanged. */
export function sqliteError(thrown: unknown, file: string): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const primary = primaryCode(thrown);
  const code = primary === undefined ? "internal" : (meanings[primary] ?? "internal");
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError(code, `${file}: ${text}.`, { cause: thrown, details: { file } });
}
