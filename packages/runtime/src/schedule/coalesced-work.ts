// Work that commits ask for again and again: per subject one run at a time and one more waiting, with a pause that grows with what a run costs.
import { toMillraceError, type Clock, type Logger, type MillraceError } from "@millrace/core";

export interface CoalescedWorkParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly run: (subject: string, signal: AbortSignal) => Promise<void>;
  readonly onError: (error: MillraceError) => void;
}

/** A subject rests for as long as its last run took, so that it never takes more than about half of the time. */
const REST_MS_MAX = 30_000;

interface Subject {
  wanted: boolean;
  running: Promise<void> | undefined;
  lastMs: number;
}

export class CoalescedWork {
  readonly #parts: CoalescedWorkParts;
  readonly #subjects = new Map<string, Subject>();
  readonly #stopping = new AbortController();
  #draining = 0;

  constructor(parts: CoalescedWorkParts) {
    this.#parts = parts;
  }

  request(subject: string): void {
    const state = this.#subjects.get(subject) ?? { wanted: false, running: undefined, lastMs: 0 };
    this.#subjects.set(subject, state);
    state.wanted = true;
    state.running ??= this.#work(subject, state).finally(() => {
      state.running = undefined;
    });
  }

  /** Resolves when nothing runs or waits; pauses are cut short meanwhile for work that is not resting yet. */
  async idle(): Promise<void> {
    this.#draining += 1;
    for (;;) {
      const running = [...this.#subjects.values()].map((state) => state.running).filter((run) => run !== undefined);
      if (running.length === 0) break;
      await Promise.all(running);
    }
    this.#draining -= 1;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
  }

  async #work(subject: string, state: Subject): Promise<void> {
    const { clock, log, onError, run } = this.#parts;
    const signal = this.#stopping.signal;
    while (state.wanted && !signal.aborted) {
      state.wanted = false;
      const startedMs = clock.monotonicMs();
      try {
        await run(subject, signal);
      } catch (thrown) {
        const error = toMillraceError(thrown);
        log.error("Work that follows commits failed; the next commit asks for it again.", {
          subject,
          error: error.toJSON(),
        });
        onError(error);
      }
      state.lastMs = clock.monotonicMs() - startedMs;
      if (this.#draining === 0) await clock.sleep(Math.min(REST_MS_MAX, state.lastMs), signal).catch(() => undefined);
    }
  }
}
