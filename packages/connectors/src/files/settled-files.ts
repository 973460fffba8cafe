// Remembers which file versions need no further look, so that a scan of a large folder asks the ledger only about what is new.
import { versionOf, type FoundFile } from "./places/place.ts";

const rememberedMax = 200_000;

export class SettledFiles {
  readonly #versions = new Map<string, string>();

  /** @param said what its manifest said of it, where there is one: a corrected manifest is a reason to look again */
  has(file: FoundFile, said = ""): boolean {
    return this.#versions.get(file.path) === versionOf(file) + said;
  }

  add(file: FoundFile, said = ""): void {
    // Forgetting costs a question to the ledger, nothing else.
    if (this.#versions.size >= rememberedMax) this.#versions.clear();
    this.#versions.set(file.path, versionOf(file) + said);
  }
}
