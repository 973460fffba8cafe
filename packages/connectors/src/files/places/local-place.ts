// A folder of this machine, or of a drive that is mounted on it.
import { isAbsolute, join, resolve } from "node:path";
import type { ConnectorContext, MillraceError } from "@millrace/core";
import { archiveRoot } from "../after-load.ts";
import type { FilesConfig } from "../files-config.ts";
import { fileSearch, type FileSearch } from "./file-pattern.ts";
import { foundFile, listFiles } from "./list-files.ts";
import { localContent } from "./local-content.ts";
import { localTaking } from "./local-taking.ts";
import type { FoundFile, Listing, Place, Taking } from "./place.ts";
import { watchFiles } from "./watch-files.ts";

export class LocalPlace implements Place {
  readonly remote = false;
  readonly taking: Taking;
  readonly #context: ConnectorContext;
  readonly #config: FilesConfig;
  readonly #search: FileSearch;
  /** Folders that hold what was archived. */
  readonly #without: readonly string[];

  constructor(context: ConnectorContext, config: FilesConfig) {
    this.#context = context;
    this.#config = config;
    this.#search = fileSearch(config, context);
    this.taking = localTaking(this.#search.root);
    const archived = archiveRoot(config.after);
    this.#without = archived === undefined ? [] : [resolve(this.#search.root, archived)];
  }

  list(signal: AbortSignal): Promise<Listing> {
    return listFiles(this.#search, { signal, without: this.#without });
  }

  async look(path: string): Promise<FoundFile | undefined> {
    const problems: MillraceError[] = [];
    const absolute = isAbsolute(path) ? path : join(this.#search.root, path);
    const found = await foundFile(this.#search, absolute, problems);
    if (problems[0] !== undefined) throw problems[0];
    return found;
  }

  content(file: FoundFile): AsyncIterable<Uint8Array> {
    return localContent(file);
  }

  watch(wake: () => void): () => void {
    return watchFiles({
      search: this.#search,
      rescan: this.#config.rescan ?? "1m",
      clock: this.#context.clock,
      log: this.#context.log,
      wake,
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
