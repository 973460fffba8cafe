// A bell for one listener: rings are not counted, and a ring before the wait is not lost.
import type { Clock } from "@millrace/core";

export class Wakeup {
  #rung = false;
  #release: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#release?.();
  }

  /** Resolves at the next ring, after `ms`, or when the signal aborts; never rejects. */
  async wait(clock: Clock, options: { readonly ms?: number; readonly signal?: AbortSignal }): Promise<void> {
    const { ms, signal } = options;
    if (!this.#rung && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const cancel = ms === undefined ? undefined : clock.after(ms, done);
        signal?.addEventListener("abort", done, { once: true });
        this.#release = done;
        function done(): void {
          cancel?.();
          signal?.removeEventListener("abort", done);
          resolve();
        }
      });
    }
    this.#release = undefined;
    this.#rung = false;
  }
}
