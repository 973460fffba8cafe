// A clock whose wall time stands still, as the reference's does, and whose waits are over at once.
import type { Clock } from "@millrace/core";

export class FrozenClock implements Clock {
  readonly #wallMs: number;
  #waitedMs = 0;

  constructor(now: string) {
    this.#wallMs = Date.parse(now);
  }

  nowMs(): number {
    return this.#wallMs;
  }

  nowMicros(): bigint {
    return BigInt(this.#wallMs) * 1000n;
  }

  monotonicMs(): number {
    return this.#waitedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#waitedMs += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Deadlines never come: nothing here takes time. */
  after(): () => void {
    return () => undefined;
  }
}
