// DuckDB's plain errors become coded ones, by the class that begins their message.
import { MillraceError, type ErrorCode } from "@millrace/core";

const codes: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no space left|disk full/i, "storage-full"],
  [/^IO Error: (?:Could not (?:write|fsync|truncate)|.*(?:write|fsync|sync))|^FATAL/i, "storage-failed"],
  [/^Out of Memory Error/, "warehouse-out-of-memory"],
  [/^TransactionContext Error|^Transaction(?:Manager)? Error|Conflict on|write-write conflict/i, "warehouse-conflict"],
  [/^INTERRUPT Error|Interrupted!/i, "cancelled"],
  [/^(?:Parser|Binder|Catalog|Not implemented) Error/i, "query-invalid"],
  [/^Permission Error/, "query-refused"],
  [/^INTERNAL Error/, "internal"],
];

/** Coded errors pass unchanged. The engine's text is kept; its stack traces and candidate listings are cut. */
export function fromEngineError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const code = codes.find(([pattern]) => pattern.test(text))?.[1] ?? "query-failed";
  const position = /\bat character (\d+)|\bLINE (\d+):/.exec(text);
  const message = text.split("\n\nStack Trace")[0]?.slice(0, 2000) ?? text;
  return new MillraceError(code, message, {
    cause: thrown,
    ...(position?.[2] === undefined ? {} : { details: { line: Number(position[2]) } }),
  });
}

/** Errors after which nothing more may be written. */
export function isStorageError(error: MillraceError): boolean {
  return error.code === "storage-failed" || error.code === "storage-full" || error.code === "storage-poisoned";
}
