// Decompresses a file beside its copying, to prove that it is whole and to see how its content begins.
import { once } from "node:events";
import { PassThrough, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { decodeZstd, isMillraceError, MillraceError, type ContentEncoding } from "@millrace/core";
import { systemCode } from "./places/list-files.ts";

/** Sees every chunk of a file as it is copied; throws when the file can never be loaded. */
export interface ContentCheck {
  push(chunk: Uint8Array): Promise<void> | void;
  end(): Promise<void> | void;
  /** Lets go of what it holds; to be called whatever happened. */
  dispose(): void;
}

/** Passes the decoded content on to `inner`. @throws MillraceError file-truncated, file-unreadable */
export function encodingCheck(encoding: ContentEncoding, path: string, inner: ContentCheck): ContentCheck {
  return encoding === "none" ? inner : new CompressedCheck(encoding, path, inner);
}

class CompressedCheck implements ContentCheck {
  readonly #input = new PassThrough({ highWaterMark: 1024 * 1024 });
  readonly #done: Promise<void>;

  constructor(encoding: "gzip" | "zstd", path: string, inner: ContentCheck) {
    const decoded = encoding === "gzip" ? gunzip(this.#input) : decodeZstd(this.#input, (reason) => new Error(reason));
    this.#done = consume(decoded, inner).catch((thrown: unknown) => {
      throw isMillraceError(thrown) ? thrown : decodingError(thrown, path, encoding);
    });
    // Its failure is met by push or end; until then it must not count as unhandled.
    this.#done.catch(() => undefined);
  }

  async push(chunk: Uint8Array): Promise<void> {
    if (this.#input.write(chunk)) return;
    await Promise.race([once(this.#input, "drain"), this.#done]);
  }

  async end(): Promise<void> {
    this.#input.end();
    await this.#done;
  }

  dispose(): void {
    this.#input.destroy();
  }
}

function gunzip(input: PassThrough): AsyncIterable<Uint8Array> {
  // Errors reach the reader of the result; the callback is there because pipeline asks for one.
  return pipeline(input, createGunzip({ chunkSize: 256 * 1024 }), () => undefined);
}

async function consume(decoded: AsyncIterable<Uint8Array>, inner: ContentCheck): Promise<void> {
  for await (const chunk of decoded) await inner.push(chunk);
  await inner.end();
}

function decodingError(thrown: unknown, path: string, encoding: string): MillraceError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const truncated = systemCode(thrown) === "Z_BUF_ERROR" || /ends inside/.test(reason);
  if (truncated)
    return new MillraceError("file-truncated", `${path} ends inside its ${encoding} stream.`, { details: { path } });
  return new MillraceError("file-unreadable", `${path} is not valid ${encoding}: ${reason}`, {
    hint: "Deliver the file again; nothing of it was loaded.",
    details: { path },
  });
}
