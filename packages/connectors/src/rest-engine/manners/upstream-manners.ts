// One set of manners per process: what every stream and channel knows of an upstream, by origin.
import { MillraceError, type Clock, type HttpClient, type Logger, type Metrics } from "@millrace/core";
import { AdaptiveConcurrency } from "./adaptive-concurrency.ts";
import { Breaker } from "./breaker.ts";
import { LearnedLimit } from "./learned-limit.ts";
import type { CallOutcome, CallPermit, CallPolicy, Manners, Upstream, UpstreamRules } from "./manners.ts";
import type { PreparedRequest } from "../request.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";

export interface MannersOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Waits that are worth a line in the log. */
const waitLoggedMs = 5_000;

/** A turn comes within twice the longest span of a limit, and what an upstream may ask for on top. */
const turnMsBeyond = 900_000;

/** Retries that successes pay for: a flood of failures does not multiply the load. */
const retriesMax = 100;
const retriesAtFirst = 50;
const retriesPerSuccess = 0.2;

const byClient = new WeakMap<HttpClient, Manners>();

/** The manners of all channels that use this client; they live as long as it does, so that a reload does not forget the last seconds. */
export function sharedManners(http: HttpClient, options: MannersOptions): Manners {
  const known = byClient.get(http) ?? createManners(options);
  byClient.set(http, known);
  return known;
}

export function createManners(options: MannersOptions): Manners {
  const health = new Map<string, UpstreamHealth>();
  const upstreams = new Map<string, Upstream>();
  return {
    upstream(origin, rules) {
      const known = health.get(origin) ?? { breaker: new Breaker(options.clock, origin), retries: retriesAtFirst };
      health.set(origin, known);
      const key = `${origin} ${rulesKey(rules)}`;
      const upstream = upstreams.get(key) ?? openUpstream({ ...options, origin, rules, health: known });
      upstreams.set(key, upstream);
      return upstream;
    },
  };
}

/** Rules with functions are told apart by identity. */
const matcherIds = new WeakMap<object, number>();
let matchersSeen = 0;

function rulesKey(rules: UpstreamRules): string {
  return JSON.stringify(rules, (_, value: unknown) => {
    if (typeof value !== "function") return value;
    const id = matcherIds.get(value) ?? (matchersSeen += 1);
    matcherIds.set(value, id);
    return `#${id}`;
  });
}

interface UpstreamHealth {
  readonly breaker: Breaker;
  retries: number;
}

interface UpstreamParts extends MannersOptions {
  readonly origin: string;
  readonly rules: UpstreamRules;
  readonly health: UpstreamHealth;
}

function openUpstream(parts: UpstreamParts): Upstream {
  const { clock, log, metrics, origin, rules, health } = parts;
  const onWait = (waitMs: number, reason: string): void => {
    metrics.seconds("millrace_upstream_wait_seconds", waitMs / 1000, { origin, reason });
    if (waitMs >= waitLoggedMs)
      log.info("waiting before the next upstream request", { origin, reason, waitMs: Math.round(waitMs) });
  };
  const budgets = rules.policies.map((policy) => budgetOf(policy, clock, onWait));
  const gate = createRateLimiter({ clock, onWait });
  const learned = new LearnedLimit(clock, {
    ...(rules.remainingHeader === undefined ? {} : { remaining: rules.remainingHeader }),
    ...(rules.resetHeader === undefined ? {} : { reset: rules.resetHeader }),
  });
  const lanes = new AdaptiveConcurrency(rules.concurrencyMax);
  /** All waits but that for a lane, in order; what was taken is given back when the wait is cut off. */
  const wait = async (request: PreparedRequest, signal: AbortSignal): Promise<() => void> => {
    const held: (() => void)[] = [];
    const give = (): void => held.forEach((release) => release());
    try {
      for (const take of ruling(budgets, request)) held.push(await take(signal));
      for (let waitMs = learned.takeMs(); waitMs > 0; waitMs = learned.takeMs()) {
        onWait(waitMs, "the upstream says that nothing is left of its limit");
        await clock.sleep(waitMs, signal);
      }
      held.push(await gate.acquire(signal));
      return give;
    } catch (thrown) {
      give();
      throw thrown;
    }
  };
  const longestMs = Math.max(0, ...rules.policies.flatMap(({ rates }) => rates.map(({ intervalMs }) => intervalMs)));
  const turnMsMax = 2 * longestMs + turnMsBeyond;
  return {
    async acquire(request, signal) {
      health.breaker.pass();
      const late = new AbortController();
      const cancel = clock.after(turnMsMax, () => late.abort(waitedTooLong(origin, turnMsMax)));
      const either = AbortSignal.any([signal, late.signal]);
      try {
        await lanes.enter(either);
      } catch (thrown) {
        cancel();
        health.breaker.gaveUp();
        throw thrown;
      }
      try {
        const give = await wait(request, either);
        cancel();
        return permit((outcome) => {
          give();
          settle(parts, { learned, lanes }, outcome);
        });
      } catch (thrown) {
        cancel();
        lanes.leave();
        health.breaker.gaveUp();
        throw thrown;
      }
    },
    pause: (forMs) => gate.pause(forMs),
    mayRetry() {
      if (health.retries < 1) return false;
      health.retries -= 1;
      return true;
    },
  };
}

function waitedTooLong(origin: string, waitMs: number): MillraceError {
  return new MillraceError(
    "deadline-exceeded",
    `A request to ${origin} waited ${Math.round(waitMs / 1000)} s for its turn.`,
    {
      hint: "Look at the limits of the channel and at what else asks this upstream; committed pages are kept.",
    },
  );
}

function permit(done: (outcome: CallOutcome) => void): CallPermit {
  let isDone = false;
  return {
    done(outcome) {
      if (!isDone) done(outcome);
      isDone = true;
    },
  };
}

function settle(
  { rules, health, metrics, origin }: UpstreamParts,
  { learned, lanes }: { readonly learned: LearnedLimit; readonly lanes: AdaptiveConcurrency },
  { status, headers, cancelled = false }: CallOutcome,
): void {
  if (cancelled) {
    lanes.leave();
    health.breaker.gaveUp();
    return;
  }
  const failed = status === undefined || status >= 500;
  const limited = status !== undefined && rules.limitStatus.includes(status);
  lanes.leave(failed || limited);
  health.breaker.record(failed);
  if (!failed && !limited) health.retries = Math.min(retriesMax, health.retries + retriesPerSuccess);
  if (headers !== undefined) learned.learn(headers, lanes.underWay);
  metrics.gauge("millrace_upstream_concurrency", lanes.limit, { origin });
}

interface CallBudget {
  readonly policy: CallPolicy;
  readonly limiters: readonly RateLimiter[];
}

function budgetOf(policy: CallPolicy, clock: Clock, onWait: (waitMs: number, reason: string) => void): CallBudget {
  const limiters = policy.rates.map(({ limit, intervalMs }) =>
    createRateLimiter({ clock, onWait, limit: { requests: limit, perMs: intervalMs } }),
  );
  return { policy, limiters };
}

/** The limiters of the first policy that concerns the request. */
function ruling(
  budgets: readonly CallBudget[],
  request: PreparedRequest,
): ((signal: AbortSignal) => Promise<() => void>)[] {
  for (const { policy, limiters } of budgets) {
    const weight = policy.matches === undefined ? 1 : policy.matches(request);
    if (weight !== undefined) return limiters.map((limiter) => (signal) => limiter.acquire(signal, weight));
  }
  return [];
}
