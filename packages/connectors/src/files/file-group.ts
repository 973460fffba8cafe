// Files that become one batch: many small ones together, large ones and those that replace rows alone.
import type { Arrival, ContentEncoding, DecodeFormat, FileIdentity, ObjectRef } from "@millrace/core";

/** A file whose content is durable. */
export interface StoredFile {
  readonly identity: FileIdentity;
  readonly ref: ObjectRef;
  readonly encoding: ContentEncoding;
  readonly format: DecodeFormat;
  /** Batches whose rows it replaces. */
  readonly replaces: readonly bigint[];
}

export interface GroupBounds {
  readonly bytesMax: number;
  readonly filesMax: number;
}

export const groupBounds: GroupBounds = { bytesMax: 32 * 1024 * 1024, filesMax: 200 };

export class FileGroup {
  readonly #bounds: GroupBounds;
  #files: StoredFile[] = [];

  constructor(bounds: GroupBounds = groupBounds) {
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  get isFull(): boolean {
    return (
      this.#files.length >= this.#bounds.filesMax || this.#bytes >= this.#bounds.bytesMax || this.#replaces.length > 0
    );
  }

  /** One way to decode, no object twice (rows are told apart by object and position), and rewritten files stand alone. */
  accepts(file: StoredFile): boolean {
    const [first] = this.#files;
    if (first === undefined) return true;
    if (this.isFull || file.replaces.length > 0) return false;
    const fits = this.#bytes + file.ref.bytes <= this.#bounds.bytesMax;
    const twin = this.#files.some((other) => other.ref.key === file.ref.key);
    // The records of a group are counted together: a manifest tells of all of them or of none.
    const counted = (first.identity.rows === undefined) === (file.identity.rows === undefined);
    const alike = first.encoding === file.encoding && JSON.stringify(first.format) === JSON.stringify(file.format);
    return fits && !twin && counted && alike;
  }

  add(file: StoredFile): void {
    this.#files.push(file);
  }

  /** The arrival's part of this group, which is empty afterwards. Objects and files stand in the same order. */
  take(): Required<Pick<Arrival, "objects" | "format" | "files" | "replacesBatches">> {
    const files = this.#files;
    const [first] = files;
    if (first === undefined) throw new RangeError("a group without files");
    this.#files = [];
    return {
      objects: files.map(({ ref, encoding }) => ({ ref, encoding })),
      format: first.format,
      files: files.map(({ identity }) => identity),
      replacesBatches: files.flatMap(({ replaces }) => replaces),
    };
  }

  get #bytes(): number {
    return this.#files.reduce((sum, { ref }) => sum + ref.bytes, 0);
  }

  get #replaces(): readonly bigint[] {
    return this.#files.flatMap(({ replaces }) => replaces);
  }
}
