// How one file is looked at on its way in, by its format: what sees its bytes while they are copied, how they are stored, and what tells at the end how
// they become records.
import type { Clock, ContractDefinition, DecodeFormat, ObjectCodec, ObjectRef, ObjectStore } from "@millrace/core";
import { convertedFormat } from "../formats/conversion.ts";
import { fileFault } from "../formats/file-fault.ts";
import { inspectFile } from "../formats/inspect-file.ts";
import { HeadCheck } from "./content-check.ts";
import { sourceName } from "./csv-columns.ts";
import { encodingCheck, type ContentCheck } from "./encoding-check.ts";
import { isPacked, type NamedFormat } from "./file-format.ts";
import type { FilesConfig } from "./files-config.ts";

export interface ContentReading {
  readonly check: ContentCheck;
  readonly codec: ObjectCodec;
  /** Once the file is stored. @throws MillraceError file-* of kind user */
  format(ref: ObjectRef, signal: AbortSignal): Promise<DecodeFormat>;
}

export interface ReadingOptions {
  /** As the ledger names the file. */
  readonly path: string;
  readonly named: NamedFormat;
  readonly config: FilesConfig;
  readonly contract: ContractDefinition;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** Put around what looks at the unpacked content. */
  readonly around?: (check: ContentCheck) => ContentCheck;
}

/** @throws MillraceError file-unreadable */
export function contentReading(options: ReadingOptions): ContentReading {
  const { format, encoding } = options.named;
  if (isPacked(format) && encoding !== "none")
    throw fileFault("file-unreadable", options.path, `is ${format} inside ${encoding}; deliver it as it is`);
  if (format === "xlsx" || format === "xls" || format === "ods") return sheetReading(options);
  const { config, contract, path, around = (inner: ContentCheck) => inner } = options;
  const check = new HeadCheck({ path, format, config, contract, delimiter: options.named.delimiter });
  return {
    check: encodingCheck(encoding, path, around(check)),
    codec: encoding === "none" && !isPacked(format) ? "zstd" : "none",
    format: () => Promise.resolve(check.format),
  };
}

/** A workbook is looked into when it is stored: what describes it stands at its end. */
function sheetReading({ clock, config, contract, objects, path }: ReadingOptions): ContentReading {
  const {
    columns = contract.columns.map(sourceName),
    header,
    headerJoin,
    headerRow,
    headerRows,
    mergedCells,
    nullTokens,
    range,
    sheet,
  } = config;
  const said = { header, headerJoin, headerRow, headerRows, mergedCells, nullTokens, range, sheet, columns };
  return {
    check: { push: () => undefined, end: () => undefined, dispose: () => undefined },
    codec: "none",
    async format(ref, signal) {
      await using local = await objects.local(ref);
      return convertedFormat(
        await inspectFile({ local: local.path, path, contract, options: definedOnly(said) }, { clock, signal }),
      );
    },
  };
}

function definedOnly<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
