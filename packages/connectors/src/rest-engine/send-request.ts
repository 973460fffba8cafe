// Sends one request until it has an answer that counts: waits for the upstream's turn, proves who asks, and tries again with full jitter where that
// may help. Every wait has a bound and a reason.
import { backoffMs, isMillraceError, MillraceError, type HttpResponse } from "@millrace/core";
import { placeOf } from "../http/network-error.ts";
import { joinParts, prepareRequest } from "./build-request.ts";
import type { EngineContext, Outcome, Requester, Resolution } from "./components.ts";
import type { CallPermit, UpstreamRules } from "./manners/manners.ts";
import { excerptOf, readStart, readWhole } from "./read-body.ts";
import type { Answer, PreparedRequest, RequestParts } from "./request.ts";
import type { RequestContext } from "./slice.ts";

export interface SendOptions<T> {
  readonly context: EngineContext;
  readonly requester: Requester;
  readonly rules: UpstreamRules;
  readonly at: RequestContext;
  /** What paginator, partitioner and cursor add. */
  readonly parts: RequestParts;
  /** Address that replaces the path. */
  readonly address?: string;
  /** Larger answers are refused: an answer is held in memory once. */
  readonly bytesMax: number;
  /** Longest wait before the second try, and between any two. */
  readonly jitter: { readonly baseMs: number; readonly capMs: number };
  /** Takes the answer; when it cannot be read (upstream-not-json), asking again may help. */
  readonly read: (answer: Answer) => Promise<T>;
}

/** `none`: the answer says that there is nothing, and that this is no error. */
export type Sent<T> =
  { readonly kind: "answer"; readonly value: T } | { readonly kind: "none" } | { readonly kind: "reset" };

const faultBytesMax = 65_536;

interface Try<T> {
  readonly outcome: Outcome;
  readonly resolution: Resolution;
  /** With its proof. */
  readonly request: PreparedRequest;
  readonly value?: T;
}

/** @throws MillraceError upstream-*, auth-failed, deadline-exceeded, egress-refused, request-conflict */
export async function sendRequest<T>(options: SendOptions<T>, signal: AbortSignal): Promise<Sent<T>> {
  const { context, requester } = options;
  let waitedMs = 0;
  for (let tries = 1; ; tries += 1) {
    const result = await once(options, signal);
    const settled = settledBy(options, result);
    if (settled !== undefined) return settled;
    if (result.resolution.action === "REFRESH_TOKEN_THEN_RETRY")
      await requester.authenticator.refresh?.(context, result.request, signal);
    waitedMs += await waitBefore(options, result, { tries, waitedMs }, signal);
  }
}

/** Undefined when the request is to be sent again. @throws MillraceError when it failed for good */
function settledBy<T>(options: SendOptions<T>, result: Try<T>): Sent<T> | undefined {
  if ("value" in result) return { kind: "answer", value: result.value as T };
  switch (result.resolution.action) {
    case "SUCCESS":
    case "IGNORE":
      return { kind: "none" };
    case "RESET_PAGINATION":
      return { kind: "reset" };
    case "FAIL":
      throw faultOf(options, result);
    case "RETRY":
    case "RATE_LIMITED":
    case "REFRESH_TOKEN_THEN_RETRY":
      return undefined;
  }
}

/** Waits as long as the upstream asks, else with full jitter. Returns the time. @throws MillraceError when a budget is used up */
async function waitBefore(
  options: SendOptions<unknown>,
  result: Try<unknown>,
  { tries, waitedMs }: { readonly tries: number; readonly waitedMs: number },
  signal: AbortSignal,
): Promise<number> {
  const { context, requester } = options;
  const { attemptsMax, waitMsMax } = requester.errors;
  const asked = requester.errors.backoffMs(result.outcome, tries, context);
  const waitMs = typeof asked === "number" ? asked : jittered(options, tries);
  const upstream = context.manners.upstream(result.request.url.origin, options.rules);
  const isOver = asked === "stop" || tries >= attemptsMax || waitedMs + waitMs > waitMsMax;
  if (isOver || !upstream.mayRetry()) throw exhausted(options, result, { tries, waitedMs, asked });
  const reason = faultOf(options, result).message;
  context.log.info("upstream request is tried again", { reason, waitMs: Math.round(waitMs), tries });
  if (asked === undefined || result.resolution.action !== "RATE_LIMITED") await context.clock.sleep(waitMs, signal);
  else upstream.pause(waitMs);
  return waitMs;
}

function jittered({ context, jitter, requester }: SendOptions<unknown>, tries: number): number {
  return backoffMs({ ...jitter, attemptsMax: requester.errors.attemptsMax }, tries - 1, context.random);
}

async function once<T>(options: SendOptions<T>, signal: AbortSignal): Promise<Try<T>> {
  const { context, requester } = options;
  const plain = plainRequest(options);
  const known = requester.cached ? context.answers?.get(plain.request) : undefined;
  if (known !== undefined) return fromCache(options, plain.request, known);
  const proven = await prove(options, plain, signal);
  const headers = { ...proven.headers, ...(await requester.authenticator.sign?.(context, proven)) };
  const identity = await requester.authenticator.identity?.(context);
  const permit = await context.manners.upstream(proven.url.origin, options.rules).acquire(proven, signal);
  try {
    const response = await context.http.request({
      method: proven.method,
      url: proven.url.href,
      headers,
      timeoutMs: requester.timeoutMs,
      signal,
      ...(proven.body === undefined ? {} : { body: proven.body }),
      ...(identity === undefined ? {} : { identity }),
    });
    permit.done(response);
    requester.authenticator.observe?.(context, proven, response);
    count(context, response.status === 429 ? "429" : `${Math.floor(response.status / 100)}xx`);
    return await take(options, { plain: plain.request, request: proven, response });
  } catch (thrown) {
    if (signal.aborted) permit.done({ cancelled: true });
    signal.throwIfAborted();
    if (!isMillraceError(thrown)) throw thrown;
    count(context, thrown.code);
    return failed(options, { request: proven, error: thrown, permit });
  } finally {
    permit.done({});
  }
}

function failed<T>(
  { requester }: SendOptions<T>,
  {
    request,
    error,
    permit,
  }: { readonly request: PreparedRequest; readonly error: MillraceError; readonly permit: CallPermit },
): Try<T> {
  permit.done({});
  const outcome: Outcome = { error, document: () => ({}) };
  const repeats = error.details?.["repeats"];
  if (repeats === undefined) return { outcome, request, resolution: requester.errors.interpret(outcome) };
  return { outcome, request, resolution: { action: repeats === true ? "RETRY" : "FAIL", failure: "config" } };
}

/** The request but for its proof, and what it was made of. */
interface Plain {
  readonly address: string;
  readonly parts: RequestParts;
  readonly request: PreparedRequest;
}

function plainRequest({ requester, at, address, parts }: SendOptions<unknown>): Plain {
  const { template } = requester;
  const url = template.url(at, address);
  const joined = joinParts([template.parts(at), parts]);
  return { address: url, parts: joined, request: prepareRequest(template.method, url, joined) };
}

/** The request with its proof, whose headers win. */
async function prove(
  { context, requester }: SendOptions<unknown>,
  { address, parts, request }: Plain,
  signal: AbortSignal,
): Promise<PreparedRequest> {
  const { headers = {}, ...others } = await requester.authenticator.parts(context, request, signal);
  const joined = joinParts([parts, others]);
  const all = { ...lowerCase(joined.headers ?? {}), ...lowerCase(headers) };
  return prepareRequest(request.method, address, { ...joined, headers: all });
}

function lowerCase(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function take<T>(
  options: SendOptions<T>,
  {
    plain,
    request,
    response,
  }: { readonly plain: PreparedRequest; readonly request: PreparedRequest; readonly response: HttpResponse },
): Promise<Try<T>> {
  const { requester } = options;
  const place = placeOf({ method: request.method, url: request.url.href });
  const isFine = response.status >= 200 && response.status < 300;
  const bytes = isFine ? await readWhole(response, options.bytesMax, place) : await readStart(response, faultBytesMax);
  const answer: Answer = { status: response.status, headers: response.headers, bytes, url: plain.url.href, place };
  const outcome: Outcome = { answer, document: lazily(() => documentOf(bytes)) };
  const resolution = requester.errors.interpret(outcome);
  const passes = resolution.action === "SUCCESS" || (resolution.action === "IGNORE" && response.status < 400);
  if (!passes || response.status >= 400) return { outcome, resolution, request };
  // Whoever reads an answer owns its bytes.
  const kept = requester.cached ? { ...answer, bytes: Buffer.from(bytes) } : undefined;
  const value = await readable(options, answer);
  if (kept !== undefined) options.context.answers?.put(plain, kept);
  return { outcome, resolution, request, value };
}

async function fromCache<T>({ read }: SendOptions<T>, request: PreparedRequest, answer: Answer): Promise<Try<T>> {
  const outcome: Outcome = { answer, document: () => ({}) };
  return {
    outcome,
    resolution: { action: "SUCCESS", failure: "system" },
    request,
    value: await read({ ...answer, bytes: Buffer.from(answer.bytes) }),
  };
}

/** Reads the answer; one that is not what it should be may be so for a moment, unless it is a page for people. */
async function readable<T>({ context, read }: SendOptions<T>, answer: Answer): Promise<T> {
  try {
    return await read(answer);
  } catch (thrown) {
    if (!isMillraceError(thrown, "upstream-not-json")) throw thrown;
    // What should have been records may be personal data.
    const excerpt = context.personal
      ? ""
      : `: ${excerptOf(answer.bytes.subarray(0, 1000), (text) => context.redactor.clean(text))}`;
    const details = { ...thrown.details, repeats: !isMarkup(answer) };
    throw new MillraceError("upstream-not-json", `${thrown.message}${excerpt}`, { hint: thrown.hint, details });
  }
}

/** True for answers that will not change by asking again: a login or error page. */
function isMarkup({ headers, bytes }: Answer): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return /html|xml/i.test(headers["content-type"] ?? "") || start.startsWith("<");
}

function lazily(make: () => unknown): () => unknown {
  let made: { readonly value: unknown } | undefined;
  return () => (made ??= { value: make() }).value;
}

function documentOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return {};
  }
}

function faultOf(options: SendOptions<unknown>, { outcome, resolution }: Try<unknown>): MillraceError {
  const { answer, error } = outcome;
  if (answer === undefined) return withoutRepeats(error as MillraceError);
  const { status, headers, place } = answer;
  const message = `${place} answered ${status}${saidIn(options, answer, resolution)}`;
  const asked = options.requester.errors.backoffMs(outcome, 1, options.context);
  const details = {
    status,
    ...(typeof asked === "number" && headers["retry-after"] !== undefined ? { retryAfterMs: asked } : {}),
  };
  if (resolution.failure !== "transient")
    return new MillraceError("upstream-refused", message, { details, ...hintFor(status) });
  return new MillraceError(status === 429 ? "upstream-rate-limited" : "upstream-unavailable", message, { details });
}

function saidIn(
  { context }: SendOptions<unknown>,
  { status, headers, bytes }: Answer,
  { message }: Resolution,
): string {
  if (status >= 300 && status < 400) {
    const host = URL.parse(headers["location"] ?? "")?.host;
    return host === undefined ? "" : ` with a redirect to ${host}; redirects to another host are not followed`;
  }
  const said =
    message === undefined
      ? excerptOf(bytes.subarray(0, 4096), (text) => context.redactor.clean(text))
      : context.redactor.clean(message);
  return said === "" ? "" : `: ${said}`;
}

function hintFor(status: number): { readonly hint?: string } {
  if (status === 401 || status === 403)
    return { hint: "Check the credentials of the channel (auth, headers); committed pages are kept." };
  if (status === 404 || status === 410)
    return { hint: "Check baseUrl and the path of the stream; committed pages are kept." };
  return {};
}

function withoutRepeats(error: MillraceError): MillraceError {
  if (error.details?.["repeats"] === undefined) return error;
  const { repeats: _, ...details } = error.details;
  return new MillraceError(error.code, error.message, { hint: error.hint, details, cause: error.cause });
}

function exhausted(
  options: SendOptions<unknown>,
  result: Try<unknown>,
  {
    tries,
    waitedMs,
    asked,
  }: { readonly tries: number; readonly waitedMs: number; readonly asked: number | "stop" | undefined },
): MillraceError {
  const error = faultOf(options, result);
  const wish = typeof asked === "number" ? `; it asks to wait ${Math.round(asked / 1000)} s` : "";
  return new MillraceError(error.code, `${error.message} (after ${tries} ${tries === 1 ? "try" : "tries"}${wish})`, {
    hint: error.hint,
    details: { ...error.details, tries, waitedMs: Math.round(waitedMs) },
    cause: error,
  });
}

function count(context: EngineContext, outcome: string): void {
  context.metrics.count("millrace_upstream_requests_total", 1, { channel: context.channel, outcome });
}
