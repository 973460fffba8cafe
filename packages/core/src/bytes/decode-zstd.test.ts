// Any frames, in any pieces, decode to what was put in; a stream that is cut anywhere inside a frame never passes for a whole one.
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeZstd } from "./decode-zstd.ts";

describe("decodeZstd", () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.integer({ min: 0, max: 300_000 }).map((length) => new Uint8Array(length).fill(65)),
    fc
      .integer({ min: 0, max: 40_000 })
      .map((lines) => text(Array.from({ length: lines }, (_, at) => `${at * 7}\n`).join(""))),
  );
  const frame = fc.record({ content, checksum: fc.boolean(), sized: fc.boolean(), skipped: fc.nat({ max: 20 }) });

  it("gives back the content of all frames, however the bytes were cut", async () => {
    const property = fc.asyncProperty(
      fc.array(frame, { maxLength: 6 }),
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 100_000 })),
      async (frames, size) => {
        const stored = Buffer.concat(frames.flatMap((one) => [skippable(one.skipped), compress(one)]));
        const cut = Math.max(size, Math.ceil(stored.byteLength / 5000));
        expect(await decode(pieces(stored, cut))).toEqual(Buffer.concat(frames.map((one) => one.content)));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  it("refuses a stream that ends inside a frame, wherever", async () => {
    const whole = compress({ content: text("a,b\n1,2\n".repeat(40)), checksum: true, sized: true });
    const stored = Buffer.concat([whole, whole]);
    for (let length = 0; length <= stored.byteLength; length += 1) {
      const decoded = decode(pieces(stored.subarray(0, length), 11));
      if (length % whole.byteLength === 0)
        await expect(decoded).resolves.toHaveLength((length / whole.byteLength) * 320);
      else await expect(decoded).rejects.toThrow(/^damaged: /);
    }
  });

  it("refuses bytes that are not zstd, also behind a whole frame", async () => {
    const whole = compress({ content: text("x"), checksum: false, sized: true });
    for (const stored of [text("plain text"), Buffer.concat([whole, text("plain text")])]) {
      await expect(decode(pieces(stored, 3))).rejects.toThrow("damaged: the bytes are no zstd frame");
    }
  });

  it("passes on what the source throws", async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield compress({ content: text("x".repeat(1000)), checksum: false, sized: false }).subarray(0, 12);
      throw new TypeError("the disk is gone");
    };
    await expect(decode(broken())).rejects.toThrow(TypeError);
  });

  it("closes the source when the reader stops early", async () => {
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield compress({ content: text("x".repeat(1000)), checksum: false, sized: true });
      } finally {
        closed = true;
      }
    };
    for await (const chunk of decodeZstd(source(), damaged)) {
      expect(chunk.byteLength).toBe(1000);
      break;
    }
    expect(closed).toBe(true);
  });
});

function damaged(reason: string): Error {
  return new Error(`damaged: ${reason}`);
}

async function decode(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(decodeZstd(source, damaged)));
}

async function* pieces(stored: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < stored.byteLength; at += size) yield stored.subarray(at, at + size);
}

function compress(frame: { content: Uint8Array; checksum: boolean; sized: boolean }): Uint8Array {
  const params = {
    [constants.ZSTD_c_checksumFlag]: Number(frame.checksum),
    [constants.ZSTD_c_contentSizeFlag]: Number(frame.sized),
  };
  return zstdCompressSync(frame.content, { params });
}

/** A skippable frame with `length` bytes, or nothing for 0. */
function skippable(length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  const frame = new Uint8Array(8 + length).fill(0xfd);
  new DataView(frame.buffer).setUint32(0, 0x184d2a50 + (length % 16), true);
  new DataView(frame.buffer).setUint32(4, length, true);
  return frame;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
