// Remembers which file versions need no further look, so that a scan of a large folder asks the ledger only about what is new.
import type { FoundFile } from "./list-files.ts";

const rememberedMax = 200_000;

export class SettledFiles {
  readonly #versions = new Map<string, string>();

  has(file: FoundFile): boolean {
    return this.#versions.get(file.path) === versionOf(file);
  }

  add(file: FoundFile): void {
    // Forgetting costs a question to the ledger, nothing else.
    if (this.#versions.size >= rememberedMax) this.#versions.clear();
    this.#versions.set(file.path, versionOf(file));
  }
}

function versionOf(file: FoundFile): string {
  return `${file.size} ${file.modifiedMicros}`;
}
