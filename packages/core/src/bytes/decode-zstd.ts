// Decodes zstd streams of any number of frames. Node's own decoder stops after the first frame, silently, as soon as one ends
// before its output buffer is full; so each frame gets a decoder of its own.
import { pipeline, Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { ZstdFrameScanner } from "./zstd-frame-scanner.ts";

const outputBytes = 256 * 1024;

/**
 * The decoded bytes. Memory: a few buffers and the window that the frame asks for, at most 128 MiB.
 *
 * @param damaged makes the error for bytes that are no complete zstd stream; errors of the source pass unchanged
 */
export async function* decodeZstd(
  source: AsyncIterable<Uint8Array>,
  damaged: (reason: string, cause?: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const frames = new FrameReader(chunks, damaged);
  try {
    while (await frames.open()) {
      if (frames.skippable) for await (const _ of frames.bytes());
      else yield* decodeFrame(frames, damaged);
    }
  } finally {
    await chunks.return?.();
  }
}

async function* decodeFrame(
  frames: FrameReader,
  damaged: (reason: string, cause?: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress({ chunkSize: outputBytes });
  // Errors reach the reader of the decoder; the callback is there because pipeline asks for one.
  const decoded = pipeline(Readable.from(frames.bytes(), { objectMode: false }), decoder, () => undefined);
  try {
    yield* decoded as AsyncIterable<Uint8Array>;
  } catch (thrown) {
    if (frames.failure !== undefined) throw frames.failure;
    throw damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  } finally {
    decoder.destroy();
  }
}

/** Hands out the bytes of one frame after the other. */
class FrameReader {
  /** What the source, or a check of the format, threw: not a fault of the decoder. */
  failure: Error | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #damaged: (reason: string, cause?: unknown) => Error;
  readonly #scanner = new ZstdFrameScanner();
  #rest: Uint8Array = new Uint8Array();
  /** Pieces of the present frame that were scanned and not yet handed out. */
  #scanned: Uint8Array[] = [];
  #ended = false;

  constructor(chunks: AsyncIterator<Uint8Array>, damaged: (reason: string, cause?: unknown) => Error) {
    this.#chunks = chunks;
    this.#damaged = damaged;
  }

  get skippable(): boolean {
    return this.#scanner.skippable;
  }

  /** Reads far enough to know the kind of the next frame; false at the end of the stream. */
  async open(): Promise<boolean> {
    this.#ended = false;
    this.#scanned = [];
    let seen = 0;
    while (seen < 4 && !this.#ended) {
      const piece = await this.#piece();
      if (piece === undefined) return false;
      this.#scanned.push(piece);
      seen += piece.byteLength;
    }
    return true;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    yield* this.#scanned;
    this.#scanned = [];
    while (!this.#ended) {
      const piece = await this.#piece();
      if (piece !== undefined) yield piece;
    }
  }

  /** The next bytes of the present frame, or undefined when the stream ends between two frames. */
  async #piece(): Promise<Uint8Array | undefined> {
    try {
      while (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) {
          if (this.#scanner.betweenFrames) return undefined;
          throw this.#damaged("the stream ends inside a frame");
        }
        this.#rest = next.value;
      }
      const end = this.#scan();
      const piece = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(piece.byteLength);
      this.#ended = end !== undefined;
      return piece;
    } catch (thrown) {
      this.failure = thrown instanceof Error ? thrown : new Error(String(thrown));
      throw this.failure;
    }
  }

  #scan(): number | undefined {
    try {
      return this.#scanner.scan(this.#rest, 0);
    } catch (thrown) {
      throw this.#damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
    }
  }
}
