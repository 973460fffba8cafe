// Outgoing HTTP on undici: pooled connections, one deadline for the whole exchange, address rules, redirects on the same host only.
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import {
  MillraceError,
  type Clock,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  type TlsIdentity,
} from "@millrace/core";
import type { Agent, Dispatcher } from "undici";
import { addressRules, withoutBrackets, type AddressRules } from "./address-rules.ts";
import { acceptedEncodings, decodeBody } from "./decode-body.ts";
import { egressRefused, guardedLookup } from "./guarded-lookup.ts";
import { networkError, placeOf } from "./network-error.ts";
import { redirectTarget } from "./redirects.ts";

export interface HttpClientOptions {
  readonly clock: Clock;
  /** Host names, addresses or CIDR blocks that may be reached although they are private. */
  readonly allowAddresses?: readonly string[];
  /** Connections to one origin. Default: 16. */
  readonly connectionsMax?: number;
  /** Default: `millrace`. */
  readonly userAgent?: string;
}

const redirectsMax = 5;

/** Opens nothing until the first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new UndiciHttpClient(options);
}

class UndiciHttpClient implements HttpClient {
  readonly #options: HttpClientOptions;
  readonly #rules: AddressRules;
  /** One pool of connections per identity; the plain one under "". */
  readonly #agents = new Map<string, Promise<Agent>>();
  #closed = false;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#rules = addressRules(options.allowAddresses ?? []);
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.#closed) throw new MillraceError("cancelled", "The HTTP client is closed.");
    const abort = new AbortController();
    const deadline = this.#options.clock.after(request.timeoutMs, () =>
      abort.abort(
        new MillraceError(
          "deadline-exceeded",
          `${placeOf(request)} did not answer completely within ${request.timeoutMs} ms.`,
        ),
      ),
    );
    const onAbort = (): void => abort.abort(request.signal?.reason);
    request.signal?.addEventListener("abort", onAbort, { once: true });
    if (request.signal?.aborted === true) onAbort();
    const done = (): void => {
      deadline();
      request.signal?.removeEventListener("abort", onAbort);
    };
    try {
      const answer = await this.#exchange(request, abort.signal);
      return {
        status: answer.statusCode,
        headers: flatHeaders(answer),
        body: this.#body(answer, { request, abort, done }),
      };
    } catch (error) {
      done();
      throw networkError(error, request, abort.signal);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const agent of this.#agents.values()) await (await agent).destroy();
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const agent = await this.#agentFor(request.identity);
    let url = checkedUrl(request.url, this.#rules);
    let method = request.method;
    for (let hop = 0; ; hop += 1) {
      const answer = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: method as Dispatcher.HttpMethod,
        headers: {
          "user-agent": this.#options.userAgent ?? "millrace",
          "accept-encoding": acceptedEncodings,
          ...request.headers,
        },
        body: method === request.method ? (request.body ?? null) : null,
        signal,
      });
      const next = hop < redirectsMax ? redirectTarget({ url, method }, answer) : undefined;
      if (next === undefined) return answer;
      await answer.body.dump();
      url = checkedUrl(next.url.href, this.#rules);
      method = next.method;
    }
  }

  async *#body(
    answer: Dispatcher.ResponseData,
    {
      request,
      abort,
      done,
    }: { readonly request: HttpRequest; readonly abort: AbortController; readonly done: () => void },
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of decodeBody(answer.body, headerOf(answer, "content-encoding")))
        yield chunk as Uint8Array;
    } catch (error) {
      throw networkError(error, request, abort.signal);
    } finally {
      done();
      // Left early: the rest of the body is not worth a connection.
      if (!answer.body.readableEnded) answer.body.destroy();
    }
  }

  #agentFor(identity: TlsIdentity | undefined): Promise<Agent> {
    const key = identity === undefined ? "" : createHash("sha256").update(JSON.stringify(identity)).digest("hex");
    const agent = this.#agents.get(key) ?? this.#open(identity);
    this.#agents.set(key, agent);
    return agent;
  }

  async #open(identity: TlsIdentity | undefined): Promise<Agent> {
    const { Agent } = await import("undici");
    const { certificate: cert, key, passphrase, authorities: ca } = identity ?? {};
    const tls = Object.fromEntries(
      Object.entries({ cert, key, passphrase, ca }).filter(([, value]) => value !== undefined),
    );
    return new Agent({
      connections: this.#options.connectionsMax ?? 16,
      // One deadline rules the exchange; undici's own timers stay out of the way.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 30_000, lookup: guardedLookup(this.#rules), ...tls },
    });
  }
}

function checkedUrl(text: string, rules: AddressRules): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new MillraceError(
      "egress-refused",
      "Outgoing requests go to http or https addresses without user name and password in them.",
    );
  const host = withoutBrackets(url.hostname);
  if (isIP(host) !== 0 && !rules.allowsAddress(host)) throw egressRefused(host, host);
  return url;
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function flatHeaders(answer: Dispatcher.ResponseData): Record<string, string> {
  return Object.fromEntries(
    Object.keys(answer.headers).map((name) => [name.toLowerCase(), headerOf(answer, name) ?? ""]),
  );
}
