// Lets a bounded number of callers in; refuses the rest at once, because a queue only moves the waiting.
import { MillraceError } from "@millrace/core";

export class Gate {
  readonly #what: string;
  readonly #insideMax: number;
  #inside = 0;

  constructor(what: string, insideMax: number) {
    this.#what = what;
    this.#insideMax = insideMax;
  }

  /** Returns the way out, which counts once. @throws MillraceError overloaded */
  enter(): () => void {
    if (this.#inside >= this.#insideMax)
      throw new MillraceError("overloaded", `${this.#insideMax} ${this.#what} are being served.`);
    this.#inside += 1;
    let left = false;
    return () => {
      if (!left) this.#inside -= 1;
      left = true;
    };
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    const leave = this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
