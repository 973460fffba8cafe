// One limiter per upstream and limit, for as long as the HTTP client lives: channels of one upstream share it, and a reload does not forget
// the requests of the last seconds.
import type { HttpClient } from "@millrace/core";
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from "./rate-limiter.ts";

const limiters = new WeakMap<HttpClient, Map<string, RateLimiter>>();

export function sharedLimiter(http: HttpClient, origin: string, options: RateLimiterOptions): RateLimiter {
  const known = limiters.get(http) ?? new Map<string, RateLimiter>();
  limiters.set(http, known);
  const key = `${origin} ${options.limit?.requests ?? "any"}/${options.limit?.perMs ?? ""}`;
  const limiter = known.get(key) ?? createRateLimiter(options);
  known.set(key, limiter);
  return limiter;
}
