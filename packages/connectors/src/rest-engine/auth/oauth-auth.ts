// OAuth 2.0 (RFC 6749): refresh token, client credentials, password. One refresh at a time serves all that wait for it; a refresh token that is
// good for one use is kept durably before the access token that came with it is used.
import { createHash } from "node:crypto";
import { failpoint, MillraceError, type Secrets } from "@millrace/core";
import { prepareRequest } from "../build-request.ts";
import type { Authenticator, EngineContext, Requester } from "../components.ts";
import { jsonDecoder } from "../decoders/decoders.ts";
import { defaultErrors } from "../errors/default-errors.ts";
import { valueAtPath, valuesAtPath } from "../record-path.ts";
import type { Answer, PreparedRequest } from "../request.ts";
import { sendRequest } from "../send-request.ts";
import type { Fields } from "../slice.ts";
import { noAuth, secretly, type Lookup } from "./plain-auth.ts";

export interface OAuthOptions {
  readonly endpoint: Lookup;
  /** Under this name tokens are kept and shared; unique to the channel and its credentials. */
  readonly name: string;
  /** What is sent, but for the refresh token: `grant_type`, `client_id`, `client_secret`, scopes, and what else the upstream wants. */
  readonly fields: (context: EngineContext) => Promise<Fields>;
  /** Values of `fields` that must not be shown. */
  readonly secretFields: readonly string[];
  readonly headers?: (context: EngineContext) => Promise<Readonly<Record<string, string>>>;
  readonly sendAs: "form" | "json" | "query";
  readonly refreshToken?: Lookup;
  /** Field that carries the refresh token. Default: `refresh_token`. */
  readonly refreshTokenField?: string;
  /** Names in the answer, found at any depth. */
  readonly accessTokenName?: string;
  readonly expiresInName?: string;
  readonly refreshTokenName?: string;
  /** Reads an expiry that is a date. Default: seconds from now. */
  readonly expiresAtMs?: (value: unknown, nowMs: number) => number | undefined;
  /** A token that was issued before. */
  readonly issued?: { readonly accessToken: Lookup; readonly expiresAtMs: number };
  /** Word before the token. Default: `Bearer`. */
  readonly prefix?: string;
}

interface Token {
  readonly access: string;
  readonly expiresAtMs: number;
  readonly refresh?: string;
}

/** Kept with the fingerprint of the refresh token that it all began with: another one in the configuration begins anew. */
interface KeptToken extends Token {
  readonly seed: string;
}

/** So long before its end a token is not used any more. */
const marginMs = 30_000;
const lifeMsDefault = 3_600_000;
const answerBytesMax = 1024 * 1024;

/** What all authenticators of one name share, as long as the secrets live. */
interface Shared {
  token?: Token;
  flight?: { readonly token: Promise<Token>; readonly signal: AbortSignal };
  /** Access token that was used last: one that comes back from elsewhere after it was dropped is the dropped one. */
  used?: string;
}
const shared = new WeakMap<Secrets, Map<string, Shared>>();

function sharedBy(secrets: Secrets, name: string): Shared {
  const known = shared.get(secrets) ?? new Map<string, Shared>();
  shared.set(secrets, known);
  const one = known.get(name) ?? {};
  known.set(name, one);
  return one;
}

export function oauthAuth(options: OAuthOptions): Authenticator {
  const header = (token: Token): string => `${options.prefix ?? "Bearer"} ${token.access}`;
  return {
    async parts(context, _, signal) {
      const token = await current(context, options, signal);
      context.redactor.add(token.access);
      return { headers: { authorization: header(token) } };
    },
    refresh(context, request) {
      const known = sharedBy(context.secrets, options.name);
      // Another request may have renewed it already.
      if (
        known.token !== undefined &&
        (request.headers["authorization"] ?? header(known.token)) === header(known.token)
      )
        delete known.token;
      return Promise.resolve();
    },
  };
}

async function current(context: EngineContext, options: OAuthOptions, signal: AbortSignal): Promise<Token> {
  const known = sharedBy(context.secrets, options.name);
  const isFresh = (token: Token | undefined): token is Token =>
    token !== undefined && token.expiresAtMs - marginMs > context.clock.nowMs();
  for (;;) {
    if (isFresh(known.token)) return known.token;
    known.flight ??= { token: renew(context, options, isFresh, signal).finally(() => delete known.flight), signal };
    const { flight } = known;
    try {
      known.token = await flight.token;
      known.used = known.token.access;
      return known.token;
    } catch (thrown) {
      // Whoever began it was given up; the others still need it.
      if (signal.aborted || !flight.signal.aborted) throw thrown;
    }
  }
}

async function renew(
  context: EngineContext,
  options: OAuthOptions,
  isFresh: (token: Token | undefined) => token is Token,
  signal: AbortSignal,
): Promise<Token> {
  const configured = options.refreshToken === undefined ? "" : await secretly(context, options.refreshToken);
  const seed = createHash("sha256").update(configured).digest("hex");
  const kept = await keptToken(context, options, seed);
  const { used } = sharedBy(context.secrets, options.name);
  // After a start the kept token may still be good.
  if (isFresh(kept) && kept.access !== used) return kept;
  const issued = kept === undefined ? await issuedToken(context, options) : undefined;
  if (isFresh(issued) && issued.access !== used) return issued;
  const token = await request(context, options, kept?.refresh ?? configured, signal);
  failpoint("token.renewed");
  if (token.refresh !== undefined && token.refresh !== (kept?.refresh ?? configured))
    await context.secrets.kept.put(options.name, JSON.stringify({ ...token, seed } satisfies KeptToken));
  failpoint("token.kept");
  return token;
}

async function issuedToken(context: EngineContext, { issued }: OAuthOptions): Promise<Token | undefined> {
  if (issued === undefined) return undefined;
  return { access: await secretly(context, issued.accessToken), expiresAtMs: issued.expiresAtMs };
}

async function keptToken(context: EngineContext, { name }: OAuthOptions, seed: string): Promise<KeptToken | undefined> {
  const text = (await context.secrets.kept.get(name))?.reveal();
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as KeptToken;
  context.redactor.add(kept.access);
  if (kept.refresh !== undefined) context.redactor.add(kept.refresh);
  return kept.seed === seed ? kept : undefined;
}

async function request(
  context: EngineContext,
  options: OAuthOptions,
  refresh: string,
  signal: AbortSignal,
): Promise<Token> {
  const { refreshTokenField = "refresh_token" } = options;
  const endpoint = await options.endpoint(context);
  const own = await options.fields(context);
  for (const name of options.secretFields) if (typeof own[name] === "string") context.redactor.add(own[name]);
  const fields = options.refreshToken === undefined ? own : { ...own, [refreshTokenField]: refresh };
  const headers = { accept: "application/json", ...(await options.headers?.(context)) };
  const requester: Requester = {
    template: {
      method: "POST",
      url: () => endpoint,
      parts: () => ({ headers, [options.sendAs]: fields }),
    },
    authenticator: noAuth,
    errors: defaultErrors({ attemptsMax: 4, waitMsMax: 120_000 }),
    timeoutMs: 30_000,
    cached: false,
  };
  const send = sendRequest<unknown>(
    {
      context: { ...context, personal: true },
      requester,
      rules: { policies: [], limitStatus: [429], concurrencyMax: 2 },
      at: { slice: { partition: {}, window: {}, extra: {} }, token: undefined },
      parts: {},
      bytesMax: answerBytesMax,
      jitter: { baseMs: 500, capMs: 10_000 },
      read: async (answer: Answer) => (await Array.fromAsync(jsonDecoder().documents(answer)))[0],
    },
    signal,
  );
  const sent = await send.catch((thrown: unknown) => {
    throw refused(endpoint, thrown);
  });
  return tokenOf(context, { ...options, place: placeOf(endpoint) }, sent.kind === "answer" ? sent.value : undefined);
}

function tokenOf(context: EngineContext, options: OAuthOptions & { readonly place: string }, document: unknown): Token {
  const named = (name: string): unknown => valueAtPath(document, [name]) ?? valuesAtPath(document, ["**", name])[0];
  const access = named(options.accessTokenName ?? "access_token");
  if (typeof access !== "string" || access === "")
    throw new MillraceError(
      "auth-failed",
      `${options.place} answered without "${options.accessTokenName ?? "access_token"}".`,
    );
  context.redactor.add(access);
  const refresh = named(options.refreshTokenName ?? "refresh_token");
  if (typeof refresh === "string") context.redactor.add(refresh);
  const nowMs = context.clock.nowMs();
  const expiry = named(options.expiresInName ?? "expires_in");
  const seconds = Number(expiry);
  // Null and 0 stand for a life that is not told.
  const lasting = seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : lifeMsDefault;
  const expiresAtMs = options.expiresAtMs?.(expiry, nowMs) ?? nowMs + lasting;
  return { access, expiresAtMs, ...(typeof refresh === "string" && refresh !== "" ? { refresh } : {}) };
}

/** A token endpoint that says no is a matter of credentials; one that does not answer passes. */
function refused(endpoint: string, thrown: unknown): unknown {
  if (!(thrown instanceof MillraceError) || thrown.kind === "transient") return thrown;
  return new MillraceError("auth-failed", `${placeOf(endpoint)} issued no token: ${thrown.message}`, {
    ...(thrown.details === undefined ? {} : { details: thrown.details }),
    cause: thrown,
  });
}

function placeOf(endpoint: string): string {
  const { url, method } = prepareRequest("POST", endpoint, {}) satisfies PreparedRequest;
  return `${method} ${url.origin}${url.pathname}`;
}
