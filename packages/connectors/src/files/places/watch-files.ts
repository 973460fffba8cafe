// Tells when something may have arrived: reports of the file system, and a look now and then for those that get lost (network drives).
import { watch as watchOnce, type FSWatcher as OnceWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { parseDurationMs, type Clock, type Logger } from "@millrace/core";
import type { FSWatcher, watch as watchFolder } from "chokidar";
import type { FileSearch } from "./file-pattern.ts";

export interface WatchOptions {
  readonly search: FileSearch;
  readonly rescan: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wake: () => void;
}

/** A burst of reports wakes once. */
const settleMs = 50;

/** Returns a function that stops it. Failures to watch are logged; the rescan goes on. */
export function watchFiles(options: WatchOptions): () => void {
  const watcher = new FolderWatcher(options);
  watcher.start();
  return () => watcher.stop();
}

class FolderWatcher {
  readonly #options: WatchOptions;
  #stopped = false;
  #inode: bigint | undefined;
  /** Only the newest attempt to attach may put a watcher in place. */
  #attempt = 0;
  #folder: FSWatcher | undefined;
  #ancestor: OnceWatcher | undefined;
  #cancelWake: (() => void) | undefined;
  #cancelRescan: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#scheduleRescan();
    void this.#attach();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWake?.();
    this.#cancelRescan?.();
    this.#detach();
  }

  #scheduleRescan(): void {
    const everyMs = parseDurationMs(this.#options.rescan) ?? 60_000;
    this.#cancelRescan = this.#options.clock.after(everyMs, () => {
      if (this.#stopped) return;
      this.#options.wake();
      void this.#reattachWhenMoved();
      this.#scheduleRescan();
    });
  }

  /** A folder further up was renamed: what is watched is no longer what stands under the name. */
  async #reattachWhenMoved(): Promise<void> {
    const inode = await inodeOf(this.#options.search.start);
    if (!this.#stopped && (this.#folder === undefined || inode !== this.#inode)) await this.#attach();
  }

  #wakeSoon(): void {
    if (this.#stopped || this.#cancelWake !== undefined) return;
    this.#cancelWake = this.#options.clock.after(settleMs, () => {
      this.#cancelWake = undefined;
      this.#options.wake();
    });
  }

  /** Watches the folder, or while it is not there the nearest folder above it that is. */
  async #attach(): Promise<void> {
    this.#detach();
    const attempt = (this.#attempt += 1);
    const { search, log } = this.#options;
    try {
      const existing = await nearestFolder(search.start);
      const { watch } = await import("chokidar");
      this.#inode = await inodeOf(search.start);
      if (this.#stopped || attempt !== this.#attempt) return;
      if (existing === search.start) this.#watchFolder(watch);
      else await this.#watchAncestor(existing);
    } catch (thrown) {
      log.warn("folder cannot be watched; it is looked at now and then", {
        folder: search.start,
        reason: String(thrown),
      });
    }
  }

  #watchFolder(watch: typeof watchFolder): void {
    const { search, log } = this.#options;
    this.#folder = watch(search.start, {
      ignoreInitial: true,
      followSymlinks: false,
      ...(Number.isFinite(search.depthMax) ? { depth: search.depthMax } : {}),
    })
      .on("all", (event, path) => {
        // The folder itself went away: wait for it to come back.
        if (event === "unlinkDir" && path === search.start) void this.#attach();
        this.#wakeSoon();
      })
      .on("error", (error) => log.warn("watching failed", { folder: search.start, reason: String(error) }))
      // What arrived between the last scan and now has no report of its own.
      .on("ready", () => this.#wakeSoon());
  }

  async #watchAncestor(folder: string): Promise<void> {
    const watcher = watchOnce(folder, { persistent: false }, () => void this.#attach());
    watcher.on("error", () => watcher.close());
    this.#ancestor = watcher;
    // What was created before the watcher was in place has no report.
    if ((await nearestFolder(this.#options.search.start)) !== folder) await this.#attach();
  }

  #detach(): void {
    void this.#folder?.close();
    this.#ancestor?.close();
    this.#folder = undefined;
    this.#ancestor = undefined;
  }
}

async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const stats = await stat(folder).catch(() => undefined);
    if (stats?.isDirectory() === true || folder === dirname(folder)) return folder;
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  return (await stat(path, { bigint: true }).catch(() => undefined))?.ino;
}
