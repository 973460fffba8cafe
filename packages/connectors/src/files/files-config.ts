// What `files()` takes and keeps: options as authors write them, and the config that the reader opens.
import type { EnvRef, Trigger } from "@millrace/core";
import type { IntoOptions } from "../authoring/declare-channel.ts";
import type { Setting } from "../authoring/references.ts";
import type { FormatOptions } from "./format-options.ts";
import type { PlaceConfig } from "./places/place-config.ts";

export type FileFormat = "csv" | "ndjson" | "json" | "parquet" | "xlsx" | "xls" | "ods" | "xml" | "fixed";

/** When a file is complete. */
export type Readiness =
  /** A marker beside the file that is not older than it. `{name}` in the marker's name stands for the file's name. */
  | { readonly kind: "marker"; readonly name: string }
  /** Size and modification time stood still for this long. */
  | { readonly kind: "quiet-period"; readonly period: string }
  /** A manifest beside the files names them, with checksums, sizes or numbers of records. `{name}` stands for the file's name. */
  | { readonly kind: "manifest"; readonly name: string };

/** What becomes of the rows of a file that was deleted. */
export type OnDelete = "keep" | "remove";

/** What happens to a file after its rows are committed. */
export type AfterLoad = "keep" | "delete" | { readonly kind: "archive"; readonly folder: string };

/** What a file with new content under a known path does. */
export type OnRewrite = "replace" | "append" | "reject";

export interface FilesOptions extends IntoOptions, FormatOptions {
  /** Where the files stand: `http({...})`, `sftp({...})`. Default: a folder of this machine. */
  readonly from?: PlaceConfig;
  /** Folder that the pattern starts from. Default: the project's folder; a relative one starts there. */
  readonly folder?: Setting;
  /** When a file is complete. Default: `quietPeriod("2s")`. */
  readonly ready?: Readiness;
  /** Default: `on-arrival`; `5m` for `http` and `sftp`, which cannot tell of arrivals. */
  readonly every?: Trigger;
  /**
   * When something must have arrived, else the channel is late (status, metric, log, notice): `07:30 Europe/Berlin`, `mon-fri 07:30 Europe/Berlin`, or an
   * interval such as `24h`. What came since the midnight before the time counts.
   */
  readonly expectedBy?: string;
  /**
   * Default: from the extension of each file: `.csv`, `.tsv`, `.ndjson`, `.jsonl`, `.json`, each also with `.gz` or `.zst`; `.parquet`, `.xlsx`, `.xlsm`,
   * `.xls`, `.ods`; `.xml`. Fixed width (`fixed`) is always declared.
   */
  readonly format?: FileFormat;
  /**
   * A file that was loaded before and has new content. `replace` (default): the rows of its earlier version leave in the same transaction.
   * `append`: both stay. `reject`: the file is refused with file-rewritten.
   */
  readonly onRewrite?: OnRewrite;
  /**
   * A file that was loaded and is not there any more. `keep` (default): its rows stay, and the ledger notes it. `remove`: its rows leave the table in one
   * transaction; not with `write: "merge"`, where rows that it replaced would not come back.
   */
  readonly onDelete?: OnDelete;
  /** Once the file's rows are committed: it stays (default), goes to a folder, or is deleted. */
  readonly after?: AfterLoad;
  /** CSV: one character. Default: found in the first line, among comma, semicolon, tab and vertical bar. */
  readonly delimiter?: string;
  /** CSV: one character, or "" when cells are never quoted. Default: a double quote. */
  readonly quote?: string;
  /** CSV and spreadsheets: whether a line or row names the columns. Default: true. */
  readonly header?: boolean;
  /** CSV and spreadsheets without header: names in file order. Default: the contract's columns in their order. */
  readonly columns?: readonly string[];
  /** CSV and spreadsheets: texts that mean NULL, beside the empty cell. Default: none. */
  readonly nullTokens?: readonly string[];
  /** JSON: path of the array of records in the document. Default: `$`, the document itself. XML: path of the records' elements, such as `/catalog/item`. */
  readonly records?: string;
  /** With `on-arrival`: looks again after this time even when the system reported no change. Default: `1m`. */
  readonly rescan?: string;
}

/** Config of a files channel: the options with defaults, without those that the declaration keeps beside it. */
export interface FilesConfig extends FormatOptions {
  readonly from?: PlaceConfig;
  readonly pattern: string;
  readonly folder?: string | EnvRef;
  readonly ready: Readiness;
  readonly format?: FileFormat;
  readonly onRewrite: OnRewrite;
  readonly onDelete?: OnDelete;
  readonly after?: AfterLoad;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
  readonly columns?: readonly string[];
  readonly nullTokens?: readonly string[];
  readonly records?: string;
  readonly rescan?: string;
}
