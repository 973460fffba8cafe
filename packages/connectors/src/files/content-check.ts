// Looks at how a file's content begins and ends: is it what its name says, and do its columns fit the contract? The result is how to decode it.
import { MillraceError, type ContractDefinition, type DecodeFormat } from "@millrace/core";
import { parseJsonPath } from "../rest/json-path.ts";
import { columnProblem, sourceName } from "./csv-columns.ts";
import { firstRecord } from "./csv-header.ts";
import type { ContentCheck } from "./encoding-check.ts";
import type { FileFormat, FilesConfig } from "./files-config.ts";

interface ContentOptions {
  readonly path: string;
  readonly format: FileFormat;
  readonly config: FilesConfig;
  readonly contract: ContractDefinition;
}

/** Enough for any usual header; a longer first record is waited for up to the second bound. */
const headBytes = 64 * 1024;
const headBytesMax = 1024 * 1024;
const parquetMagic = "PAR1";

/** @throws MillraceError file-unreadable, file-columns, file-truncated from push and end */
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
    if (start.startsWith("fffe") || start.startsWith("feff"))
      throw this.#error("file-unreadable", "is UTF-16; save it as UTF-8");
    if (start.startsWith("1f8b"))
      throw this.#error("file-unreadable", "holds gzip, which its name does not say; name it .gz");
    if (start === "28b52ffd")
      throw this.#error("file-unreadable", "holds zstd, which its name does not say; name it .zst");
    const { format } = this.#options;
    if (format === "parquet") {
      if (head.subarray(0, 4).toString("latin1") !== parquetMagic)
        throw this.#error("file-unreadable", "is not Parquet");
    } else if (head.includes(0)) throw this.#error("file-unreadable", `is binary, not ${format.toUpperCase()}`);
  }

  #decodeFormat(head: Buffer, complete: boolean): DecodeFormat | undefined {
    const { format, config } = this.#options;
    if (format === "csv") return this.#csv(head, complete);
    if (format === "parquet") return { kind: "parquet" };
    if (head.subarray(0, 3).toString("hex") === "efbbbf")
      throw this.#error("file-unreadable", "begins with a byte order mark, which JSON does not allow; save it without");
    if (format === "json") return { kind: "json", path: parseJsonPath(config.records ?? "$") };
    if (head.toString("latin1").trimStart().startsWith("["))
      throw this.#error("file-unreadable", 'holds one JSON document, not a record per line; declare format: "json"');
    return { kind: "ndjson" };
  }

  #csv(head: Buffer, complete: boolean): DecodeFormat | undefined {
    const { config, contract } = this.#options;
    const { quote = '"', header = true, nullTokens = [] } = config;
    const record = firstRecord(this.#text(head, complete), { contract, delimiter: config.delimiter, quote, complete });
    if (record === undefined) return undefined;
    const declared = config.columns ?? contract.columns.map(sourceName);
    const columns = header ? spelledAsInContract(record.cells, contract) : declared;
    const problem = header
      ? columnProblem(contract, trimmed(record.cells))
      : widthProblem(record.cells.length, columns);
    if (problem !== undefined) throw this.#error("file-columns", problem);
    return { kind: "csv", delimiter: record.delimiter, quote, columns, header, nullTokens };
  }

  /** Without byte order mark. A character that the head cuts in two is left for later. */
  #text(head: Buffer, complete: boolean): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: !complete });
    } catch {
      throw this.#error("file-unreadable", "is not UTF-8 text");
    }
  }

  #error(code: "file-unreadable" | "file-columns" | "file-truncated", problem: string): MillraceError {
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
