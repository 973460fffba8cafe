// Error handlers that are declared: filters that look at answers in order, ways to find the wait, and handlers asked one after the other.
import type { Clock, Random } from "@millrace/core";
import type { Answer } from "../request.ts";
import type { ErrorHandler, Outcome, Resolution, ResponseAction } from "../components.ts";
import { valueAtPath } from "../record-path.ts";
import { interpretByStatus } from "./default-errors.ts";
import { resetMs } from "../manners/learned-limit.ts";

/** Matches when any of its conditions does. */
export interface ResponseFilter {
  readonly action: ResponseAction;
  readonly failure?: Resolution["failure"];
  readonly statuses?: readonly number[];
  /** Part of the upstream's own error message. */
  readonly contains?: string;
  readonly predicate?: (answer: Answer, document: unknown) => boolean;
  readonly message?: (answer: Answer, document: unknown) => string;
}

/** Milliseconds to wait, `stop` when it would be too long, undefined when this way knows nothing. @param attempt tries so far, from 1 */
export type BackoffStrategy = (
  answer: Answer | undefined,
  attempt: number,
  context: { readonly clock: Clock; readonly random: Random },
) => number | "stop" | undefined;

export interface FilteredErrorOptions {
  readonly filters: readonly ResponseFilter[];
  readonly backoff: readonly BackoffStrategy[];
  readonly attemptsMax: number;
  readonly waitMsMax: number;
}

/** The first filter that matches decides; else the status does. */
export function filteredErrors({ filters, backoff, attemptsMax, waitMsMax }: FilteredErrorOptions): ErrorHandler {
  return {
    attemptsMax,
    waitMsMax,
    interpret: (outcome) =>
      filters.map((filter) => resolve(filter, outcome)).find((found) => found !== undefined) ??
      interpretByStatus(outcome),
    backoffMs: (outcome, attempt, context) => firstBackoff(backoff, outcome, attempt, context),
  };
}

function firstBackoff(
  strategies: readonly BackoffStrategy[],
  outcome: Outcome,
  attempt: number,
  context: Parameters<BackoffStrategy>[2],
): number | "stop" | undefined {
  for (const strategy of strategies) {
    const found = strategy(outcome.answer, attempt, context);
    if (found === "stop" || (found !== undefined && found > 0)) return found;
  }
  return undefined;
}

function resolve(filter: ResponseFilter, outcome: Outcome): Resolution | undefined {
  const { answer } = outcome;
  if (answer === undefined || !matches(filter, answer, outcome)) return undefined;
  const message = filter.message?.(answer, outcome.document());
  const byStatus = interpretByStatus(outcome).failure;
  return {
    action: filter.action,
    failure: filter.action === "FAIL" && filter.failure !== undefined ? filter.failure : byStatus,
    ...(message === undefined || message === "" ? {} : { message }),
  };
}

function matches({ statuses, contains, predicate }: ResponseFilter, answer: Answer, outcome: Outcome): boolean {
  if (statuses?.includes(answer.status) === true) return true;
  if (predicate?.(answer, outcome.document()) === true) return true;
  return contains !== undefined && (errorText(outcome.document()) ?? "").includes(contains);
}

const messageKeys = [
  "message",
  "messages",
  "error",
  "errors",
  "failures",
  "failure",
  "detail",
  "details",
  "status_message",
  "error_message",
];

/** What the upstream says went wrong, wherever it usually stands in an answer. */
export function errorText(document: unknown, depth = 0): string | undefined {
  if (typeof document === "string") return document;
  if (typeof document !== "object" || document === null || depth > 5) return undefined;
  const inner = Array.isArray(document)
    ? (document as unknown[])
    : messageKeys.map((key) => valueAtPath(document, [key]));
  const texts = inner.map((value) => errorText(value, depth + 1)).filter((text) => text !== undefined);
  return Array.isArray(document) ? (texts.length === 0 ? undefined : texts.join(", ")) : texts[0];
}

/** The first that lets the answer pass or tries again decides; else the last one. */
export function compositeErrors(handlers: readonly [ErrorHandler, ...ErrorHandler[]]): ErrorHandler {
  const decisive = new Set<ResponseAction>([
    "SUCCESS",
    "RETRY",
    "IGNORE",
    "RESET_PAGINATION",
    "REFRESH_TOKEN_THEN_RETRY",
  ]);
  return {
    attemptsMax: handlers[0].attemptsMax,
    waitMsMax: Math.max(...handlers.map((handler) => handler.waitMsMax)),
    interpret(outcome) {
      let last = handlers[0].interpret(outcome);
      for (const handler of handlers) {
        last = handler.interpret(outcome);
        if (decisive.has(last.action)) return last;
      }
      return last;
    },
    backoffMs(outcome, attempt, context) {
      for (const handler of handlers) {
        const found = handler.backoffMs(outcome, attempt, context);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** @param jitterMs half of the range that the wait is longer by: none by default */
export function constantBackoff(waitMs: number, jitterMs = 0): BackoffStrategy {
  return (_, __, { random }) => longer(waitMs, jitterMs, random);
}

/** `factor * 2^attempt`. @param jitterMs half of the range that the wait is longer by: none by default */
export function exponentialBackoff(factorMs: number, jitterMs = 0): BackoffStrategy {
  return (_, attempt, { random }) => longer(factorMs * 2 ** attempt, jitterMs, random);
}

/** Uniform between the wait and twice the jitter more, as manifests mean it. */
function longer(waitMs: number, jitterMs: number, random: Random): number {
  return jitterMs === 0 ? waitMs : waitMs + random.next() * 2 * jitterMs;
}

export interface HeaderWait {
  readonly header: string;
  /** Its first group is the number. */
  readonly regex?: RegExp;
  /** From this on the stream stops instead. */
  readonly maxMs?: number;
}

/** A header says how many seconds. */
export function waitTimeFromHeader({ header, regex, maxMs }: HeaderWait): BackoffStrategy {
  return (answer) => {
    const seconds = Number(headerText(answer, header, regex));
    return bounded(Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined, maxMs);
  };
}

/** A header says until when; `minMs` is waited at least, also when the header is missing. */
export function waitUntilFromHeader({
  header,
  regex,
  maxMs,
  minMs,
}: HeaderWait & { readonly minMs?: number }): BackoffStrategy {
  return (answer, _, { clock }) => {
    const text = headerText(answer, header, regex);
    const until = text === undefined ? undefined : untilMs(text, clock);
    if (until === undefined) return bounded(minMs, maxMs);
    return bounded(Math.max(until, minMs ?? 0), maxMs);
  };
}

function untilMs(text: string, clock: Clock): number | undefined {
  // Here a number is always a moment, also a small one, which has passed.
  return Number.isFinite(Number(text))
    ? Math.max(0, Number(text) * (Number(text) > 1e11 ? 1 : 1000) - clock.nowMs())
    : resetMs(text, clock);
}

function bounded(waitMs: number | undefined, maxMs: number | undefined): number | "stop" | undefined {
  return waitMs !== undefined && maxMs !== undefined && waitMs >= maxMs ? "stop" : waitMs;
}

function headerText(answer: Answer | undefined, header: string, regex: RegExp | undefined): string | undefined {
  const value = answer?.headers[header.toLowerCase()];
  if (value === undefined || value === "") return undefined;
  return regex === undefined ? value : regex.exec(value)?.[1];
}
