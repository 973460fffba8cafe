// What `uploads()` takes and keeps.
import type { IntoOptions } from "../authoring/declare-channel.ts";
import type { EventsConfig } from "../events/events.ts";
import type { FileFormat, OnRewrite } from "../files/files-config.ts";
import type { FormatOptions } from "../files/format-options.ts";

/** How the rows of an uploaded data file are read. */
export interface UploadedRows extends FormatOptions {
  /** Default: from each file's extension. */
  readonly format?: FileFormat;
  /** What another content under a known name does. Default: `append`. */
  readonly onRewrite?: OnRewrite;
  /** CSV: one character. Default: found in the first line. */
  readonly delimiter?: string;
  /** CSV: whether the first line names the columns. Default: true. */
  readonly header?: boolean;
  /** CSV: texts that mean NULL, beside the empty cell. */
  readonly nullTokens?: readonly string[];
  /** JSON: path of the array of records in the document. */
  readonly records?: string;
  /** Largest content of a compressed file. Default: 1 GiB. */
  readonly unpackedBytesMax?: number;
}

export interface UploadsOptions extends IntoOptions, UploadedRows {
  /** `blobs` (default): one row per file, its content in the object store. `rows`: the records of data files, as files() loads them. */
  readonly as?: "blobs" | "rows";
  /** Types that are taken, such as `application/pdf` and `image/*`. Default: all. */
  readonly types?: readonly string[];
  /** Default: 100 MiB. */
  readonly fileBytesMax?: number;
  /** Files in one request. Default: 20. */
  readonly filesMax?: number;
  /** What becomes of a refused file's content. Default: `drop`. */
  readonly refused?: "drop" | "keep";
  /** For a whole request. Default: `15m`. */
  readonly timeout?: string;
  /** Without a byte. Default: `30s`. */
  readonly stall?: string;
}

export interface UploadsConfig extends EventsConfig {
  readonly as: "blobs" | "rows";
  readonly types?: readonly string[];
  readonly fileBytesMax: number;
  readonly filesMax: number;
  readonly refused: "drop" | "keep";
  readonly timeout: string;
  readonly stall: string;
  readonly rows: UploadedRows;
}
