// The moments of an expectation: which deadline was the last one, since when an arrival counts for it, and when to look again.
import { parseExpectedBy, type ExpectedBy } from "@millrace/core";
import { Cron } from "croner";

const dayMs = 86_400_000;

export interface Verdict {
  /** The deadline that passed without an arrival; undefined when nothing is late. */
  readonly lateSinceMs: number | undefined;
  /** The next moment at which the verdict may change by time alone. */
  readonly nextMs: number;
}

/** Judges arrivals against `07:30 Europe/Berlin` or `24h`. */
export class ExpectedArrival {
  readonly #expected: ExpectedBy;
  readonly #deadlines: Cron | undefined;
  readonly #midnights: Cron | undefined;

  /** @param text as the author wrote it, checked before */
  constructor(text: string) {
    this.#expected = parseExpectedBy(text) ?? { kind: "interval", ms: dayMs };
    if (this.#expected.kind === "interval") return;
    const { hour, minute, zone, days } = this.#expected;
    const options = { timezone: zone, paused: true };
    this.#deadlines = new Cron(`${minute} ${hour} * * ${days.join(",")}`, options);
    this.#midnights = new Cron("0 0 * * *", options);
  }

  /** @param at.knownSinceMs before that nobody waited for it */
  judge(at: { readonly nowMs: number; readonly lastMs: number | undefined; readonly knownSinceMs: number }): Verdict {
    const { nowMs, knownSinceMs } = at;
    if (this.#expected.kind === "interval") {
      const dueMs = (at.lastMs ?? knownSinceMs) + this.#expected.ms;
      const isLate = dueMs <= nowMs;
      return { lateSinceMs: isLate ? dueMs : undefined, nextMs: isLate ? nowMs + this.#expected.ms : dueMs };
    }
    const dueMs = latest(this.#deadlines, nowMs);
    const nextMs = this.#deadlines?.nextRun(new Date(nowMs))?.getTime() ?? nowMs + dayMs;
    if (dueMs === undefined) return { lateSinceMs: undefined, nextMs };
    const fromMs = latest(this.#midnights, dueMs) ?? dueMs - dayMs;
    const arrived = at.lastMs === undefined ? dueMs <= knownSinceMs : at.lastMs >= fromMs;
    return { lateSinceMs: arrived ? undefined : dueMs, nextMs };
  }
}

/** The newest moment of a schedule that is not after `nowMs`, within the last eight days. */
function latest(schedule: Cron | undefined, nowMs: number): number | undefined {
  let found: number | undefined;
  let at = new Date(nowMs - 8 * dayMs);
  for (;;) {
    const next = schedule?.nextRun(at);
    if (next === null || next === undefined || next.getTime() > nowMs) return found;
    found = next.getTime();
    at = next;
  }
}
