// Files that the ledger knows and that are not in their place any more: renamed ones go on under their new name, the rows of deleted ones stay or leave.
import { MillraceError, type ConnectorContext, type KnownFile } from "@millrace/core";
import type { StoredFile } from "./file-group.ts";
import type { OnDelete } from "./files-config.ts";
import type { KnownIndex } from "./known-index.ts";

/** Files whose rows leave in one transaction. */
const removedAtOnceMax = 500;

export interface Removal {
  readonly paths: readonly string[];
  readonly batches: readonly bigint[];
}

/** The departed files of one read. */
export class DepartedFiles {
  readonly #context: ConnectorContext;
  readonly #index: KnownIndex;
  readonly #missing: Map<string, KnownFile>;
  readonly #byContent: Map<string, string[]>;

  constructor(context: ConnectorContext, index: KnownIndex, missing: ReadonlyMap<string, KnownFile>) {
    this.#context = context;
    this.#index = index;
    this.#missing = new Map(missing);
    this.#byContent = new Map();
    for (const [path, file] of missing) {
      const same = this.#byContent.get(contentOf(file));
      if (same === undefined) this.#byContent.set(contentOf(file), [path]);
      else same.push(path);
    }
  }

  /** When a departed file had the content of this new one, records the new name and returns true: its rows are in the table already. */
  async takesOver({ identity }: StoredFile): Promise<boolean> {
    const from = this.#byContent.get(contentOf(identity))?.pop();
    if (from === undefined) return false;
    await this.#context.renamed({ from, file: identity });
    this.#context.log.info("A file has a new name and the same content; it is not loaded again.", {
      from,
      path: identity.path,
    });
    this.#missing.delete(from);
    this.#index.drop(from);
    this.#index.put(identity);
    return true;
  }

  /** Tells once of files that were deleted; their rows stay. */
  async note(): Promise<void> {
    const news = [...this.#missing].filter(([, file]) => file.state === "loaded").map(([path]) => path);
    if (news.length === 0) return;
    await this.#context.gone(news);
    this.#context.log.info("Files were deleted; their rows stay.", { files: news.length, first: news[0] });
    for (const path of news) this.#index.noted(path);
  }

  /**
   * What is to leave, in parts of one transaction each.
   *
   * @param left files that still stand there
   * @throws MillraceError files-vanished when several are known and none is left: a drive that is not mounted looks the same
   */
  async *removals(left: number): AsyncGenerator<Removal> {
    const paths = [...this.#missing.keys()];
    if (paths.length > 1 && left === 0) throw vanished(this.#context, paths);
    for (let at = 0; at < paths.length; at += removedAtOnceMax) {
      const some = paths.slice(at, at + removedAtOnceMax);
      const known = await this.#context.knownFiles(some);
      const batches = [...new Set([...known.values()].map(({ batch }) => batch).filter((batch) => batch !== 0n))];
      yield { paths: some, batches };
      for (const path of some) this.#index.drop(path);
    }
  }
}

export function onDeleteOf({ onDelete }: { readonly onDelete?: OnDelete }): OnDelete {
  return onDelete ?? "keep";
}

function contentOf({ size, sha256 }: { readonly size: number; readonly sha256: string }): string {
  return `${size} ${sha256}`;
}

function vanished({ channel }: ConnectorContext, paths: readonly string[]): MillraceError {
  return new MillraceError(
    "files-vanished",
    `All ${paths.length} files of ${channel.domain}.${channel.name} are gone at once, ${paths[0]} among them; their rows stay.`,
    { details: { files: paths.length } },
  );
}
