// How many requests are under way at once: grows by one with each round that goes well, halves when the upstream is overloaded (AIMD, as in TCP
// congestion control, RFC 5681).

/** Waiters are served in order. */
export class AdaptiveConcurrency {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #underWay = 0;

  constructor(max: number) {
    this.#max = Math.max(1, max);
    this.#limit = Math.min(4, this.#max);
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** How many may be under way now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Resolves when there is room; rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#underWay < this.limit && this.#waiting.length === 0) {
      this.#underWay += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason as Error);
      };
      this.#waiting.push(go);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** @param wasOverloaded absent: the request says nothing about the upstream */
  leave(wasOverloaded?: boolean): void {
    this.#underWay -= 1;
    if (wasOverloaded === true) this.#limit = Math.max(1, this.#limit / 2);
    else if (wasOverloaded === false) this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
    while (this.#underWay < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#underWay += 1;
      next();
    }
  }
}
