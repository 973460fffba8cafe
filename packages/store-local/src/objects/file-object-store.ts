// FileObjectStore: raw originals as files named by their content. Written aside, synced, then renamed: a final name is a whole object.
import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  failpoint,
  MillraceError,
  systemRandom,
  type LocalObject,
  type ObjectRef,
  type ObjectStore,
  type PutOptions,
  type Random,
  type Spool,
} from "@millrace/core";
import { diskSync, FolderSyncs, type DiskSync } from "../files/disk-sync.ts";
import { DurableFolders } from "./durable-folders.ts";
import { fileError, systemCode } from "../files/file-errors.ts";
import { encode, type EncodedSummary } from "./frames.ts";
import { listObjects } from "./list-objects.ts";
import { objectKey, objectPath } from "./object-key.ts";
import { missing, readObject } from "./read-object.ts";
import { openFileSpool } from "./file-spool.ts";

export interface FileObjectStoreOptions {
  readonly random?: Random;
  readonly sync?: DiskSync;
}

/** Unfinished objects; on the same file system as the final ones. Not a legal part of a key, so no object can be in it. */
const tmpFolder = ".tmp";
/** Spools, which outlive the process. */
const spoolFolder = ".spool";

/**
 * Opens or creates the store's folder and removes what a crash left unfinished. One process may have it open.
 *
 * @throws storage-failed, storage-full
 */
export async function openFileObjectStore(
  folder: string,
  options: FileObjectStoreOptions = {},
): Promise<FileObjectStore> {
  try {
    await rm(join(folder, tmpFolder), { recursive: true, force: true });
    await mkdir(join(folder, tmpFolder), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw fileError(thrown, folder);
  }
  return new FileObjectStore(folder, options);
}

/** See the port `ObjectStore` for what is guaranteed. */
export class FileObjectStore implements ObjectStore {
  readonly folder: string;
  readonly #random: Random;
  readonly #sync: DiskSync;
  readonly #syncs: FolderSyncs;
  readonly #folders: DurableFolders;
  #poison: MillraceError | undefined;

  constructor(folder: string, options: FileObjectStoreOptions) {
    this.folder = folder;
    this.#random = options.random ?? systemRandom;
    this.#sync = options.sync ?? diskSync;
    this.#syncs = new FolderSyncs(this.#sync);
    this.#folders = new DurableFolders(folder, (path) => this.#syncFolder(path));
  }

  async put(content: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectRef> {
    if (this.#poison !== undefined) throw this.#poison;
    // Refuses a bad prefix or extension before anything is read.
    objectKey({ ...options, sha256: "0" });
    const temporary = join(this.folder, tmpFolder, this.#random.uuid());
    const written = await this.#write(temporary, content, options).catch(async (thrown: unknown) => {
      await rm(temporary, { force: true });
      throw thrown;
    });
    const key = objectKey({ ...options, sha256: written.sha256 });
    try {
      failpoint("raw.put");
      const storedBytes = await this.#publish(temporary, key, written.storedBytes);
      return { key, codec: options.codec, sha256: written.sha256, bytes: written.bytes, storedBytes, formatVersion: 1 };
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw fileError(thrown, key);
    }
  }

  get(ref: ObjectRef): AsyncIterable<Uint8Array> {
    return readObject(objectPath(this.folder, ref.key), ref);
  }

  async local(ref: ObjectRef): Promise<LocalObject> {
    if (!(await this.exists(ref))) throw missing(ref.key);
    // The file is the object itself, which nothing changes: there is nothing to give back.
    return { path: objectPath(this.folder, ref.key), [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  async scratch(extension: string): Promise<LocalObject> {
    if (this.#poison !== undefined) throw this.#poison;
    const path = join(this.folder, tmpFolder, `${this.#random.uuid()}.${extension}`);
    try {
      await (await open(path, "wx", 0o600)).close();
    } catch (thrown) {
      throw fileError(thrown, path);
    }
    return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
  }

  async exists(ref: ObjectRef): Promise<boolean> {
    return (await this.#sizeOf(objectPath(this.folder, ref.key))) !== undefined;
  }

  list(
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly storedBytes: number; readonly modifiedMs: number }> {
    return listObjects(this.folder, prefix);
  }

  async delete(key: string): Promise<void> {
    const path = objectPath(this.folder, key);
    await rm(path, { force: true }).catch((thrown: unknown) => {
      throw fileError(thrown, path);
    });
  }

  spool(name: string): Promise<Spool> {
    const temporary = join(this.folder, tmpFolder, this.#random.uuid());
    return openFileSpool({ folder: join(this.folder, spoolFolder), temporary, name });
  }

  async #write(
    path: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    { codec, signal }: PutOptions,
  ): Promise<EncodedSummary & { readonly storedBytes: number }> {
    const file = await open(path, "wx", 0o600).catch((thrown: unknown) => {
      throw fileError(thrown, path);
    });
    const encoded = encode(content, codec);
    let writing = Promise.resolve();
    let storedBytes = 0;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const { done, value } = await encoded.next();
        // The next frame is read, hashed and compressed while the last one is written.
        await writing;
        if (done === true) {
          await this.#poisoning(() => this.#sync.file(file), path);
          return { ...value, storedBytes };
        }
        writing = writeWhole(file, value, path);
        writing.catch(() => undefined);
        storedBytes += value.byteLength;
      }
    } finally {
      await Promise.allSettled([writing, encoded.return({ sha256: "", bytes: 0 })]);
      await file.close();
    }
  }

  /** Gives the finished file its final name, unless the same content has it already; returns the size under that name. */
  async #publish(temporary: string, key: string, storedBytes: number): Promise<number> {
    const path = objectPath(this.folder, key);
    const folder = dirname(path);
    const known = await this.#sizeOf(path);
    if (known === undefined) await this.#rename(temporary, path);
    else await rm(temporary);
    // Also for known content: the put that brought it may still wait for its sync.
    await this.#folders.ensure(folder);
    await this.#syncFolder(folder);
    return known ?? storedBytes;
  }

  async #rename(temporary: string, path: string): Promise<void> {
    const folder = dirname(path);
    await this.#folders.ensure(folder);
    try {
      await rename(temporary, path);
    } catch (thrown) {
      if (systemCode(thrown) !== "ENOENT") throw thrown;
      this.#folders.forget(folder);
      await this.#folders.ensure(folder);
      await rename(temporary, path);
    }
  }

  #syncFolder(folder: string): Promise<void> {
    return this.#poisoning(() => this.#syncs.folder(folder), folder);
  }

  /** A failed sync leaves unknown what is on disk: trying again may succeed without having written. So the store stops. */
  async #poisoning(sync: () => Promise<void>, path: string): Promise<void> {
    try {
      await sync();
    } catch (thrown) {
      const error = fileError(thrown, path);
      const message = `The object store has stopped after an error: ${error.message}`;
      this.#poison ??= new MillraceError("storage-poisoned", message, { cause: error, details: { first: error.code } });
      throw error;
    }
  }

  async #sizeOf(path: string): Promise<number | undefined> {
    try {
      return (await stat(path)).size;
    } catch (thrown) {
      if (systemCode(thrown) === "ENOENT") return undefined;
      throw fileError(thrown, path);
    }
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < bytes.byteLength;) at += (await file.write(bytes, at)).bytesWritten;
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}
