// Syncs of files and folders. Callers that wait for the same folder share one sync.
import { open, type FileHandle } from "node:fs/promises";

/** How the object store makes things durable. Tests put another one in to prove what happens when a sync fails. */
export interface DiskSync {
  file(handle: FileHandle): Promise<void>;
  /** Syncs the entries of a folder. */
  folder(path: string): Promise<void>;
}

export const diskSync: DiskSync = {
  file: (handle) => handle.sync(),
  async folder(path) {
    // Windows has no way to sync a folder; its file system journals the entries.
    if (process.platform === "win32") return;
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Shares folder syncs: whoever asks while one runs waits for the next one, which then covers them all. */
export class FolderSyncs {
  readonly #sync: DiskSync;
  readonly #folders = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>();

  constructor(sync: DiskSync) {
    this.#sync = sync;
  }

  /** Resolves after a sync that began after this call. */
  folder(path: string): Promise<void> {
    const known = this.#folders.get(path);
    if (known === undefined) return this.#start(path);
    known.next ??= known.running.then(
      () => this.#start(path),
      () => this.#start(path),
    );
    return known.next;
  }

  #start(path: string): Promise<void> {
    const running = this.#sync.folder(path);
    const entry = { running, next: undefined };
    this.#folders.set(path, entry);
    const forget = (): void => {
      if (this.#folders.get(path) === entry && entry.next === undefined) this.#folders.delete(path);
    };
    running.then(forget, forget);
    return running;
  }
}
