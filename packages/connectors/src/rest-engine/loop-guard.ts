// Notices that an upstream hands out pages it handed out before. Memory is bounded however many pages there are.

const rememberedMax = 10_000;

/**
 * Remembers positions exactly up to a bound; beyond it Brent's algorithm (1980) keeps one anchor, which finds every cycle, later.
 */
export class LoopGuard {
  readonly #seen = new Set<string>();
  #anchor = "";
  #steps = 0;
  #power = 1;

  /** True when this position was visited before. Call once per position. */
  revisits(position: unknown): boolean {
    const text = JSON.stringify(position);
    if (this.#seen.has(text) || text === this.#anchor) return true;
    if (this.#seen.size < rememberedMax) {
      this.#seen.add(text);
      return false;
    }
    this.#steps += 1;
    if (this.#steps === this.#power) {
      this.#anchor = text;
      this.#power *= 2;
      this.#steps = 0;
    }
    return false;
  }
}
