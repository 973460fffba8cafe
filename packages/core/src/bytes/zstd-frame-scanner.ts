// Finds where the frames of a zstd stream end, without decoding them. Format: RFC 8878, sections 3.1.1 and 3.1.2.

const magic = 0xfd2fb528;
/** Sixteen magic numbers mark frames that a decoder passes over. */
const skippableMagic = 0x184d2a50;

type Part = "magic" | "descriptor" | "header" | "block-header" | "block" | "checksum" | "skippable-size" | "skippable";

export class ZstdFrameScanner {
  /** True between frames: a stream may end here and nowhere else. */
  betweenFrames = true;
  /** The frame holds no content. Known once its first four bytes were seen. */
  skippable = false;
  #part: Part = "magic";
  #missing = 4;
  /** Bytes of a fixed part, which may come in pieces. */
  #head: number[] = [];
  #checksum = false;
  #lastBlock = false;

  /**
   * Moves on through `chunk` from `start`. Returns the index behind the last byte of the present frame, or undefined when the
   * chunk ends before the frame does.
   *
   * @throws RangeError when the bytes are no zstd frame
   */
  scan(chunk: Uint8Array, start: number): number | undefined {
    let at = start;
    while (at < chunk.byteLength) {
      this.betweenFrames = false;
      const taken = Math.min(this.#missing, chunk.byteLength - at);
      if (this.#part !== "block" && this.#part !== "skippable") this.#head.push(...chunk.subarray(at, at + taken));
      at += taken;
      this.#missing -= taken;
      while (this.#missing === 0) {
        const head = this.#head;
        this.#head = [];
        if (!this.#next(head)) continue;
        this.betweenFrames = true;
        this.#expect("magic", 4);
        return at;
      }
    }
    return undefined;
  }

  /** Decides what follows the part that is complete; true when the frame is. */
  #next(head: readonly number[]): boolean {
    switch (this.#part) {
      case "magic":
        return this.#afterMagic(littleEndian(head));
      case "descriptor":
        return this.#afterDescriptor(head[0] ?? 0);
      case "header":
        return this.#expect("block-header", 3);
      case "block-header":
        return this.#afterBlockHeader(littleEndian(head));
      case "block":
        if (!this.#lastBlock) return this.#expect("block-header", 3);
        return this.#checksum ? this.#expect("checksum", 4) : true;
      case "skippable-size":
        return this.#expect("skippable", littleEndian(head));
      case "checksum":
      case "skippable":
        return true;
    }
  }

  #expect(part: Part, bytes: number): false {
    this.#part = part;
    this.#missing = bytes;
    return false;
  }

  #afterMagic(found: number): false {
    this.skippable = (found & 0xfffffff0) >>> 0 === skippableMagic;
    if (this.skippable) return this.#expect("skippable-size", 4);
    if (found !== magic) throw new RangeError("the bytes are no zstd frame");
    return this.#expect("descriptor", 1);
  }

  #afterDescriptor(descriptor: number): false {
    const singleSegment = (descriptor & 0x20) !== 0;
    this.#checksum = (descriptor & 0x04) !== 0;
    const windowBytes = singleSegment ? 0 : 1;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
    return this.#expect("header", windowBytes + dictionaryBytes + sizeBytes);
  }

  #afterBlockHeader(header: number): false {
    this.#lastBlock = (header & 1) === 1;
    const type = (header >>> 1) & 3;
    if (type === 3) throw new RangeError("a zstd block has a reserved type");
    // A run-length block stores one byte, however long the run.
    return this.#expect("block", type === 1 ? 1 : header >>> 3);
  }
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
