// The entry of the intake: looks into a stored file, and tells how its records will be made.
import type { ContractDefinition } from "@millrace/core";
import type { SheetConversion } from "./conversion.ts";
import { runJob, type JobOptions } from "./format-threads.ts";
import type { SheetOptions } from "./sheets/inspect-sheet.ts";

export interface FileToInspect {
  /** A file with its bytes. */
  readonly local: string;
  /** As the ledger names it. */
  readonly path: string;
  readonly contract: ContractDefinition;
  readonly options: SheetOptions;
}

/** @throws MillraceError file-sheet, file-header, file-columns, file-unreadable, file-truncated, file-encrypted, file-too-large */
export async function inspectFile(file: FileToInspect, options: JobOptions): Promise<SheetConversion> {
  return (await runJob({ kind: "inspect-sheet", ...file }, options)) as SheetConversion;
}
