// What an answer means when the stream says nothing about it, and how long an upstream asks to wait.
import { isMillraceError, type Clock } from "@millrace/core";
import type { ErrorHandler, Outcome, Resolution } from "../components.ts";

export interface DefaultErrorOptions {
  /** Tries of one request, the first included. */
  readonly attemptsMax: number;
  readonly waitMsMax: number;
  /** The proof can be renewed: a first answer 401 does so and asks again, once. Default: false. */
  readonly renews?: boolean;
}

const retried = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Statuses that pass are tried again, after the time that Retry-After asks for; others end the stream. */
export function defaultErrors({ attemptsMax, waitMsMax, renews = false }: DefaultErrorOptions): ErrorHandler {
  const isExpired = ({ answer }: Outcome): boolean => renews && answer?.status === 401;
  return {
    attemptsMax,
    waitMsMax,
    interpret: (outcome) =>
      isExpired(outcome) ? { action: "REFRESH_TOKEN_THEN_RETRY", failure: "config" } : interpretByStatus(outcome),
    backoffMs(outcome, attempt, { clock }) {
      if (isExpired(outcome)) return attempt === 1 ? 0 : "stop";
      return waitAsked(outcome.answer?.headers["retry-after"], clock);
    },
  };
}

/** By status alone; without an answer, by the kind of the error. */
export function interpretByStatus({ answer, error }: Outcome): Resolution {
  if (answer === undefined) {
    const passes = isMillraceError(error) && error.kind === "transient";
    return { action: passes ? "RETRY" : "FAIL", failure: passes ? "transient" : "system" };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { action: "SUCCESS", failure: "system" };
  if (status === 429) return { action: "RATE_LIMITED", failure: "transient" };
  if (retried.has(status)) return { action: "RETRY", failure: "transient" };
  return { action: "FAIL", failure: status >= 500 ? "transient" : "config" };
}

/** Milliseconds of a Retry-After header (RFC 9110, section 10.2.3); undefined when absent or unreadable. */
export function waitAsked(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.nowMs());
}
