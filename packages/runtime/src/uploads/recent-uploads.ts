// Uploads that are on their way into the table: until they are there, only this knows that they came. Bounded; one process owns a channel.

const recentMax = 10_000;

export class RecentUploads {
  readonly #isLoaded: (offset: bigint) => boolean;
  /** Offset of the row in the log; undefined while it is being appended. */
  readonly #offsets = new Map<string, bigint | undefined>();

  constructor(isLoaded: (offset: bigint) => boolean) {
    this.#isLoaded = isLoaded;
  }

  /** False when the same upload is on its way already. What is loaded is told by the table. */
  reserve(id: string): boolean {
    if (this.#offsets.has(id)) {
      const offset = this.#offsets.get(id);
      if (offset === undefined || !this.#isLoaded(offset)) return false;
      this.#offsets.delete(id);
    }
    for (const [oldest] of this.#offsets) {
      if (this.#offsets.size < recentMax) break;
      this.#offsets.delete(oldest);
    }
    this.#offsets.set(id, undefined);
    return true;
  }

  /** All of them are durable, the last at this offset. */
  appended(ids: readonly string[], last: bigint): void {
    for (const id of ids) this.#offsets.set(id, last);
  }

  /** They were not appended after all. */
  release(ids: readonly string[]): void {
    for (const id of ids) this.#offsets.delete(id);
  }
}
