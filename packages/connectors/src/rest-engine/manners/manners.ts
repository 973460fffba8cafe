// How upstreams are treated: budgets, concurrency, retries and a breaker per origin, shared by all streams and channels of one process.
import type { PreparedRequest } from "../request.ts";

/** Weight of a request under a policy; undefined when the policy does not concern it. */
export type CallMatcher = (request: PreparedRequest) => number | undefined;

/** What an upstream allows. The first policy whose matcher answers rules a request; no matcher concerns every request. */
export interface CallPolicy {
  /** All of them hold in any span of their length; none: no limit. */
  readonly rates: readonly { readonly limit: number; readonly intervalMs: number }[];
  readonly matches?: CallMatcher;
}

export interface UpstreamRules {
  readonly policies: readonly CallPolicy[];
  /** Headers that tell what is left and when it is filled up again, beside the usual names. */
  readonly remainingHeader?: string;
  readonly resetHeader?: string;
  /** Answers that say the limit is reached. */
  readonly limitStatus: readonly number[];
  /** Requests under way at once; adapts between 1 and this. */
  readonly concurrencyMax: number;
}

/** How a request went, for all that is learned from it. */
export interface CallOutcome {
  /** Absent when there was no answer. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Given up here: says nothing about the upstream. */
  readonly cancelled?: boolean;
}

/** A turn. Call `done` once: as soon as the answer has begun, or the request has failed. */
export interface CallPermit {
  done(outcome: CallOutcome): void;
}

export interface Upstream {
  /**
   * Waits for a turn; turns are given in order. The reason of a long wait is logged and counted.
   * @throws MillraceError upstream-unavailable while the breaker is open, deadline-exceeded after the longest wait that the policies explain
   */
  acquire(request: PreparedRequest, signal: AbortSignal): Promise<CallPermit>;
  /** No request is sent for this long: the upstream asked for it. */
  pause(forMs: number): void;
  /** True when one more retry fits into the budget that successes fill. */
  mayRetry(): boolean;
}

export interface Manners {
  /** The upstream at this origin. Calls with the same rules share everything; other rules of the same origin share breaker and retry budget. */
  upstream(origin: string, rules: UpstreamRules): Upstream;
}
