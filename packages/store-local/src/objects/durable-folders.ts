// Folders that are known to survive a power cut: created, and their entry synced in their parent, up to the root of the store.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../files/file-errors.ts";

const rememberedMax = 10_000;

export class DurableFolders {
  readonly #root: string;
  readonly #sync: (folder: string) => Promise<void>;
  readonly #known = new Map<string, Promise<void>>();

  /** @param root exists already */
  constructor(root: string, sync: (folder: string) => Promise<void>) {
    this.#root = root;
    this.#sync = sync;
  }

  /** Resolves once the folder exists durably; callers at the same time share the work, later ones get it for nothing. */
  ensure(folder: string): Promise<void> {
    if (folder === this.#root) return Promise.resolve();
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    if (this.#known.size >= rememberedMax) this.#known.clear();
    const made = this.#make(folder);
    this.#known.set(folder, made);
    made.catch(() => this.forget(folder));
    return made;
  }

  /** Somebody removed it behind our back: the next `ensure` starts afresh. */
  forget(folder: string): void {
    for (let gone = folder; gone !== this.#root && gone !== dirname(gone); gone = dirname(gone))
      this.#known.delete(gone);
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder);
    await this.ensure(parent);
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (thrown) {
      if (systemCode(thrown) !== "EEXIST") throw thrown;
    }
    await this.#sync(parent);
  }
}
