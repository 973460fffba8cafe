// The authentication of a channel at work: references become look-ups, and the channel's own headers go with every request.
import { parseDurationMs, type ConnectorContext, type SecretRef } from "@millrace/core";
import { isEnvRef, isSecretRef, type Setting } from "../authoring/references.ts";
import { jwtAuth } from "../rest-engine/auth/jwt-auth.ts";
import { oauthAuth } from "../rest-engine/auth/oauth-auth.ts";
import {
  basicAuth,
  bearerAuth,
  certificateAuth,
  fitForHeader,
  keyAuth,
  noAuth,
  type Lookup,
} from "../rest-engine/auth/plain-auth.ts";
import { sessionAuth } from "../rest-engine/auth/session-auth.ts";
import { hmacAuth, sigV4Auth } from "../rest-engine/auth/signing-auth.ts";
import { joinUrl } from "../rest-engine/build-request.ts";
import type { Authenticator, EngineContext, Requester } from "../rest-engine/components.ts";
import { jsonDecoder } from "../rest-engine/decoders/decoders.ts";
import { defaultErrors } from "../rest-engine/errors/default-errors.ts";
import type { Redactor } from "../rest-engine/redactor.ts";
import type { Fields } from "../rest-engine/slice.ts";
import { parseJsonPath } from "./json-path.ts";
import type { Authentication, RestConfig } from "./rest-config.ts";

type Reference = Setting | SecretRef;
type Kind<K extends Authentication["kind"]> = Extract<Authentication, { readonly kind: K }>;

export interface AuthenticatorOptions {
  readonly auth: Authentication | undefined;
  readonly headers: RestConfig["headers"];
  /** Under this name tokens are kept. */
  readonly name: string;
  readonly baseUrl: string;
}

/** Adds the channel's headers to what its authentication says. */
export function channelAuthenticator(options: AuthenticatorOptions): Authenticator {
  const inner = options.auth === undefined ? noAuth : authenticatorOf(options.auth, options);
  return {
    ...inner,
    async parts(context, request, signal) {
      const own: Record<string, string> = { accept: "application/json" };
      for (const [name, reference] of Object.entries(options.headers))
        own[name.toLowerCase()] = fitForHeader(name, await lookup(reference)(context));
      const proof = await inner.parts(context, request, signal);
      return { ...proof, headers: { ...own, ...proof.headers } };
    },
  };
}

/** Every secret of a channel, looked up once: one that is missing is found before anything is asked. @throws MillraceError secret-missing */
export async function resolveSecrets(
  value: unknown,
  context: Pick<ConnectorContext, "secrets">,
  redactor: Redactor,
): Promise<void> {
  if (isSecretRef(value)) redactor.add((await context.secrets.resolve(value)).reveal());
  else if (isEnvRef(value)) context.secrets.setting(value);
  else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) await resolveSecrets(inner, context, redactor);
}

function lookup(reference: Reference): Lookup {
  return async ({ secrets, redactor }) => {
    if (isEnvRef(reference)) return secrets.setting(reference);
    if (!isSecretRef(reference)) return reference;
    const value = (await secrets.resolve(reference)).reveal();
    redactor.add(value);
    return value;
  };
}

async function lookups(
  references: Readonly<Record<string, Reference | undefined>>,
  context: EngineContext,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(references))
    if (reference !== undefined) values[name] = await lookup(reference)(context);
  return values;
}

function authenticatorOf(auth: Authentication, options: AuthenticatorOptions): Authenticator {
  switch (auth.kind) {
    case "bearer":
      return bearerAuth(lookup(auth.token));
    case "basic":
      return basicAuth(lookup(auth.username), lookup(auth.password));
    case "api-key":
      return auth.header === undefined
        ? keyAuth({ into: "query", path: [auth.query ?? "key"] }, lookup(auth.value))
        : keyAuth({ into: "header", path: [auth.header] }, lookup(auth.value));
    case "oauth":
      return oauthOf(auth, options);
    case "jwt":
      return jwtOf(auth);
    case "session":
      return sessionOf(auth, options);
    case "sigv4":
      return sigV4Auth({
        accessKeyId: lookup(auth.accessKeyId),
        secretAccessKey: lookup(auth.secretAccessKey),
        ...(auth.sessionToken === undefined ? {} : { sessionToken: lookup(auth.sessionToken) }),
        region: auth.region,
        service: auth.service,
      });
    case "hmac":
      return hmacOf(auth);
    case "certificate":
      return certificateOf(auth, options);
  }
}

function oauthOf(auth: Kind<"oauth">, { name }: AuthenticatorOptions): Authenticator {
  const grant = auth.grant ?? (auth.refreshToken === undefined ? "client_credentials" : "refresh_token");
  const { clientId, clientSecret, username, password, scopes = [] } = auth;
  return oauthAuth({
    name: `${name}/oauth`,
    endpoint: async (context) => lookup(auth.tokenUrl)(context),
    async fields(context): Promise<Fields> {
      const named = {
        client_id: clientId,
        client_secret: clientSecret,
        ...(grant === "password" ? { username, password } : {}),
      };
      const scope = scopes.length === 0 ? {} : { scope: scopes.join(" ") };
      return { grant_type: grant, ...(await lookups(named, context)), ...scope };
    },
    secretFields: ["client_secret", "password"],
    sendAs: auth.sendAs ?? "form",
    ...(grant === "refresh_token" && auth.refreshToken !== undefined
      ? { refreshToken: lookup(auth.refreshToken) }
      : {}),
  });
}

function jwtOf(auth: Kind<"jwt">): Authenticator {
  return jwtAuth({
    algorithm: auth.algorithm,
    key: lookup(auth.key),
    ...(auth.passphrase === undefined ? {} : { passphrase: lookup(auth.passphrase) }),
    durationS: Math.max(1, Math.round(ms(auth.lasts ?? "20m") / 1000)),
    headers: (context) => lookups(auth.headers ?? {}, context),
    payload: (context) => lookups(auth.claims ?? {}, context),
    prefix: auth.prefix ?? "Bearer",
  });
}

function sessionOf(auth: Kind<"session">, { baseUrl }: AuthenticatorOptions): Authenticator {
  const login: Requester = {
    template: { method: "POST", url: () => joinUrl(baseUrl, auth.url), parts: () => ({}) },
    // The body has secrets, which are looked up for each login.
    authenticator: { parts: async (context) => ({ json: await lookups(auth.body, context) }) },
    errors: defaultErrors({ attemptsMax: 4, waitMsMax: 120_000 }),
    timeoutMs: 30_000,
    cached: false,
  };
  return sessionAuth({
    login,
    rules: { policies: [], limitStatus: [429], concurrencyMax: 1 },
    decoder: jsonDecoder(),
    path: parseJsonPath(auth.token),
    ...(auth.lasts === undefined ? {} : { lifeMs: ms(auth.lasts) }),
    carry: (token) => ({
      headers: { [auth.header.toLowerCase()]: fitForHeader(auth.header, `${auth.prefix ?? ""}${token}`) },
    }),
  });
}

function hmacOf(auth: Kind<"hmac">): Authenticator {
  return hmacAuth({
    secret: lookup(auth.secret),
    algorithm: auth.algorithm ?? "sha256",
    encoding: auth.encoding ?? "hex",
    covers: auth.covers,
    separator: auth.separator ?? "\n",
    header: auth.header,
    ...(auth.prefix === undefined ? {} : { prefix: auth.prefix }),
    ...(auth.timestampHeader === undefined
      ? {}
      : { timestamp: { header: auth.timestampHeader, unit: auth.timestampUnit ?? "s" } }),
  });
}

function certificateOf(
  { certificate, key, passphrase, authorities, and }: Kind<"certificate">,
  options: AuthenticatorOptions,
): Authenticator {
  return certificateAuth(
    async (context) => ({
      certificate: await lookup(certificate)(context),
      key: await lookup(key)(context),
      ...(passphrase === undefined ? {} : { passphrase: await lookup(passphrase)(context) }),
      ...(authorities === undefined ? {} : { authorities: await lookup(authorities)(context) }),
    }),
    and === undefined ? noAuth : authenticatorOf(and, options),
  );
}

function ms(duration: string): number {
  return parseDurationMs(duration) ?? 0;
}
