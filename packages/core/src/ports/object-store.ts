// Immutable raw originals by content. Everything that the warehouse reads is an object of this store first.

import type { Spool } from "./spool.ts";

/** `zstd`: compressed by us. `none`: bytes as they came (which may be gzip or zstd themselves, see `contentEncoding`). */
export type ObjectCodec = "zstd" | "none";

export interface ObjectRef {
  /** Store-relative name, e.g. `raw/promotions/weekly/2026/11/23/<sha256>.csv.zst`. Ends in extensions that tell format and codec. */
  readonly key: string;
  readonly codec: ObjectCodec;
  /** SHA-256 of the original bytes, hex. */
  readonly sha256: string;
  /** Original size. */
  readonly bytes: number;
  readonly storedBytes: number;
  /** Version of the envelope, for readers of old data. */
  readonly formatVersion: 1;
  /** Key of encryption at rest; absent when not encrypted. */
  readonly keyId?: string;
}

export interface PutOptions {
  /** Folder of the key, e.g. `raw/promotions/weekly`. */
  readonly prefix: string;
  /** Extension of the original content, e.g. `csv`, `ndjson`, `csv.gz`. */
  readonly extension: string;
  readonly codec: ObjectCodec;
  readonly signal?: AbortSignal;
}

export interface LocalObject extends AsyncDisposable {
  /** Path of a file that an engine may read; valid until disposed. */
  readonly path: string;
}

/**
 * Guarantees: `put` resolves after content and folder entry are synced; the same content under the same prefix is stored once;
 * a crash leaves no partly written object under a final key.
 * Errors: storage-failed, storage-full, storage-poisoned, object-missing, object-damaged.
 */
export interface ObjectStore {
  put(content: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectRef>;
  /** The original bytes; verifies the hash while reading and throws object-damaged at the end if it differs. */
  get(ref: ObjectRef): AsyncIterable<Uint8Array>;
  /** A file with the stored bytes (still compressed when codec is zstd) for engines that read files. */
  local(ref: ObjectRef): Promise<LocalObject>;
  /**
   * An empty file beside the objects for a passing form of one, that an engine may read. Not durable: it is gone when it is disposed, and when the store
   * is opened again.
   */
  scratch(extension: string): Promise<LocalObject>;
  exists(ref: ObjectRef): Promise<boolean>;
  list(
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly storedBytes: number; readonly modifiedMs: number }>;
  delete(key: string): Promise<void>;
  /**
   * Opens a spool and goes on with what an earlier process left under its name. Whoever had it open before goes on with bytes that nobody sees any more.
   */
  spool(name: string): Promise<Spool>;
}
