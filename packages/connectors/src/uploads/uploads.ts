// `uploads()`: declares a channel that people and systems send files to. It has no reader: the runtime stores each file and loads its row, or its rows.
import {
  parseDurationMs,
  type ChannelDeclaration,
  type ChannelDefinition,
  type ContractDefinition,
} from "@millrace/core";
import { declareChannel, demand, OptionProblem, outputOf, validateDefinition } from "../authoring/declare-channel.ts";
import { eventBatchDefault } from "../events/events.ts";
import { checkForFormat } from "../files/format-fields.ts";
import { blobColumnNames } from "./blob-columns.ts";
import type { UploadedRows, UploadsConfig, UploadsOptions } from "./uploads-config.ts";
import { rowFieldNames, uploadsFields } from "./uploads-fields.ts";

const MIB = 1024 * 1024;

/**
 * Declares a channel that takes files by `POST /upload/<domain>.<name>` (a form) and `PUT /upload/<domain>.<name>/<file name>` (the bytes alone).
 *
 * @example export const receipts = uploads({ into: Receipt, types: ["application/pdf", "image/*"], fileBytesMax: 10_000_000 });
 * @throws MillraceError channel-invalid, with file and line
 */
export function uploads(options: UploadsOptions): ChannelDeclaration<UploadsConfig> {
  return declareChannel({ connector: "uploads", what: "uploads()" }, () => {
    demand(options, uploadsFields);
    const config: UploadsConfig = {
      as: options.as ?? "blobs",
      ...(options.types === undefined ? {} : { types: options.types.map((type) => type.toLowerCase()) }),
      fileBytesMax: options.fileBytesMax ?? 100 * MIB,
      filesMax: options.filesMax ?? 20,
      refused: options.refused ?? "drop",
      timeout: options.timeout ?? "15m",
      stall: options.stall ?? "30s",
      rows: rowOptions(options),
      validate: "early",
      batch: eventBatchDefault,
    };
    const output = outputOf("default", options);
    checkTogether(config, output);
    return { config, outputs: [output], every: "on-arrival" };
  });
}

/** @throws MillraceError channel-invalid */
export function validateUploads(channel: ChannelDefinition): void {
  const { validate: _validate, batch: _batch, rows, ...config } = channel.config as UploadsConfig;
  validateDefinition({ ...channel, config: { ...config, ...rows } }, uploadsFields, () => {
    const [output, second] = channel.outputs;
    if (output === undefined || second !== undefined) throw new OptionProblem("fills exactly one table");
    checkTogether(channel.config as UploadsConfig, output);
  });
}

/** Milliseconds of a whole request, and without a byte. */
export function uploadTimes({ timeout, stall }: UploadsConfig): {
  readonly timeoutMs: number;
  readonly stallMs: number;
} {
  return { timeoutMs: parseDurationMs(timeout) ?? 900_000, stallMs: parseDurationMs(stall) ?? 30_000 };
}

function rowOptions(options: UploadedRows): UploadedRows {
  const given = rowFieldNames.map((name) => [name, options[name]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as UploadedRows;
}

function checkTogether(
  config: UploadsConfig,
  output: { readonly contract: ContractDefinition; readonly write: string },
): void {
  if (config.as === "rows") return checkRows(config);
  const useless = Object.keys(config.rows)[0];
  if (useless !== undefined) throw new OptionProblem(`"${useless}" is for as: "rows"; files are stored as they are`);
  checkBlobs(output);
}

function checkRows({ types, refused, rows }: UploadsConfig): void {
  if (types !== undefined)
    throw new OptionProblem('"types" is for as: "blobs"; data files are told by "format" or their name');
  if (refused === "keep")
    throw new OptionProblem('refused: "keep" is for as: "blobs"; the ledger keeps why a data file was refused');
  const { format, unpackedBytesMax: _bytes, onRewrite = "append", ...inside } = rows;
  const config = { ...inside, onRewrite, pattern: "", ready: { kind: "quiet-period", period: "0s" } } as const;
  if (format !== undefined) checkForFormat(config, format);
}

function checkBlobs({ contract, write }: { readonly contract: ContractDefinition; readonly write: string }): void {
  const columns = blobColumnNames(contract);
  if (typeof columns === "string")
    throw new OptionProblem(
      `contract "${contract.name}" has no column for "${columns}"; begin its columns with ...blobColumns()`,
    );
  const keys = contract.columns.filter((column) => column.key).map((column) => column.name);
  if (keys.length !== 1 || keys[0] !== columns.id || write !== "merge")
    throw new OptionProblem(
      `contract "${contract.name}" is merged by its key "${columns.id}" alone, so that a repeated upload leaves one row`,
    );
}
