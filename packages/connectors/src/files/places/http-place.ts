// Files behind HTTP addresses: a list of them, or a page that lists them. What is unchanged by its ETag or its time is not fetched again.
import {
  channelName,
  isMillraceError,
  MillraceError,
  parseDurationMs,
  type ConnectorContext,
  type HttpResponse,
} from "@millrace/core";
import { matchesGlob } from "node:path";
import { placeOf } from "../../http/network-error.ts";
import { prepareRequest } from "../../rest-engine/build-request.ts";
import type { Authenticator, EngineContext } from "../../rest-engine/components.ts";
import { Redactor } from "../../rest-engine/redactor.ts";
import { channelAuthenticator, resolveSecrets } from "../../rest/authenticator.ts";
import { engineContext } from "../../rest/stream-plan.ts";
import { isEnvRef, type Setting } from "../../authoring/references.ts";
import { readIndex, type LinkedFile } from "./http-index.ts";
import { byArrival, type FoundFile, type Listing, type Place } from "./place.ts";
import { defaultBytesMax, type HttpPlaceOptions } from "./place-config.ts";
import { resumed } from "./resumed.ts";

const indexBytesMax = 16 * 1024 * 1024;
const asksAtOnce = 8;

interface Proven {
  readonly engine: EngineContext;
  readonly authenticator: Authenticator;
}

export class HttpPlace implements Place {
  readonly remote = true;
  readonly #context: ConnectorContext;
  readonly #place: HttpPlaceOptions;
  readonly #pattern: string;
  readonly #timeoutMs: number;
  #proven: Promise<Proven> | undefined;

  constructor(context: ConnectorContext, place: HttpPlaceOptions, pattern: string) {
    this.#context = context;
    this.#place = place;
    this.#pattern = pattern;
    this.#timeoutMs = parseDurationMs(place.timeout ?? "5m") ?? 0;
  }

  async list(signal: AbortSignal): Promise<Listing> {
    const problems: MillraceError[] = [];
    const linked = (await this.#linked(signal, problems)).filter(({ url }) => this.#matches(this.#pathOf(url)));
    const files: FoundFile[] = [];
    for (let at = 0; at < linked.length; at += asksAtOnce) {
      const some = linked.slice(at, at + asksAtOnce);
      const found = await Promise.all(some.map((file) => this.#find(file, signal, problems)));
      files.push(...found.filter((file) => file !== undefined));
    }
    return { files: files.sort(byArrival), problems, exists: true };
  }

  async look(path: string): Promise<FoundFile | undefined> {
    const signal = new AbortController().signal;
    const url = this.#urlOf(path);
    const answer = await this.#head(url, signal);
    if (answer.status === 404 || answer.status === 410) return undefined;
    return this.#found(url, demandSuccess(url, answer));
  }

  async *content(file: FoundFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const bytesMax = this.#place.bytesMax ?? defaultBytesMax;
    const from = (offset: number): AsyncIterable<Uint8Array> => this.#download(file, offset, signal);
    yield* resumed(file, from, { bytesMax, context: this.#context, signal });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #linked(signal: AbortSignal, problems: MillraceError[]): Promise<readonly LinkedFile[]> {
    const { urls, index } = this.#place;
    if (index === undefined) return (urls ?? []).map((url) => ({ url: this.#address(url) }));
    const base = this.#address(index);
    try {
      const answer = demandSuccess(base, await this.#request("GET", base, {}, signal));
      const text = await wholeText(answer, base);
      return readIndex(text, { base, type: answer.headers["content-type"] ?? "" });
    } catch (thrown) {
      if (signal.aborted || (isMillraceError(thrown) && thrown.kind === "user")) throw thrown;
      problems.push(asInaccessible(base, thrown));
      return [];
    }
  }

  /** What is behind an address, without fetching it. */
  async #find(linked: LinkedFile, signal: AbortSignal, problems: MillraceError[]): Promise<FoundFile | undefined> {
    const { url, tag, size } = linked;
    if (tag !== undefined)
      return { path: this.#pathOf(url), absolute: url.href, size: size ?? -1, modifiedMicros: 0n, tag };
    try {
      return this.#found(url, demandSuccess(url, await this.#head(url, signal)));
    } catch (thrown) {
      if (signal.aborted || (isMillraceError(thrown) && thrown.kind === "user")) throw thrown;
      problems.push(asInaccessible(url, thrown));
      return undefined;
    }
  }

  /** Some servers refuse to tell without sending: then the body is left unread. */
  async #head(url: URL, signal: AbortSignal): Promise<HttpResponse> {
    const answer = await this.#request("HEAD", url, {}, signal);
    await leave(answer);
    if (answer.status !== 405 && answer.status !== 501) return answer;
    const whole = await this.#request("GET", url, {}, signal);
    await leave(whole);
    return whole;
  }

  #found(url: URL, { headers }: HttpResponse): FoundFile {
    const length = headers["content-length"];
    const modifiedMs = Date.parse(headers["last-modified"] ?? "");
    const { etag } = headers;
    return {
      path: this.#pathOf(url),
      absolute: url.href,
      size: length === undefined || headers["content-encoding"] !== undefined ? -1 : Number(length),
      modifiedMicros: Number.isNaN(modifiedMs) ? 0n : BigInt(modifiedMs) * 1000n,
      ...(etag === undefined ? {} : { tag: etag }),
    };
  }

  async *#download(file: FoundFile, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const url = new URL(file.absolute);
    const range =
      offset === 0
        ? {}
        : { range: `bytes=${offset}-`, ...(isStrong(file.tag) ? { "if-range": file.tag as string } : {}) };
    const answer = await this.#request("GET", url, range, signal);
    try {
      let skip = demandVersion(file, offset, demandSuccess(url, answer));
      this.#refusePage(file, answer);
      for await (const piece of answer.body) {
        if (skip >= piece.byteLength) skip -= piece.byteLength;
        else {
          yield skip === 0 ? piece : piece.subarray(skip);
          skip = 0;
        }
      }
    } finally {
      await leave(answer);
    }
  }

  /** A login page or an error page that comes with status 200. */
  #refusePage(file: FoundFile, { headers }: HttpResponse): void {
    const type = headers["content-type"] ?? "";
    if (!/^\s*text\/html\b/i.test(type) || /\.html?$/i.test(file.path)) return;
    throw new MillraceError(
      "file-unreadable",
      `${file.path}: the server answered with an HTML page, not with a file.`,
      {
        hint: "Check the address and the credentials; nothing of it was loaded.",
        details: { path: file.path, contentType: type },
      },
    );
  }

  async #request(
    method: "GET" | "HEAD",
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { engine, authenticator } = await this.#proof();
    // As they are: what a transfer would unpack could not be resumed.
    const own = { "accept-encoding": "identity", ...headers };
    const plain = prepareRequest(method, url.href, { headers: own });
    const parts = await authenticator.parts(engine, plain, signal);
    const proven = prepareRequest(method, url.href, {
      query: parts.query ?? {},
      headers: { ...parts.headers, ...own },
    });
    const signed = await authenticator.sign?.(engine, proven);
    const identity = await authenticator.identity?.(engine);
    return this.#context.http.request({
      method,
      url: proven.url.href,
      headers: { ...proven.headers, ...signed },
      timeoutMs: this.#timeoutMs,
      signal,
      ...(identity === undefined ? {} : { identity }),
    });
  }

  #proof(): Promise<Proven> {
    this.#proven ??= this.#prove().catch((thrown: unknown) => {
      this.#proven = undefined;
      throw thrown;
    });
    return this.#proven;
  }

  async #prove(): Promise<Proven> {
    const { auth, headers = {} } = this.#place;
    const redactor = new Redactor();
    await resolveSecrets([auth, headers], this.#context, redactor);
    const [first] = this.#place.urls ?? [];
    const authenticator = channelAuthenticator({
      auth,
      headers: { accept: "*/*", ...headers },
      name: channelName(this.#context.channel),
      baseUrl: this.#address(this.#place.index ?? first ?? "").href,
    });
    return { engine: engineContext(this.#context, redactor), authenticator };
  }

  /** @throws MillraceError channel-invalid */
  #address(setting: Setting): URL {
    const text = isEnvRef(setting) ? this.#context.secrets.setting(setting) : setting;
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol)) return url;
    throw new MillraceError("channel-invalid", `"${text.split("?")[0]}" is not an http or https address.`);
  }

  /** Below the index; else with the host. */
  #pathOf(url: URL): string {
    const { index } = this.#place;
    const path = decodeURI(url.pathname) + url.search;
    if (index === undefined) return url.host + path;
    const base = decodeURI(this.#address(index).pathname);
    return path.slice(base.lastIndexOf("/") + 1);
  }

  #urlOf(path: string): URL {
    const { index, urls = [] } = this.#place;
    if (index !== undefined) return new URL(encodeURI(path), this.#address(index));
    const known = urls.map((url) => this.#address(url)).find((url) => path.startsWith(`${url.host}/`));
    return new URL(`${known?.protocol ?? "https:"}//${encodeURI(path)}`);
  }

  /** A pattern without folder is about names. */
  #matches(path: string): boolean {
    const pathname = path.split("?")[0] ?? path;
    const byName = this.#place.index === undefined && !this.#pattern.includes("/");
    return matchesGlob(byName ? pathname.slice(pathname.lastIndexOf("/") + 1) : pathname, this.#pattern);
  }
}

function isStrong(tag: string | undefined): boolean {
  return tag !== undefined && !tag.startsWith("W/");
}

/** Bytes to skip. @throws MillraceError file-changed when the answer is about another version */
function demandVersion(file: FoundFile, offset: number, { status, headers }: HttpResponse): number {
  const { etag } = headers;
  if (file.tag !== undefined && etag !== undefined && etag !== file.tag) throw changed(file, "it has another ETag");
  if (offset === 0 || status === 206) return 0;
  if (file.tag === undefined || etag === undefined) throw changed(file, "the server does not continue downloads");
  return offset;
}

function changed(file: FoundFile, how: string): MillraceError {
  return new MillraceError("file-changed", `${file.path} changed while it was read: ${how}.`, {
    details: { path: file.path },
  });
}

/** @throws MillraceError file-inaccessible with the status */
function demandSuccess(url: URL, answer: HttpResponse): HttpResponse {
  if (answer.status === 200 || answer.status === 206) return answer;
  void leave(answer);
  throw inaccessible(url, `the server answered ${answer.status}`, undefined, answer.status);
}

function asInaccessible(url: URL, thrown: unknown): MillraceError {
  if (isMillraceError(thrown, "file-inaccessible")) return thrown;
  return inaccessible(url, thrown instanceof Error ? thrown.message : String(thrown), thrown);
}

function inaccessible(url: URL, reason: string, cause?: unknown, status?: number): MillraceError {
  const place = placeOf({ method: "", url: url.href }).trim();
  return new MillraceError("file-inaccessible", `${place} cannot be read: ${reason}`, {
    ...(status === 401 || status === 403 ? { hint: "Check the credentials of the channel; other files go on." } : {}),
    details: { path: place, ...(status === undefined ? {} : { status }) },
    ...(cause === undefined ? {} : { cause }),
  });
}

async function wholeText(answer: HttpResponse, url: URL): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body) {
    pieces.push(piece);
    if ((bytes += piece.byteLength) > indexBytesMax)
      throw inaccessible(url, `the list of files is larger than ${indexBytesMax} bytes`);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Lets go of a body that nobody reads. */
async function leave({ body }: HttpResponse): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
