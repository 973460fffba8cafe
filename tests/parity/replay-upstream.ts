// The test upstream as an HttpClient: answers the requests of a golden sync with the bytes that the reference got, and notes every request.
import type { HttpClient, HttpRequest, HttpResponse } from "@millrace/core";
import { requestKey } from "./canonical.ts";
import type { Exchange, SentRequest } from "./golden.ts";

/** No manifest gives this status a meaning, so an unknown question fails the stream. */
const UNKNOWN_STATUS = 418;

/** A request as it came, with the exchange that it repeats, if any. */
export interface Seen {
  readonly request: SentRequest;
  readonly key: string;
  /** Index into the golden exchanges; undefined: the reference never asked this, or not so often. */
  readonly exchange: number | undefined;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

function bodyBytes(response: Exchange["response"]): Uint8Array {
  return response.base64 === undefined
    ? Buffer.from(response.body ?? "", "utf8")
    : Buffer.from(response.base64, "base64");
}

function bodyText(body: HttpRequest["body"]): string | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? body : Buffer.from(body).toString("utf8");
}

export class ReplayUpstream implements HttpClient {
  readonly seen: Seen[] = [];
  readonly #exchanges: readonly Exchange[];
  /** Exchanges per question, in order; the last answers again when a question is repeated too often. */
  readonly #byKey = new Map<string, { readonly indexes: number[]; used: number }>();

  constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
    for (const [index, exchange] of exchanges.entries()) {
      const key = requestKey(exchange.request);
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, { indexes: [index], used: 0 });
      else known.indexes.push(index);
    }
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted();
    const body = bodyText(request.body);
    const headers = Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const sent: SentRequest = {
      method: request.method,
      url: request.url,
      headers,
      ...(body === undefined ? {} : { body }),
    };
    const key = requestKey(sent);
    const known = this.#byKey.get(key);
    const index = known?.indexes[known.used];
    if (known !== undefined) known.used += 1;
    this.seen.push({ request: sent, key, exchange: index });
    const answer = this.#exchanges[index ?? known?.indexes.at(-1) ?? -1]?.response;
    if (answer === undefined)
      return { status: UNKNOWN_STATUS, headers: {}, body: once(Buffer.from(`not in the golden file: ${key}`)) };
    return { status: answer.status, headers: answer.headers, body: once(bodyBytes(answer)) };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
