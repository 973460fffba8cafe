// What travels between a process and its thread for formats.
import type { ContractDefinition, ErrorReport } from "@millrace/core";
import type { Conversion, ConversionInput } from "./conversion.ts";
import type { SheetOptions } from "./sheets/inspect-sheet.ts";

export type FormatJob =
  | {
      readonly kind: "convert";
      readonly input: ConversionInput;
      readonly conversion: Conversion;
      readonly target: string;
    }
  | {
      readonly kind: "inspect-sheet";
      readonly local: string;
      readonly path: string;
      readonly contract: ContractDefinition;
      readonly options: SheetOptions;
    };

export type FormatAnswer = { readonly value: unknown } | { readonly error: ErrorReport };
