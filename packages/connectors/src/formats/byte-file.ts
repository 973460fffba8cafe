// The file that a conversion writes for the engine: buffered, and bounded so that a small original cannot fill the disk.
import { writeSync } from "node:fs";
import { fileFault } from "./file-fault.ts";

const bufferBytes = 1024 * 1024;

/** What a conversion may write: so many bytes, and so many times the original's size beyond the first bytes. */
export const convertedBounds = { bytesMax: 32 * 1024 ** 3, ratioMax: 2000, ratioFromBytes: 512 * 1024 * 1024 } as const;

export interface ByteFileOptions {
  readonly file: number;
  /** As the ledger names the original, for messages. */
  readonly path: string;
  readonly originalBytes: number;
}

/**
 * Callers on a hot path write into `buffer` at `at` themselves, after `ensure`. What stands behind the last `mark` may be taken back by setting `at`.
 */
export class ByteFile {
  buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  at = 0;
  mark = 0;
  readonly #options: ByteFileOptions;
  #written = 0;

  constructor(options: ByteFileOptions) {
    this.#options = options;
  }

  /** Makes room for so many bytes behind `at`. @throws MillraceError file-too-large */
  ensure(bytes: number): void {
    if (this.at + bytes <= this.buffer.byteLength) return;
    this.#flush(this.mark);
    this.buffer.copyWithin(0, this.mark, this.at);
    this.at -= this.mark;
    this.mark = 0;
    if (this.at + bytes <= this.buffer.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  text(text: string): void {
    this.ensure(text.length * 3);
    this.at += this.buffer.write(text, this.at);
  }

  bytes(bytes: Uint8Array): void {
    this.ensure(bytes.byteLength);
    this.buffer.set(bytes, this.at);
    this.at += bytes.byteLength;
  }

  byte(byte: number): void {
    this.ensure(1);
    this.buffer[this.at++] = byte;
  }

  /** What was written so far stays. */
  settle(): void {
    this.mark = this.at;
  }

  end(): void {
    this.#flush(this.at);
    this.at = 0;
    this.mark = 0;
  }

  #flush(to: number): void {
    const { file, path, originalBytes } = this.#options;
    this.#written += to;
    const ratio = this.#written / Math.max(1, originalBytes);
    const { bytesMax, ratioFromBytes, ratioMax } = convertedBounds;
    if (this.#written > bytesMax || (this.#written > ratioFromBytes && ratio > ratioMax))
      throw fileFault(
        "file-too-large",
        path,
        `holds more than ${this.#written} bytes of records in ${originalBytes} bytes`,
      );
    for (let from = 0; from < to;) from += writeSync(file, this.buffer, from, to - from);
  }
}
