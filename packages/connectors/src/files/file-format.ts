// What a file's name says about its content: format and compression.
import type { ContentEncoding } from "@millrace/core";
import type { FileFormat } from "./files-config.ts";

export interface NamedFormat {
  readonly format: FileFormat;
  readonly encoding: ContentEncoding;
  /** What stands between cells, where the name tells. */
  readonly delimiter?: string;
  /** Extension of the raw object: `csv`, `csv.gz`. */
  readonly extension: string;
}

const formats: Readonly<Record<string, FileFormat>> = {
  csv: "csv",
  tsv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  parquet: "parquet",
  xlsx: "xlsx",
  xlsm: "xlsx",
  xls: "xls",
  ods: "ods",
  xml: "xml",
};

/** Formats whose files are archives or pages already: nobody packs them again, and the store does not either. */
const packedFormats: ReadonlySet<FileFormat> = new Set(["parquet", "xlsx", "xls", "ods"]);
const encodings: Readonly<Record<string, ContentEncoding>> = { gz: "gzip", zst: "zstd" };

/** Undefined when the extension is not one that Millrace knows; then the channel must declare `format`. */
export function formatOfName(name: string): NamedFormat | undefined {
  const words = lastPart(name).toLowerCase().split(".");
  const encoding = encodings[words.at(-1) ?? ""] ?? "none";
  const format = formats[words.at(encoding === "none" ? -1 : -2) ?? ""];
  if (words.length < 2 || format === undefined) return undefined;
  const isTabs = words.at(encoding === "none" ? -1 : -2) === "tsv";
  return { ...named(format, encoding), ...(isTabs ? { delimiter: "\t" } : {}) };
}

/** The format that the channel declares, with the compression that the name tells. */
export function declaredFormat(format: FileFormat, name: string): NamedFormat {
  return named(format, encodings[lastPart(name).toLowerCase().split(".").at(-1) ?? ""] ?? "none");
}

/** True when files of this format are kept as they are, byte by byte, for readers that look here and there. */
export function isPacked(format: FileFormat): boolean {
  return packedFormats.has(format);
}

function named(format: FileFormat, encoding: ContentEncoding): NamedFormat {
  const suffix = { none: "", gzip: ".gz", zstd: ".zst" }[encoding];
  return { format, encoding, extension: format + suffix };
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
