// What the loader asks of a warehouse for one batch: raw objects in, typed rows and quarantine out, counted.
import type { ContractDefinition, Severity, VerdictCode } from "../contract/contract.ts";
import type { LocalObject, ObjectRef } from "./object-store.ts";

/** How the warehouse's own readers make records of the bytes of an object. */
export type EngineFormat =
  | {
      readonly kind: "csv";
      readonly delimiter: string;
      readonly quote: string;
      /** Names of the columns in file order, read from the header or declared. */
      readonly columns: readonly string[];
      /** True when the first record is a header to skip. */
      readonly header: boolean;
      /** Cells with these texts are NULL; the empty unquoted cell always is. */
      readonly nullTokens: readonly string[];
      /**
       * There when a conversion wrote the file: the last of `columns` is then {@link originColumn}, and this tells by field the letters of its column in
       * the original, where that is a sheet.
       */
      readonly traced?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "ndjson" }
  /** One JSON document per object; records are the elements of the array at `path` (empty: the document itself is the array, or one record). */
  | { readonly kind: "json"; readonly path: readonly string[] }
  | { readonly kind: "parquet" };

/** Bytes that no engine reads, such as a workbook: they are converted, each time that they are loaded. The conversion is plain data of the connectors. */
export interface ConvertedFormat {
  readonly kind: "converted";
  readonly conversion: Readonly<Record<string, unknown>>;
}

/** How the bytes of an object become records. */
export type DecodeFormat = EngineFormat | ConvertedFormat;

/** Where a record stands in its original, as a field of the converted file and of what quarantine keeps: `Sheet1!17`, `line 17`. */
export const originColumn = "_origin";

/** Compression of the original bytes, on top of the store's own codec. */
export type ContentEncoding = "none" | "gzip" | "zstd";

export interface RawObject {
  readonly ref: ObjectRef;
  readonly encoding: ContentEncoding;
  readonly local: LocalObject;
}

export type WriteMode = "append" | "merge" | "replace";

/**
 * One row check, compiled from a contract: SQL over the typed columns; the row fails when it is FALSE (NULL passes). `received_at()` in it stands for
 * the moment when the batch was received.
 */
export interface RowCheck {
  readonly code: VerdictCode;
  readonly sql: string;
  /** False: never NULL in a row whose required columns have their values. Default true. */
  readonly nullable?: boolean;
  /** Columns whose values the reason may show (PII columns never are). */
  readonly columns: readonly string[];
}

/** A check over rows that pass: `warn` records how many fail it, `block` refuses the batch when one does. */
export interface WatchedCheck extends RowCheck {
  readonly severity: "warn" | "block";
}

/**
 * A check over several rows, judged after the row checks in the same transaction. Its SQL reads `batch_rows` (the rows that pass, in a merge the newest
 * of each key), `table_rows` (the rows that the table keeps beside them) and `other_rows` (the table `other`, empty while there is none), and may use
 * `received_at()`. The first two have the contract's columns; `batch_rows` also has `_row`, the row's position, from 1.
 */
export interface SetRule {
  readonly code: VerdictCode;
  /** `reject` only for `judges: "rows"`. */
  readonly severity: Severity;
  /** `rows`: selects `_row` of each row that fails; `whole`: one row with `passes` (NULL passes) and `found`, a text of what was measured. */
  readonly judges: "rows" | "whole";
  readonly sql: string;
  /** Columns whose values the reason may show (PII columns never are). */
  readonly columns: readonly string[];
  readonly other?: { readonly domain: string; readonly name: string; readonly columns: readonly string[] };
}

/**
 * A figure of the batch's rows that pass, compared with those of earlier batches, which the warehouse keeps in `millrace.rule_history`. A batch that is
 * re-admitted from quarantine is a part of others and is not judged.
 */
export interface HistoryRule {
  readonly code: VerdictCode;
  readonly severity: "warn" | "block";
  /** Aggregate over the rows that pass, a DOUBLE: measured in the scan of the watched checks. NULL is neither judged nor kept. */
  readonly measure?: string;
  /** In its place, for figures apart by value: a relation with `dimension` and `value` over `batch_rows` and `history_rows`. */
  readonly groups?: string;
  /**
   * Reads `measured` (`dimension`, `value`) and `history_rows` (`dimension`, `measured_at`, `value`), may use `received_at()`, and gives per dimension `dimension`,
   * `value`, `state` (passes | fails | training | new), `low`, `high` and `found`.
   */
  readonly sql: string;
}

/** Parent that must exist, else the row is held. */
export interface ReferenceCheck {
  readonly code: VerdictCode;
  readonly column: string;
  readonly parentDomain: string;
  readonly parentTable: string;
  readonly parentColumn: string;
}

/** A column whose source text is cleansed before it is converted: SQL over `"source_text"`. */
export interface CleansedColumn {
  readonly column: string;
  readonly sql: string;
}

export interface LoadVerdict {
  readonly cleansing?: readonly CleansedColumn[];
  /** A row that fails one goes to quarantine. */
  readonly rows: readonly RowCheck[];
  readonly watched?: readonly WatchedCheck[];
  readonly sets?: readonly SetRule[];
  readonly history?: readonly HistoryRule[];
  readonly references: readonly ReferenceCheck[];
}

export type LoadSource =
  | { readonly kind: "objects"; readonly objects: readonly RawObject[]; readonly format: EngineFormat }
  /** Open or held rows of quarantine go through the contract again; those that pass become trusted with their own `_seq`. */
  | { readonly kind: "quarantine"; readonly rows: readonly { readonly batch: bigint; readonly row: bigint }[] };

export interface LoadRequest {
  readonly batch: bigint;
  readonly channel: string;
  readonly domain: string;
  readonly contract: ContractDefinition;
  readonly verdict: LoadVerdict;
  readonly write: WriteMode;
  readonly source: LoadSource;
  /** `_seq` of rows without a version column: first receipt, microseconds, strictly growing per warehouse. */
  readonly receivedSeq: bigint;
  /** Batches whose rows this one replaces (a rewritten file): their trusted rows leave in the same transaction. */
  readonly replacesBatches: readonly bigint[];
  /** Rows that leave the table are kept beside it (see replacedRowsKey), so that incremental models find the keys they counted for. */
  readonly keepReplaced: boolean;
}

/** `received = accepted + quarantined + duplicate`, always. `held` is the part of `quarantined` that waits for a parent. */
export interface LoadResult {
  readonly received: bigint;
  readonly accepted: bigint;
  readonly quarantined: bigint;
  readonly duplicate: bigint;
  readonly held: bigint;
  /** Earlier rows that this batch removed or replaced. */
  readonly replaced: bigint;
  /** The contract with the columns that the batch's data brought (evolution `evolve`); absent when it brought none. */
  readonly grown?: ContractDefinition;
}
