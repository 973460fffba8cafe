// What the formats folder makes of files that the engine does not read itself: conversions as plain data, kept in the ledger with the batch so that a
// replay converts the same original in the same way.
import type { ContractDefinition, ConvertedFormat, EngineFormat } from "@millrace/core";
import type { NamedColumn } from "./sheets/sheet-header.ts";

/** A sheet whose records begin at `recordsFrom`; its header, if it has one, begins at `headerFrom`. */
export interface SheetPart {
  readonly name: string;
  readonly headerFrom?: number;
  readonly recordsFrom: number;
}

export type MergedManner = "refuse" | "first" | "fill";

export interface SheetConversion {
  readonly kind: "sheet";
  readonly sheets: readonly SheetPart[];
  readonly range?: string;
  /** All columns of the sheet that have a name. */
  readonly columns: readonly NamedColumn[];
  readonly mergedCells: MergedManner;
  readonly nullTokens: readonly string[];
}

/** The same text in another encoding; the engine reads it in `format`. */
export interface TextConversion {
  readonly kind: "text";
  readonly encoding: string;
  readonly format: EngineFormat;
}

/** A cell of a line: `start` counts characters from 1. */
export interface FixedColumn {
  readonly name: string;
  readonly start: number;
  readonly width: number;
}

export interface FixedConversion {
  readonly kind: "fixed";
  readonly encoding: string;
  readonly columns: readonly FixedColumn[];
  /** Lines at the beginning and at the end that are no records. */
  readonly headerLines: number;
  readonly trailerLines: number;
  readonly nullTokens: readonly string[];
}

export interface XmlConversion {
  readonly kind: "xml";
  readonly encoding: string;
  /** Names of the elements down to the records. */
  readonly path: readonly string[];
}

export type Conversion = SheetConversion | TextConversion | FixedConversion | XmlConversion;

export function convertedFormat(conversion: Conversion): ConvertedFormat {
  return { kind: "converted", conversion: { ...conversion } };
}

/** One original, and where its converted form goes. */
export interface ConversionInput {
  /** A file with the stored bytes. */
  readonly local: string;
  /** The stored bytes are compressed by the store. */
  readonly stored: "zstd" | "none";
  readonly encoding: "none" | "gzip" | "zstd";
  /** As the ledger names the file, for messages. */
  readonly path: string;
  readonly bytes: number;
  readonly contract: ContractDefinition;
}
