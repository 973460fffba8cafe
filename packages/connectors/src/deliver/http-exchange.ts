// One try of one request of a delivery: the upstream's turn, the proof, the answer judged by its status. What fails is told without values of the row.
import { isMillraceError, MillraceError, parseDurationMs, toMillraceError, type DeliveryContext } from "@millrace/core";
import type { HttpResponse, ParcelOutcome, SecretRef } from "@millrace/core";
import type { Setting } from "../authoring/references.ts";
import { placeOf } from "../http/network-error.ts";
import { channelAuthenticator, resolveSecrets } from "../rest/authenticator.ts";
import { joinParts, prepareRequest } from "../rest-engine/build-request.ts";
import type { Authenticator, EngineContext } from "../rest-engine/components.ts";
import { waitAsked } from "../rest-engine/errors/default-errors.ts";
import type { UpstreamRules } from "../rest-engine/manners/manners.ts";
import { sharedManners } from "../rest-engine/manners/upstream-manners.ts";
import { excerptOf, readStart } from "../rest-engine/read-body.ts";
import { Redactor } from "../rest-engine/redactor.ts";
import type { PreparedRequest } from "../rest-engine/request.ts";
import type { RequestSettings } from "./delivery-config.ts";

export interface ExchangeOptions extends RequestSettings {
  readonly baseUrl: string;
  /** Signs each request, where `auth` does not. */
  readonly authenticator?: Authenticator;
}

export interface Outgoing {
  readonly method: string;
  readonly url: string;
  /** The address as messages show it: with names of columns in place of values. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Acknowledged {
  readonly kind: "answered";
  readonly bytes: Uint8Array;
}

const answerBytesMax = 65_536;
const retriedByDefault = [408, 425, 429, 500, 502, 503, 504];
/** Answers that say that the receiver as a whole is not there, or does not know us any more. */
const awayStatuses = new Set([401, 429, 503]);

export class HttpExchange {
  readonly #options: ExchangeOptions;
  readonly #context: DeliveryContext;
  readonly #engine: EngineContext;
  readonly #authenticator: Authenticator;
  readonly #rules: UpstreamRules;

  private constructor(context: DeliveryContext, options: ExchangeOptions, redactor: Redactor) {
    const { http, clock, random, log, metrics, secrets, delivery } = context;
    const name = `${delivery.domain}.${delivery.name}`;
    this.#options = options;
    this.#context = context;
    const manners = sharedManners(http, { clock, log, metrics });
    const shared = { http, clock, random, log, metrics, secrets, manners, redactor };
    this.#engine = { ...shared, channel: name, personal: context.isPersonal };
    const proven = { auth: options.auth, headers: fixedHeaders(options.headers), name, baseUrl: options.baseUrl };
    this.#authenticator = joined(channelAuthenticator(proven), options.authenticator);
    this.#rules = rulesOf(options, delivery.concurrency);
  }

  /** @throws MillraceError secret-missing */
  static async open(context: DeliveryContext, options: ExchangeOptions, secrets: unknown): Promise<HttpExchange> {
    const redactor = new Redactor();
    await resolveSecrets([options.auth, options.headers, secrets], context, redactor);
    return new HttpExchange(context, options, redactor);
  }

  /** Rejects only when the signal aborts. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Acknowledged | ParcelOutcome> {
    const first = await this.#try(outgoing, signal);
    if (first.expired === undefined) return first.outcome;
    try {
      await this.#authenticator.refresh?.(this.#engine, first.expired, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      return { kind: "failed", error: this.#clean(thrown, outgoing), isAway: true };
    }
    return (await this.#try(outgoing, signal)).outcome;
  }

  /** `expired`: the proof was refused, and a fresh one can be had. */
  async #try(
    outgoing: Outgoing,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: Acknowledged | ParcelOutcome; readonly expired?: PreparedRequest }> {
    let request: PreparedRequest | undefined;
    try {
      request = await this.#prove(outgoing, signal);
      const outcome = await this.#exchange(request, outgoing, signal);
      const renews = "status" in outcome && outcome.status === 401 && this.#authenticator.refresh !== undefined;
      return renews ? { outcome, expired: request } : { outcome };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = this.#clean(thrown, outgoing, request);
      // What a person must change (a secret, an address that is not allowed) does not say anything about the row either.
      return { outcome: { kind: "failed", error, isAway: true } };
    }
  }

  async #prove(outgoing: Outgoing, signal: AbortSignal): Promise<PreparedRequest> {
    const own = { headers: outgoing.headers, ...(outgoing.body === undefined ? {} : { form: outgoing.body }) };
    const plain = prepareRequest(outgoing.method, outgoing.url, own);
    const { headers = {}, ...others } = await this.#authenticator.parts(this.#engine, plain, signal);
    const parts = joinParts([own, others]);
    const proven = prepareRequest(outgoing.method, outgoing.url, {
      ...parts,
      headers: { ...headers, ...plain.headers },
    });
    const signed = await this.#authenticator.sign?.(this.#engine, proven);
    return { ...proven, headers: { ...proven.headers, ...signed } };
  }

  async #exchange(
    request: PreparedRequest,
    outgoing: Outgoing,
    signal: AbortSignal,
  ): Promise<(Acknowledged | ParcelOutcome) & { readonly status?: number }> {
    const { http, manners } = this.#engine;
    const upstream = manners.upstream(request.url.origin, this.#rules);
    const identity = await this.#authenticator.identity?.(this.#engine);
    const permit = await upstream.acquire(request, signal);
    try {
      const response = await http.request({
        method: request.method,
        url: request.url.href,
        headers: request.headers,
        timeoutMs: parseDurationMs(this.#options.timeout ?? "30s") ?? 30_000,
        signal,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(identity === undefined ? {} : { identity }),
      });
      permit.done(response);
      this.#authenticator.observe?.(this.#engine, request, response);
      const bytes = await readStart(response, answerBytesMax);
      const outcome = this.#judge(response, bytes, outgoing);
      if (outcome.kind === "failed" && outcome.isAway && outcome.waitMs !== undefined) upstream.pause(outcome.waitMs);
      return { ...outcome, status: response.status };
    } finally {
      permit.done(signal.aborted ? { cancelled: true } : {});
    }
  }

  #judge(response: HttpResponse, bytes: Uint8Array, outgoing: Outgoing): Acknowledged | ParcelOutcome {
    const { success, retryOn = retriedByDefault } = this.#options;
    const { status } = response;
    this.#context.metrics.count("millrace_upstream_requests_total", 1, {
      channel: this.#engine.channel,
      outcome: status === 429 ? "429" : `${Math.floor(status / 100)}xx`,
    });
    if (success === undefined ? status >= 200 && status < 300 : success.includes(status))
      return { kind: "answered", bytes };
    const answer = this.#context.isPersonal ? "" : excerptOf(bytes, (text) => this.#engine.redactor.clean(text));
    const isAway = awayStatuses.has(status);
    const passes = isAway || retryOn.includes(status);
    const code = !passes ? "delivery-refused" : status === 401 ? "upstream-refused" : "upstream-unavailable";
    const error = new MillraceError(code, `${outgoing.method} ${outgoing.shown} answered ${status}.`, {
      details: { status },
    });
    const told = answer === "" ? {} : { answer };
    if (!passes) return { kind: "refused", error, ...told };
    const waitMs = waitAsked(response.headers["retry-after"], this.#context.clock);
    return { kind: "failed", error, isAway, ...told, ...(waitMs === undefined ? {} : { waitMs }) };
  }

  /** Without secrets, and without the values in the address. */
  #clean(thrown: unknown, outgoing: Outgoing, request?: PreparedRequest): MillraceError {
    const error = toMillraceError(thrown);
    const shown = `${outgoing.method} ${outgoing.shown}`;
    const place = placeOf({ method: outgoing.method, url: (request?.url ?? outgoing.url).toString() });
    const message = this.#engine.redactor.clean(error.message.replaceAll(place, shown));
    this.#context.metrics.count("millrace_upstream_requests_total", 1, {
      channel: this.#engine.channel,
      outcome: error.code,
    });
    return new MillraceError(error.code, message, { hint: error.hint });
  }
}

/** Headers that say the same for every row; those with columns are filled in with each request. */
function fixedHeaders(headers: RequestSettings["headers"] = {}): Record<string, Setting | SecretRef> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => !hasColumns(value)));
}

export function hasColumns(value: Setting | SecretRef): value is string {
  return typeof value === "string" && /\{[A-Za-z_]\w*\}/.test(value);
}

/** `outer` signs on top of what `inner` proves. */
function joined(inner: Authenticator, outer: Authenticator | undefined): Authenticator {
  if (outer === undefined) return inner;
  return {
    ...inner,
    async sign(context, request) {
      const first = (await inner.sign?.(context, request)) ?? {};
      const second = await outer.sign?.(context, { ...request, headers: { ...request.headers, ...first } });
      return { ...first, ...second };
    },
  };
}

function rulesOf({ rateLimit }: RequestSettings, concurrencyMax: number): UpstreamRules {
  const rates = rateLimit === undefined ? [] : [{ limit: rateLimit.requests, intervalMs: rateLimit.perSeconds * 1000 }];
  return { policies: [{ rates }], limitStatus: [429], concurrencyMax };
}

/** A row that cannot be made a request is refused here. */
export function unfit(thrown: unknown): ParcelOutcome {
  if (isMillraceError(thrown, "delivery-row-unfit")) return { kind: "refused", error: thrown };
  throw thrown;
}
