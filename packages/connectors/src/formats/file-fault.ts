// The refusals of files whose inside is not what it should be: coded, and naming the file.
import { MillraceError, type ErrorCode } from "@millrace/core";

export type FileFaultCode = Extract<ErrorCode, `file-${string}`>;

/** A part of a file, for messages. */
export interface FilePart {
  /** As the ledger names the file. */
  readonly path: string;
  /** Such as `sheet "Sales"`. */
  readonly part: string;
}

/** @param place as the ledger names the file, or a part of it @param problem continues it: `drop/a.xlsx` + `is empty` */
export function fileFault(
  code: FileFaultCode,
  place: string | FilePart,
  problem: string,
  cause?: unknown,
): MillraceError {
  const path = typeof place === "string" ? place : place.path;
  const shown = typeof place === "string" ? path : `${path} (${place.part})`;
  return new MillraceError(code, `${shown} ${problem}.`, {
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
