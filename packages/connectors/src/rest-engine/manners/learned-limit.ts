// What the headers of answers tell of a limit: so many requests are left until it is filled up again.
import type { Clock } from "@millrace/core";

type Headers = Readonly<Record<string, string>>;

const remainingNames = ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"];
const resetNames = ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"];
/** Headers are not always what they seem: nobody is kept waiting for longer on their word alone. */
const waitMsMax = 300_000;

export interface HeaderNames {
  readonly remaining?: string;
  readonly reset?: string;
}

export class LearnedLimit {
  readonly #clock: Clock;
  readonly #names: HeaderNames;
  #left = Infinity;
  #untilMs = 0;

  constructor(clock: Clock, names: HeaderNames) {
    this.#clock = clock;
    this.#names = names;
  }

  /** Milliseconds before the next request may be sent; 0 takes one of those that are left. */
  takeMs(): number {
    const waitMs = this.#untilMs - this.#clock.monotonicMs();
    if (waitMs <= 0) {
      this.#left = Infinity;
      return 0;
    }
    if (this.#left <= 0) return Math.min(waitMs, waitMsMax);
    this.#left -= 1;
    return 0;
  }

  /** @param underWay requests that were sent and whose answers are not in yet: the upstream may not have counted them */
  learn(headers: Headers, underWay: number): void {
    const left = numberOf(pick(headers, this.#names.remaining, remainingNames));
    const reset = pick(headers, this.#names.reset, resetNames);
    const waitMs = reset === undefined ? undefined : resetMs(reset, this.#clock);
    if (left === undefined || waitMs === undefined || waitMs <= 0) return;
    const untilMs = this.#clock.monotonicMs() + Math.min(waitMs, waitMsMax);
    const same = Math.abs(untilMs - this.#untilMs) < 1500;
    this.#left = same ? Math.min(this.#left, left - underWay) : left - underWay;
    this.#untilMs = untilMs;
  }
}

function pick(headers: Headers, own: string | undefined, usual: readonly string[]): string | undefined {
  const names = own === undefined ? usual : [own.toLowerCase(), ...usual];
  return names.map((name) => headers[name]).find((value) => value !== undefined && value !== "");
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) || value < 0 ? undefined : value;
}

/** Milliseconds until then: seconds from now, seconds or milliseconds since the epoch, or a date. Undefined when it is none of them. */
export function resetMs(text: string, clock: Clock): number | undefined {
  const value = Number(text);
  if (Number.isFinite(value)) {
    if (value > 1e11) return Math.max(0, value - clock.nowMs());
    return Math.max(0, value > 1e9 ? value * 1000 - clock.nowMs() : value * 1000);
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.nowMs());
}
