// Stops asking an upstream that fails again and again: closed, open for a while, then one probe decides (half-open).
import { MillraceError, type Clock } from "@millrace/core";

const failuresMax = 10;
const openMsFirst = 5_000;
const openMsMax = 120_000;

export class Breaker {
  readonly #clock: Clock;
  readonly #origin: string;
  #failures = 0;
  #openMs = openMsFirst;
  #openUntilMs: number | undefined;
  #probing = false;

  constructor(clock: Clock, origin: string) {
    this.#clock = clock;
    this.#origin = origin;
  }

  /** @throws MillraceError upstream-unavailable while it is open, or while a probe is under way */
  pass(): void {
    if (this.#openUntilMs === undefined) return;
    const waitMs = this.#openUntilMs - this.#clock.monotonicMs();
    if (waitMs <= 0 && !this.#probing) {
      this.#probing = true;
      return;
    }
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new MillraceError(
      "upstream-unavailable",
      `${this.#origin} failed ${this.#failures} times in a row; it is asked again in ${seconds} s.`,
      { details: { breaker: "open", waitMs: Math.max(0, Math.round(waitMs)), failures: this.#failures } },
    );
  }

  /** A request was given up before it was sent. */
  gaveUp(): void {
    this.#probing = false;
  }

  record(failed: boolean): void {
    const wasProbe = this.#probing;
    this.#probing = false;
    if (!failed) {
      this.#failures = 0;
      this.#openMs = openMsFirst;
      this.#openUntilMs = undefined;
      return;
    }
    this.#failures += 1;
    if (this.#failures < failuresMax || (this.#openUntilMs !== undefined && !wasProbe)) return;
    this.#openUntilMs = this.#clock.monotonicMs() + this.#openMs;
    this.#openMs = Math.min(this.#openMs * 2, openMsMax);
  }
}
