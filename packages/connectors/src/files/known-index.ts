// What the ledger knows of a channel's files, in memory: asked once, so that a scan of a large folder needs no question per file; and what is missing of it
// now, which is how renamed and deleted files are noticed.
import type { ConnectorContext, FileIdentity, KnownFile } from "@millrace/core";
import { versionOf, type FoundFile, type Listing, type Place } from "./places/place.ts";

type Entry = Omit<KnownFile, "path">;

/** Beyond this many, files are asked for path by path, and renamed or deleted ones are not noticed. */
const entriesMax = 1_000_000;
/** Missing files that are looked for together. */
const looksAtOnce = 64;

export class KnownIndex {
  readonly #context: ConnectorContext;
  readonly #entries = new Map<string, Entry>();
  #loaded: Promise<boolean> | undefined;

  constructor(context: ConnectorContext) {
    this.#context = context;
  }

  /** True when everything that the ledger knows is here. */
  load(): Promise<boolean> {
    this.#loaded ??= this.#load().catch((thrown: unknown) => {
      this.#loaded = undefined;
      throw thrown;
    });
    return this.#loaded;
  }

  /** The ledger has exactly this version, and it is known to be there. */
  has(file: FoundFile): boolean {
    const entry = this.#entries.get(file.path);
    if (entry?.state !== "loaded") return false;
    if (file.tag !== undefined && entry.tag !== undefined) return file.tag === entry.tag;
    return file.modifiedMicros !== 0n && versionOf({ ...entry, path: "", absolute: "" }) === versionOf(file);
  }

  /** Its rows are committed under this identity. */
  put(file: FileIdentity): void {
    this.#entries.set(file.path, { ...file, version: 0, batch: 0n, state: "loaded" });
  }

  drop(path: string): void {
    this.#entries.delete(path);
  }

  /** Its rows stay, and it was told that the file does not. */
  noted(path: string): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) this.#entries.set(path, { ...entry, state: "gone" });
  }

  /** Known files that do not stand in the place any more, each looked for under its name: a pattern that was narrowed deletes nothing. */
  async missing(listing: Listing, place: Place): Promise<ReadonlyMap<string, KnownFile>> {
    const missing = new Map<string, KnownFile>();
    // Where something could not be looked at, nothing can be said about what is not there.
    if (!listing.exists || listing.problems.length > 0 || !(await this.load())) return missing;
    const here = new Set(listing.files.map((file) => file.path));
    const absent = [...this.#entries].filter(([path]) => !here.has(path));
    for (let at = 0; at < absent.length; at += looksAtOnce)
      await Promise.all(
        absent.slice(at, at + looksAtOnce).map(async ([path, entry]) => {
          const found = await place.look(path).catch(() => true);
          if (found === undefined) missing.set(path, { ...entry, path });
        }),
      );
    return missing;
  }

  async #load(): Promise<boolean> {
    for await (const file of this.#context.livingFiles()) {
      if (this.#entries.size >= entriesMax) {
        this.#entries.clear();
        this.#context.log.warn("The channel has too many files to notice renamed and deleted ones.", {
          filesMax: entriesMax,
        });
        return false;
      }
      const { path, ...entry } = file;
      this.#entries.set(path, entry);
    }
    return true;
  }
}
