// What an answer that is not a page means: a coded error, whether trying again may help, and how long the upstream asks to wait.
import { MillraceError, type Clock, type HttpResponse } from "@millrace/core";

export interface Fault {
  readonly error: MillraceError;
  readonly retry: boolean;
  /** From Retry-After (seconds or HTTP date), when the upstream sent it. */
  readonly retryAfterMs?: number;
}

interface Answer {
  readonly response: Pick<HttpResponse, "status" | "headers">;
  /** `GET https://host/path` */
  readonly place: string;
  /** Start of the body, without secrets. */
  readonly excerpt: string;
}

const retried = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Undefined for an answer that is a page (2xx). */
export function answerFault({ response, place, excerpt }: Answer, clock: Clock): Fault | undefined {
  const { status, headers } = response;
  if (status >= 200 && status < 300) return undefined;
  const said = excerpt === "" ? "" : `: ${excerpt}`;
  const message = `${place} answered ${status}${status >= 300 && status < 400 ? redirectNote(headers) : said}`;
  const retryAfterMs = waitAsked(headers["retry-after"], clock);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const details = { status, ...wait };
  if (status === 429)
    return { error: new MillraceError("upstream-rate-limited", message, { details }), retry: true, ...wait };
  if (status >= 500 || retried.has(status))
    return {
      error: new MillraceError("upstream-unavailable", message, { details }),
      retry: retried.has(status),
      ...wait,
    };
  return { error: new MillraceError("upstream-refused", message, { details, ...hintFor(status) }), retry: false };
}

function hintFor(status: number): { readonly hint?: string } {
  if (status === 401 || status === 403)
    return { hint: "Check the credentials of the channel (auth, headers); committed pages are kept." };
  if (status === 404 || status === 410)
    return { hint: "Check baseUrl and the path of the stream; committed pages are kept." };
  return {};
}

function redirectNote(headers: Readonly<Record<string, string>>): string {
  const host = URL.parse(headers["location"] ?? "")?.host;
  return host === undefined ? "" : ` with a redirect to ${host}; redirects to another host are not followed`;
}

/** Milliseconds of a Retry-After header (RFC 9110, section 10.2.3); undefined when absent or unreadable. */
export function waitAsked(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.nowMs());
}
