// The timer wheel of timed channels: one timer for the earliest moment, whose times survive a restart in the control store.
import { toMillraceError, type Clock, type Logger, type ScheduleStore } from "@millrace/core";
import { nextMoment } from "./trigger.ts";

export interface TimersParts {
  readonly schedules: ScheduleStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDue: (subject: string) => void;
}

/** Timers of the platform are longer than this never: the wheel looks again. */
const SLEEP_MS_MAX = 6 * 3_600_000;

export class Timers {
  readonly #parts: TimersParts;
  readonly #due = new Map<string, { readonly every: string; nextMs: number }>();
  #cancel: (() => void) | undefined;

  constructor(parts: TimersParts) {
    this.#parts = parts;
  }

  /** Adopts this set of subjects; a stored moment is kept while the subject's trigger stays the same, and a missed one is due at once. */
  async adopt(subjects: ReadonlyMap<string, string>): Promise<void> {
    const { schedules, clock } = this.#parts;
    const stored = new Map((await schedules.list()).map((record) => [record.subject, record]));
    this.#due.clear();
    for (const [subject, every] of subjects) {
      const known = stored.get(subject);
      const nextMs = known?.every === every ? known.nextMs : nextMoment(every, clock.nowMs());
      if (nextMs === undefined) continue;
      this.#due.set(subject, { every, nextMs });
      if (known?.nextMs !== nextMs || known.every !== every) await schedules.put({ subject, every, nextMs });
    }
    for (const subject of stored.keys()) if (!this.#due.has(subject)) await schedules.remove(subject);
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#due.clear();
  }

  #arm(): void {
    this.#cancel?.();
    const next = Math.min(...[...this.#due.values()].map((timer) => timer.nextMs));
    if (!Number.isFinite(next)) return;
    const waitMs = Math.min(SLEEP_MS_MAX, Math.max(0, next - this.#parts.clock.nowMs()));
    this.#cancel = this.#parts.clock.after(waitMs, () => this.#fire());
  }

  #fire(): void {
    const { clock, onDue } = this.#parts;
    const nowMs = clock.nowMs();
    for (const [subject, timer] of this.#due) {
      if (timer.nextMs > nowMs) continue;
      const nextMs = nextMoment(timer.every, nowMs);
      if (nextMs === undefined) this.#due.delete(subject);
      else timer.nextMs = nextMs;
      onDue(subject);
      if (nextMs !== undefined) this.#keep(subject, timer.every, nextMs);
    }
    this.#arm();
  }

  #keep(subject: string, every: string, nextMs: number): void {
    const { schedules, log } = this.#parts;
    schedules.put({ subject, every, nextMs }).catch((error: unknown) => {
      log.error("A schedule could not be stored.", { subject, error: toMillraceError(error).toJSON() });
    });
  }
}
