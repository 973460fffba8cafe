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

export const groupBounds: GroupBounds = { bytesMax: 32 * 1024 * 1024, filesMax: 1000 };

export class FileGroup {
  readonly #bounds: GroupBounds;
  #files: StoredFile[] = [];
  #bytes = 0;
  /** Objects of the group, and what all of its files have in common, as text. */
  readonly #keys = new Set<string>();
  #kind = "";
  #replaces = false;

  constructor(bounds: GroupBounds = groupBounds) {
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  get isFull(): boolean {
    return this.#files.length >= this.#bounds.filesMax || this.#bytes >= this.#bounds.bytesMax || this.#replaces;
  }

  /** One way to decode, no object twice (rows are told apart by object and position), and rewritten files stand alone. */
  accepts(file: StoredFile): boolean {
    if (this.isEmpty) return true;
    if (this.isFull || file.replaces.length > 0) return false;
    const fits = this.#bytes + file.ref.bytes <= this.#bounds.bytesMax;
    return fits && !this.#keys.has(file.ref.key) && this.#kind === kindOf(file);
  }

  add(file: StoredFile): void {
    this.#files.push(file);
    this.#bytes += file.ref.bytes;
    this.#keys.add(file.ref.key);
    this.#kind = kindOf(file);
    this.#replaces = file.replaces.length > 0;
  }

  /** The arrival's part of this group, which is empty afterwards. Objects and files stand in the same order. */
  take(): Required<Pick<Arrival, "objects" | "format" | "files" | "replacesBatches">> {
    const files = this.#files;
    const [first] = files;
    if (first === undefined) throw new RangeError("a group without files");
    this.#files = [];
    this.#bytes = 0;
    this.#keys.clear();
    this.#replaces = false;
    return {
      objects: files.map(({ ref, encoding }) => ({ ref, encoding })),
      format: first.format,
      files: files.map(({ identity }) => identity),
      replacesBatches: files.flatMap(({ replaces }) => replaces),
    };
  }
}

/** The records of a group are counted together: a manifest tells of all of its files or of none. */
function kindOf({ encoding, format, identity }: StoredFile): string {
  return `${encoding} ${identity.rows === undefined} ${JSON.stringify(format)}`;
}
