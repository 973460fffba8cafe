// When producers work: loops with pauses between their turns, held while the harness wants quiet, ended when it wants the end.
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";

/** Turns of each loop in one life before it slows down, so that a slow machine does not fall behind its senders for good. */
const turnsOfLife = 40;
const slowerTimes = 10;

export class Pace {
  /** Aborted when the time for `finish` is over or the run was given up. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  #ending = false;
  #held: PromiseWithResolvers<void> | undefined;
  readonly #loops: Promise<void>[] = [];
  #life = 0;

  constructor() {
    this.signal = this.#abort.signal;
  }

  /** Calls `turn` again and again, with a pause of `pauseMs()` after each, until `finish`. */
  loop(turn: () => Promise<void>, pauseMs: () => number): void {
    let life = 0;
    let turns = 0;
    const run = async (): Promise<void> => {
      while (!this.#ending && !this.signal.aborted) {
        await this.#held?.promise;
        await turn();
        turns = life === this.#life ? turns + 1 : 0;
        life = this.#life;
        const ms = turns < turnsOfLife ? pauseMs() : pauseMs() * slowerTimes;
        await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
      }
    };
    const running = run();
    // Met by `finish`; until then a failure must not count as unhandled.
    running.catch(() => undefined);
    this.#loops.push(running);
  }

  newLife(): void {
    this.#life += 1;
  }

  pause(): void {
    this.#held ??= Promise.withResolvers();
  }

  resume(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  /**
   * Waits until every loop has ended its turn.
   * @param closing what is owed after the last turns; it has what is left of the same time
   * @throws deadline-exceeded, and what a turn threw
   */
  async finish(timeoutMs: number, closing?: () => Promise<void>): Promise<void> {
    this.#ending = true;
    this.resume();
    const late = setTimeout(
      () => this.#abort.abort(new MillraceError("deadline-exceeded", "The producers did not come to their end.")),
      timeoutMs,
    );
    try {
      await Promise.all(this.#loops);
      this.signal.throwIfAborted();
      await closing?.();
    } catch (thrown) {
      // What waits with the signal ends with an error of its own: the reason tells more.
      this.signal.throwIfAborted();
      throw thrown;
    } finally {
      clearTimeout(late);
    }
  }

  /** Gives up: what waits ends now. */
  stop(): void {
    this.#ending = true;
    this.resume();
    this.#abort.abort(new MillraceError("cancelled", "The run ends."));
  }
}
