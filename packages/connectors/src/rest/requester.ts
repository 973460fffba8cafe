// Fetches one page: waits for the rate limit, asks, and tries again with full jitter where that may help. Every wait has a bound and is logged.
import { backoffMs, isMillraceError, MillraceError, type BackoffPolicy, type ConnectorContext } from "@millrace/core";
import { placeOf } from "../http/network-error.ts";
import { answerFault, type Fault } from "./answer-fault.ts";
import type { Credentials } from "./credentials.ts";
import { isMarkup, parsePage, type PageDocument } from "./page-document.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { excerptOf, readStart, readWhole } from "./read-body.ts";
import type { Redactor } from "../rest-engine/redactor.ts";

export interface RequesterOptions {
  readonly context: Pick<ConnectorContext, "http" | "clock" | "random" | "log" | "metrics">;
  readonly channel: string;
  readonly credentials: Credentials;
  readonly redactor: Redactor;
  readonly limiter: RateLimiter;
  readonly backoff: BackoffPolicy;
  /** Longest time that all waits of one page may take together. */
  readonly waitMsMax: number;
  readonly timeoutMs: number;
  /** True when a table of the channel has personal data: then errors do not quote pages. */
  readonly personal: boolean;
}

export interface FetchedPage extends PageDocument {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly place: string;
}

/** Larger pages are refused: a page is held in memory once. */
const pageBytesMax = 64 * 1024 * 1024;
const faultBytesMax = 4096;

export class Requester {
  readonly #options: RequesterOptions;

  constructor(options: RequesterOptions) {
    this.#options = options;
  }

  /** @throws MillraceError upstream-*, deadline-exceeded, egress-refused */
  async fetch(url: URL, signal: AbortSignal): Promise<FetchedPage> {
    const { backoff, waitMsMax, context, limiter } = this.#options;
    let waitedMs = 0;
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#once(url, signal);
      if ("document" in result) return result;
      const tries = attempt + 1;
      if (!result.retry) throw result.error;
      const waitMs = result.retryAfterMs ?? backoffMs(backoff, attempt, context.random);
      if (tries >= backoff.attemptsMax || waitedMs + waitMs > waitMsMax) throw exhausted(result, { tries, waitedMs });
      waitedMs += waitMs;
      context.log.info("upstream request is tried again", {
        reason: result.error.message,
        waitMs: Math.round(waitMs),
        tries,
      });
      if (result.retryAfterMs === undefined) await context.clock.sleep(waitMs, signal);
      else limiter.pause(waitMs);
    }
  }

  async #once(url: URL, signal: AbortSignal): Promise<FetchedPage | Fault> {
    const { context, limiter, credentials, timeoutMs } = this.#options;
    const target = new URL(url.href);
    for (const [name, value] of Object.entries(credentials.query)) target.searchParams.set(name, value);
    const request = { method: "GET", url: target.href, headers: credentials.headers, timeoutMs, signal };
    const release = await limiter.acquire(signal);
    try {
      const response = await context.http.request(request);
      release();
      this.#count(response.status === 429 ? "429" : `${Math.floor(response.status / 100)}xx`);
      return await this.#take(response, url, placeOf(request));
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isMillraceError(thrown)) throw thrown;
      this.#count(thrown.code);
      return { error: thrown, retry: thrown.kind === "transient" };
    } finally {
      release();
    }
  }

  async #take(
    response: Awaited<ReturnType<ConnectorContext["http"]["request"]>>,
    url: URL,
    place: string,
  ): Promise<FetchedPage | Fault> {
    const { context, redactor } = this.#options;
    const clean = (text: string): string => redactor.clean(text);
    const fine = response.status >= 200 && response.status < 300;
    if (!fine) {
      const excerpt = excerptOf(await readStart(response, faultBytesMax), clean);
      const fault = answerFault({ response, place, excerpt }, context.clock);
      if (fault !== undefined) return fault;
    }
    const raw = await readWhole(response, pageBytesMax, place);
    const { headers } = response;
    if (response.status === 204) return { bytes: raw, document: null, url, headers, place };
    // What should have been records may be personal data.
    const excerpt = (start: Uint8Array): string => (this.#options.personal ? "" : `: ${excerptOf(start, clean)}`);
    const source = { place, contentType: headers["content-type"] ?? "", excerpt };
    try {
      return { ...parsePage(raw, source), url, headers, place };
    } catch (thrown) {
      if (!isMillraceError(thrown, "upstream-not-json")) throw thrown;
      return { error: thrown, retry: !isMarkup(source, raw) };
    }
  }

  #count(outcome: string): void {
    this.#options.context.metrics.count("millrace_upstream_requests_total", 1, {
      channel: this.#options.channel,
      outcome,
    });
  }
}

function exhausted(
  { error, retryAfterMs }: Fault,
  { tries, waitedMs }: { tries: number; waitedMs: number },
): MillraceError {
  const asked = retryAfterMs === undefined ? "" : `; it asks to wait ${Math.round(retryAfterMs / 1000)} s`;
  return new MillraceError(error.code, `${error.message} (after ${tries} ${tries === 1 ? "try" : "tries"}${asked})`, {
    hint: error.hint,
    details: { ...error.details, tries, waitedMs: Math.round(waitedMs) },
    cause: error,
  });
}
