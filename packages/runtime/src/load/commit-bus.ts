// Tells the rest of the process about commits, in commit order per table: models, held rows, caches and status wake from here.
import { toMillraceError, type CommitEvent, type Logger } from "@millrace/core";

export class CommitBus {
  readonly #log: Logger;
  readonly #listeners = new Set<(commit: CommitEvent) => void>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Listeners must be quick; returns a function that removes the listener. */
  subscribe(listener: (commit: CommitEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that throws does not keep the others from hearing: the data is committed. */
  publish(commit: CommitEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(commit);
      } catch (error) {
        this.#log.error("A commit listener failed.", { error: toMillraceError(error).toJSON() });
      }
    }
  }
}
