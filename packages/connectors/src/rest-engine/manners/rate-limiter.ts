// Keeps an upstream's rate limit for certain: whatever span of `perMs` the upstream looks at, it sees at most `requests`.
import type { Clock } from "@millrace/core";

export interface RateLimiter {
  /** Resolves when a request of this weight (default 1) may be sent. Call the result as soon as the upstream has answered or the request has failed. Waiters are served in order. */
  acquire(signal: AbortSignal, weight?: number): Promise<() => void>;
  /** No request is sent for this long: the upstream asked for it. */
  pause(forMs: number): void;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Absent: no limit, only pauses. */
  readonly limit?: { readonly requests: number; readonly perMs: number };
  /** Told before a wait. */
  readonly onWait?: (waitMs: number, reason: string) => void;
}

/** Upstreams count whole milliseconds; a span's both ends may belong to it. */
const marginMs = 1;

/**
 * There are `requests` slots. A request holds one from before it is sent until `perMs` after its answer began. The upstream saw it at some moment
 * between the two, however the network delayed it, so the request that gets the slot next is seen at least `perMs` later. A token bucket lacks
 * this: it lets a full bucket and its refill through within one span.
 */
export function createRateLimiter({ clock, limit, onWait }: RateLimiterOptions): RateLimiter {
  const cooling: number[] = [];
  let unused = limit?.requests ?? 0;
  let pausedUntilMs = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let released: (() => void) | undefined;

  const release = (slots: number): void => {
    if (limit === undefined) return;
    const freeAtMs = clock.monotonicMs() + limit.perMs + marginMs;
    for (let at = 0; at < slots; at += 1) cooling.push(freeAtMs);
    released?.();
  };

  /** Milliseconds until so many slots are free; undefined while too many are held by requests under way. */
  const slotWaitMs = (nowMs: number, slots: number): number | undefined => {
    if (limit === undefined || unused >= slots) return 0;
    const last = cooling[slots - unused - 1];
    return last === undefined ? undefined : Math.max(0, last - nowMs);
  };

  const take = async (signal: AbortSignal, slots: number): Promise<() => void> => {
    for (;;) {
      signal.throwIfAborted();
      const nowMs = clock.monotonicMs();
      const slotMs = slotWaitMs(nowMs, slots);
      const pauseMs = pausedUntilMs - nowMs;
      if (slotMs === undefined) {
        await someRelease(signal);
        continue;
      }
      if (slotMs <= 0 && pauseMs <= 0) break;
      const waitMs = Math.max(slotMs, pauseMs);
      onWait?.(waitMs, pauseMs > slotMs ? "the upstream asked to wait" : "the rate limit is used up");
      await clock.sleep(waitMs, signal);
    }
    const fresh = Math.min(unused, slots);
    unused -= fresh;
    cooling.splice(0, slots - fresh);
    let done = false;
    return () => {
      if (!done) release(slots);
      done = true;
    };
  };

  const someRelease = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      released = () => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      signal.addEventListener("abort", stop, { once: true });
    });

  return {
    acquire(signal, weight = 1) {
      // More than there are slots could never be had.
      const slots = Math.max(1, Math.min(Math.round(weight), limit?.requests ?? 1));
      const mine = turn.then(() => take(signal, slots));
      turn = mine.catch(() => undefined);
      return mine;
    },
    pause(forMs) {
      pausedUntilMs = Math.max(pausedUntilMs, clock.monotonicMs() + forMs);
    },
  };
}
