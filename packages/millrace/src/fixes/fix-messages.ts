// What crosses between a command and the worker that runs an author's fix.
import type { RawFailure } from "../project/raw-project.ts";

/** What a fix is told beside the record. */
export interface RejectedRow {
  readonly codes: readonly string[];
  readonly reasons: readonly string[];
  readonly batch: bigint;
  readonly row: bigint;
  /** The record as it came: JSON text, or the raw text where it could not be parsed. */
  readonly original: string;
}

/** One row for the function `fix(record, row)`; the record is null where the original is no JSON object. */
export interface FixTask {
  readonly record: Readonly<Record<string, unknown>> | null;
  readonly row: RejectedRow;
}

export type FixAnswer =
  | { readonly kind: "ready" }
  /** New records in the order of the tasks; undefined where the row stays as it is. */
  | { readonly kind: "fixed"; readonly records: readonly unknown[] }
  | { readonly kind: "failed"; readonly failure: RawFailure };
