// One writer lane per table: writers of one table take turns, writers of different tables do not wait for each other.

export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();
  #exclusive: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();

  /** Runs `work` when all named lanes are free. Lanes are taken in one step, so that two writers never wait for each other in a circle. */
  async run<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = [this.#exclusive, ...names.map((name) => this.#tails.get(name) ?? Promise.resolve())];
    let done = (): void => undefined;
    const turn = new Promise<void>((resolve) => (done = resolve));
    for (const name of names) this.#tails.set(name, turn);
    this.#running.add(turn);
    try {
      await Promise.all(before);
      return await work();
    } finally {
      done();
      this.#running.delete(turn);
      for (const name of names) if (this.#tails.get(name) === turn) this.#tails.delete(name);
    }
  }

  /** Runs `work` alone: after every writer that came before, before every one that comes later. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#exclusive, ...this.#running];
    let done = (): void => undefined;
    this.#exclusive = new Promise<void>((resolve) => (done = resolve));
    try {
      await Promise.all(before);
      return await work();
    } finally {
      done();
    }
  }
}
