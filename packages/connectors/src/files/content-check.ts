// Looks at how a file's content begins and ends: is it what its name says, and do its columns fit the contract? The result is how to decode it.
import { MillraceError, type ContractDefinition, type DecodeFormat, type EngineFormat } from "@millrace/core";
import { convertedFormat } from "../formats/conversion.ts";
import type { FileFaultCode } from "../formats/file-fault.ts";
import { parseJsonPath } from "../rest/json-path.ts";
import { columnProblem, sourceName } from "./csv-columns.ts";
import { firstRecord } from "./csv-header.ts";
import type { ContentCheck } from "./encoding-check.ts";
import type { FileFormat, FilesConfig } from "./files-config.ts";
import { startsWithMark, textConversion, textEncoding } from "./text-conversion.ts";

interface ContentOptions {
  readonly path: string;
  readonly format: FileFormat;
  readonly config: FilesConfig;
  readonly contract: ContractDefinition;
  /** What stands between cells, where the file's name tells. */
  readonly delimiter?: string | undefined;
}

/** Enough for any usual header; a longer first record is waited for up to the second bound. */
const headBytes = 64 * 1024;
const headBytesMax = 1024 * 1024;
const parquetMagic = "PAR1";

/** @throws MillraceError file-unreadable, file-encoding, file-columns, file-truncated from push and end */
export class HeadCheck implements ContentCheck {
  readonly #options: ContentOptions;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #format: DecodeFormat | undefined;

  constructor(options: ContentOptions) {
    this.#options = options;
  }

  /** How to decode the file. Known once the content was seen. */
  get format(): DecodeFormat {
    if (this.#format === undefined)
      throw new MillraceError("internal", "A file's format was asked for before its content was seen.");
    return this.#format;
  }

  push(chunk: Uint8Array): void {
    if (this.#options.format === "parquet") this.#tail = Buffer.from(Buffer.concat([this.#tail, chunk]).subarray(-4));
    if (this.#format !== undefined) return;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, headBytesMax)]);
    if (this.#head.byteLength >= headBytes) this.#inspect(false);
  }

  end(): void {
    if (this.#format === undefined) this.#inspect(true);
    if (this.#options.format === "parquet" && this.#tail.toString("latin1") !== parquetMagic)
      throw this.#error("file-truncated", "ends before its Parquet footer");
  }

  dispose(): void {
    this.#head = Buffer.alloc(0);
  }

  #inspect(complete: boolean): void {
    const head = this.#head;
    if (head.byteLength === 0) throw this.#error("file-unreadable", "is empty");
    this.#refuseDisguises(head);
    this.#format = this.#decodeFormat(head, complete);
    if (this.#format === undefined && (complete || head.byteLength >= headBytesMax))
      throw this.#error(
        "file-unreadable",
        `has a first record that does not end within ${head.byteLength} bytes; is a quote not closed?`,
      );
    if (this.#format !== undefined) this.#head = Buffer.alloc(0);
  }

  #refuseDisguises(head: Buffer): void {
    const start = head.subarray(0, 4).toString("hex");
    if (start.startsWith("1f8b"))
      throw this.#error("file-unreadable", "holds gzip, which its name does not say; name it .gz");
    if (start === "28b52ffd")
      throw this.#error("file-unreadable", "holds zstd, which its name does not say; name it .zst");
    const { format } = this.#options;
    if (format === "parquet" && head.subarray(0, 4).toString("latin1") !== parquetMagic)
      throw this.#error("file-unreadable", "is not Parquet");
  }

  #decodeFormat(head: Buffer, complete: boolean): DecodeFormat | undefined {
    const { format, config, path } = this.#options;
    if (format === "parquet") return { kind: "parquet" };
    const encoding = textEncoding(head, { format, declared: config.encoding });
    const text = this.#text(head, encoding, complete);
    if (text.includes("\0")) throw this.#error("file-unreadable", `is binary, not ${format.toUpperCase()}`);
    if (format === "xml" || format === "fixed")
      return convertedFormat(textConversion(format, config, { path, encoding }));
    const read = format === "csv" ? this.#csv(text, complete) : this.#json(text);
    const asItIs = encoding === "utf-8" && (format === "csv" || !startsWithMark(head));
    return read === undefined || asItIs ? read : convertedFormat({ kind: "text", encoding, format: read });
  }

  #json(text: string): EngineFormat {
    const { format, config } = this.#options;
    if (format === "json") return { kind: "json", path: parseJsonPath(config.records ?? "$") };
    if (text.trimStart().startsWith("["))
      throw this.#error("file-unreadable", 'holds one JSON document, not a record per line; declare format: "json"');
    return { kind: "ndjson" };
  }

  #csv(text: string, complete: boolean): EngineFormat | undefined {
    const { config, contract, delimiter } = this.#options;
    const { quote = '"', header = true, nullTokens = [] } = config;
    const record = firstRecord(text, { contract, delimiter: config.delimiter ?? delimiter, quote, complete });
    if (record === undefined) return undefined;
    const declared = config.columns ?? contract.columns.filter((column) => column.rest !== true).map(sourceName);
    const columns = header ? spelledAsInContract(record.cells, contract) : declared;
    const problem = header
      ? columnProblem(contract, trimmed(record.cells))
      : widthProblem(record.cells.length, columns);
    if (problem !== undefined) throw this.#error("file-columns", problem);
    return { kind: "csv", delimiter: record.delimiter, quote, columns, header, nullTokens };
  }

  /** Without byte order mark. A character that the head cuts in two is left for later. */
  #text(head: Buffer, encoding: string, complete: boolean): string {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(head, { stream: !complete });
    } catch {
      const declare =
        this.#options.config.encoding === undefined ? '; declare its encoding, such as "windows-1252"' : "";
      throw this.#error("file-encoding", `is not ${encoding} text${declare}`);
    }
  }

  #error(code: FileFaultCode, problem: string): MillraceError {
    return new MillraceError(
      code,
      `${this.#options.path} ${code === "file-columns" ? "does not fit the contract: " : ""}${problem}.`,
      {
        details: { path: this.#options.path },
      },
    );
  }
}

/** Names match without regard to case; the loader gets the contract's own spelling. */
function spelledAsInContract(cells: readonly string[], contract: ContractDefinition): readonly string[] {
  const known = new Map(contract.columns.map((column) => [sourceName(column).toLowerCase(), sourceName(column)]));
  return trimmed(cells).map((cell) => known.get(cell.toLowerCase()) ?? cell);
}

function trimmed(cells: readonly string[]): readonly string[] {
  return cells.map((cell) => cell.trim());
}

function widthProblem(width: number, columns: readonly string[]): string | undefined {
  if (width === columns.length) return undefined;
  return `its first record has ${width} cells, and ${columns.length} columns are declared (${columns.join(", ")})`;
}
