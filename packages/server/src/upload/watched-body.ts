// A request's body with a watch on it: how long it takes, how long it stands still, how much it is, and whether it ends where it should.
import { Transform, type Readable, type TransformCallback } from "node:stream";
import type { IncomingMessage } from "node:http";
import { DigestCheck, MillraceError, type Clock, type Digest } from "@millrace/core";

export interface BodyBounds {
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly stallMs: number;
}

/** Ends, or fails with upload-timeout, upload-interrupted, upload-too-large or upload-checksum; the request's socket stays open for an answer. */
export function watchBody(
  request: IncomingMessage,
  bounds: BodyBounds,
  { clock, digests }: { readonly clock: Clock; readonly digests: readonly Digest[] },
): Readable {
  const body = new WatchedBody(bounds, digests);
  const interrupted = (): void => {
    if (!request.complete)
      body.destroy(new MillraceError("upload-interrupted", "The connection ended inside the upload."));
  };
  request.once("close", interrupted);
  request.once("error", interrupted);
  const cancel = [
    clock.after(bounds.timeoutMs, () => body.late(`The upload took longer than ${bounds.timeoutMs / 1000} s`)),
    watchStalls(body, bounds.stallMs, clock),
  ];
  body.once("close", () => {
    for (const call of cancel) call();
    request.off("close", interrupted);
    request.off("error", interrupted);
    request.unpipe(body);
  });
  // Whoever reads the body meets its failure; without a reader it must not count as unhandled.
  body.on("error", () => undefined);
  request.pipe(body);
  return body;
}

function watchStalls(body: WatchedBody, stallMs: number, clock: Clock): () => void {
  let seen = -1;
  let cancel = (): void => undefined;
  const look = (): void => {
    // What waits for the disk is not the sender's delay.
    if (body.bytes === seen && body.readableLength === 0 && body.writableLength === 0)
      return body.late(`Nothing of the upload came for ${stallMs / 1000} s`);
    seen = body.bytes;
    cancel = clock.after(stallMs, look);
  };
  cancel = clock.after(stallMs, look);
  return () => cancel();
}

class WatchedBody extends Transform {
  bytes = 0;
  readonly #bytesMax: number;
  readonly #digests: DigestCheck;

  constructor({ bytesMax }: BodyBounds, digests: readonly Digest[]) {
    super({ readableHighWaterMark: 256 * 1024 });
    this.#bytesMax = bytesMax;
    this.#digests = new DigestCheck(digests);
  }

  late(problem: string): void {
    this.destroy(new MillraceError("upload-timeout", `${problem}; nothing of it was kept.`));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.byteLength;
    this.#digests.update(chunk);
    if (this.bytes <= this.#bytesMax) return done(null, chunk);
    done(new MillraceError("upload-too-large", `The request has more than ${this.#bytesMax} bytes; nothing was kept.`));
  }

  override _flush(done: TransformCallback): void {
    const mismatch = this.#digests.mismatch();
    if (mismatch === undefined) return done();
    done(new MillraceError("upload-checksum", `The request is not what was sent: ${mismatch}.`));
  }
}
