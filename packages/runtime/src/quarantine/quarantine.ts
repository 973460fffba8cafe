// Quarantine as people see it: rows, counts, what can be done to rows and what came of it. Part of the platform's public face.
import type { VerdictCode } from "@millrace/core";

/** `quarantined = open + held + readmitted + discarded`, at any moment. */
export interface QuarantineCounts {
  readonly open: bigint;
  readonly held: bigint;
  readonly readmitted: bigint;
  readonly discarded: bigint;
}

export interface QuarantinedRow {
  readonly batch: bigint;
  readonly row: bigint;
  readonly channel: string;
  readonly table: string;
  readonly codes: readonly VerdictCode[];
  readonly reasons: readonly string[];
  readonly state: string;
  /** The original record; values of PII columns are replaced by "[pii]" unless asked for. */
  readonly original: string;
  /** The record as someone repaired it; it goes through the contract in place of the original. */
  readonly repaired?: string;
  readonly objectKey: string;
  /** Place in the raw object, from 1; 0 stands for the whole object. */
  readonly position: bigint;
}

/** One thing that someone did to rows. */
export interface QuarantineAction {
  readonly id: string;
  readonly kind: "fix" | "readmit" | "discard";
  readonly table: string;
  readonly by: string;
  readonly reason: string;
  /** What was changed, without values of records. */
  readonly change?: unknown;
  readonly rows: bigint;
  readonly readmitted: bigint;
  readonly startedMs: number;
}

export interface QuarantinedRowHistory extends QuarantinedRow {
  /** Newest first. */
  readonly actions: readonly QuarantineAction[];
}

export interface QuarantineFilter {
  readonly table?: string;
  readonly channel?: string;
  readonly code?: string;
  readonly state?: string;
  readonly batch?: bigint;
  /** Behind this row, in the order of the list. */
  readonly after?: { readonly batch: bigint; readonly row: bigint };
  readonly showPii?: boolean;
  readonly limit: number;
}

/** Which open and held rows are meant; at least one field, and all rows in one table. */
export interface QuarantineSelection {
  readonly table?: string;
  readonly channel?: string;
  readonly code?: string;
  readonly batch?: bigint;
  /** Only with `batch`. */
  readonly row?: bigint;
  /** SQL predicate over the contract's columns, which hold the text of the record (JSON for nested types). */
  readonly where?: string;
}

export type QuarantineChange =
  /** New value per column: an SQL expression over the contract's columns, as in `where`. */
  | { readonly kind: "sql"; readonly set: Readonly<Record<string, string>> }
  /** New text per column; null takes the value away. */
  | { readonly kind: "values"; readonly set: Readonly<Record<string, string | null>> }
  /** Whole new records of single rows, as objects of source fields. */
  | {
      readonly kind: "records";
      readonly records: readonly { readonly batch: bigint; readonly row: bigint; readonly record: unknown }[];
      /** Where they come from, for the record of what was done. */
      readonly source?: string;
    };

export interface QuarantineRequest {
  /** Asked again under the same id, what was done is answered and not done again. */
  readonly id: string;
  readonly kind: QuarantineAction["kind"];
  readonly selection: QuarantineSelection;
  /** Of a fix alone. */
  readonly change?: QuarantineChange;
  /** A fix that goes on to re-admit. */
  readonly readmit?: boolean;
  /** Tries everything in transactions that are rolled back. */
  readonly dryRun?: boolean;
  readonly by: string;
  /** Required to discard. */
  readonly reason?: string;
}

export interface QuarantineSample {
  readonly batch: bigint;
  readonly row: bigint;
  /** Personal data is hidden. */
  readonly before: string;
  readonly after: string;
  readonly state: string;
  readonly codes: readonly VerdictCode[];
}

export interface QuarantineOutcome {
  readonly id: string;
  readonly kind: QuarantineAction["kind"];
  /** Nothing was written. */
  readonly dryRun: boolean;
  readonly table?: string;
  /** Rows that were taken in hand. */
  readonly rows: bigint;
  /** Of those, rows that are trusted now (in a dry run: that would be). */
  readonly readmitted: bigint;
  /** What the others still fail, most frequent first; a row may fail several. Absent when nothing was judged. */
  readonly failing?: readonly { readonly code: VerdictCode; readonly rows: bigint }[];
  /** The first rows, of a dry run alone. */
  readonly samples?: readonly QuarantineSample[];
}
