// Exponential back-off with full jitter: each wait is uniform in [0, min(cap, base * 2^attempt)].
// Source: the "full jitter" strategy of the AWS architecture article on exponential back-off.
import type { Random } from "../ports/clock.ts";

export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
  /** Tries in all, the first included. */
  readonly attemptsMax: number;
}

export const defaultBackoff: BackoffPolicy = { baseMs: 1000, capMs: 30_000, attemptsMax: 5 };

/** @param attempt 0 for the wait after the first try */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  return random.next() * Math.min(policy.capMs, policy.baseMs * 2 ** attempt);
}
