// How a REST channel proves who it is, as data: `bearer()`, `oauth()` and the others. Definitions hold references; authenticator.ts makes them work.
import type { SecretRef } from "@millrace/core";
import type { Setting } from "../authoring/references.ts";
import {
  duration,
  oneOf,
  parsed,
  record,
  secretOnly,
  setting,
  settingOrSecret,
  text,
  texts,
  variant,
} from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { jwtAlgorithms } from "../rest-engine/auth/jwt-auth.ts";
import { parseJsonPath } from "./json-path.ts";
import type { Authentication } from "./rest-config.ts";

type Of<Kind extends Authentication["kind"]> = Omit<Extract<Authentication, { readonly kind: Kind }>, "kind">;

/** `Authorization: Bearer <token>`. */
export function bearer(token: SecretRef): Authentication {
  return { kind: "bearer", token };
}

/** A key in a header or in a query parameter; exactly one of them is named. */
export function apiKey(
  options:
    { readonly header: string; readonly value: SecretRef } | { readonly query: string; readonly value: SecretRef },
): Authentication {
  return { kind: "api-key", ...options };
}

/** HTTP Basic: `Authorization: Basic <base64 of username:password>`. */
export function basic(username: Setting | SecretRef, password: SecretRef): Authentication {
  return { kind: "basic", username, password };
}

/**
 * OAuth 2.0. `grant` default: `refresh_token` when one is given, else `client_credentials`. A refresh token that the upstream replaces is kept durably
 * before the access token that came with it is used.
 */
export function oauth(options: Of<"oauth">): Authentication {
  return { kind: "oauth", ...options };
}

/** A token that is signed here (JWS) and goes into the header `Authorization`. `lasts` default: `20m`. */
export function jwt(options: Of<"jwt">): Authentication {
  return { kind: "jwt", ...options };
}

/** A login whose answer has a token at the path `token`, which goes into `header`. Without `lasts` each request logs in anew. */
export function session(options: Of<"session">): Authentication {
  return { kind: "session", ...options };
}

/** AWS Signature Version 4. */
export function sigV4(options: Of<"sigv4">): Authentication {
  return { kind: "sigv4", ...options };
}

/** An HMAC over parts of the request, in their order, joined by `separator`. */
export function hmac(options: Of<"hmac">): Authentication {
  return { kind: "hmac", ...options };
}

/** Mutual TLS; all values are PEM. `and` proves the requests on top. */
export function clientCertificate(options: Of<"certificate">): Authentication {
  return { kind: "certificate", ...options };
}

const covered = ["method", "path", "query", "body", "timestamp", "body-sha256"];
const coversCheck: OptionCheck = (value, path) =>
  texts(value, path) ??
  ((value as string[]).every((part) => covered.includes(part))
    ? undefined
    : `"${path}" is a list of ${covered.join(", ")}`);

const someSecret = (name: string, summary: string): OptionField => required(name, "secret()", secretOnly, summary);
const someValue = (name: string, summary: string): OptionField =>
  required(name, "string | env() | secret()", settingOrSecret, summary);

const kinds: Readonly<Record<Authentication["kind"], readonly OptionField[]>> = {
  bearer: [someSecret("token", "the token")],
  "api-key": [
    optional("header", "string", text, "header that carries the key"),
    optional("query", "string", text, "query parameter that carries the key"),
    someSecret("value", "the key"),
  ],
  basic: [someValue("username", "the user's name"), someSecret("password", "the password")],
  oauth: [
    required("tokenUrl", "string | env()", setting, "address of the token endpoint"),
    optional(
      "grant",
      "string",
      oneOf("refresh_token", "client_credentials", "password"),
      "what is exchanged for a token",
    ),
    someValue("clientId", "the client"),
    optional("clientSecret", "secret()", secretOnly, "its secret"),
    optional("refreshToken", "secret()", secretOnly, "the refresh token to begin with"),
    optional("username", "string | env() | secret()", settingOrSecret, "the user's name, for the password grant"),
    optional("password", "secret()", secretOnly, "the user's password, for the password grant"),
    optional("scopes", "string[]", texts, "scopes to ask for"),
    optional("sendAs", "string", oneOf("form", "json", "query"), "how the endpoint takes the values", {
      default: '"form"',
    }),
  ],
  jwt: [
    required("algorithm", "string", oneOf(...jwtAlgorithms), "signature algorithm"),
    someSecret("key", "the shared secret, or the private key as PEM"),
    optional("passphrase", "secret()", secretOnly, "passphrase of the private key"),
    optional("claims", "object", record(settingOrSecret), "claims beside iat, nbf and exp"),
    optional("headers", "object", record(setting), "further header fields of the token"),
    optional("lasts", "duration", duration, "life of a token", { default: '"20m"' }),
    optional("prefix", "string", text, "word before the token", { default: '"Bearer"' }),
  ],
  session: [
    required("url", "string", text, "address of the login; without a host it is below baseUrl"),
    required("body", "object", record(settingOrSecret), "JSON body of the login"),
    required("token", "string", parsed(parseJsonPath), "where the answer has the token"),
    required("header", "string", text, "header that carries the token"),
    optional("prefix", "string", text, "text before the token"),
    optional("lasts", "duration", duration, "life of a session"),
  ],
  sigv4: [
    someValue("accessKeyId", "the access key"),
    someSecret("secretAccessKey", "its secret"),
    optional("sessionToken", "secret()", secretOnly, "token of temporary credentials"),
    required("region", "string", text, "region, such as eu-central-1"),
    required("service", "string", text, "service, such as execute-api"),
  ],
  hmac: [
    someSecret("secret", "the shared secret"),
    optional("algorithm", "string", oneOf("sha1", "sha256", "sha384", "sha512"), "hash", { default: '"sha256"' }),
    optional("encoding", "string", oneOf("hex", "base64"), "how the signature is written", { default: '"hex"' }),
    required("covers", "string[]", coversCheck, `what is signed: ${covered.join(", ")}`),
    optional(
      "separator",
      "string",
      (value, path) => (typeof value === "string" ? undefined : `"${path}" is text`),
      "between the parts",
      { default: "a line end" },
    ),
    required("header", "string", text, "header that carries the signature"),
    optional("prefix", "string", text, "text before the signature"),
    optional("timestampHeader", "string", text, "header that carries the time"),
    optional("timestampUnit", "string", oneOf("s", "ms"), "unit of the time", { default: '"s"' }),
  ],
  certificate: [
    someValue("certificate", "the client's certificate"),
    someSecret("key", "its private key"),
    optional("passphrase", "secret()", secretOnly, "passphrase of the key"),
    optional("authorities", "string | env() | secret()", settingOrSecret, "authorities of the server's certificate"),
    optional(
      "and",
      "bearer() | ...",
      (value, path) => authenticationCheck(value, path),
      "how the requests themselves are proven",
    ),
  ],
};

const makers =
  'bearer(secret("TOKEN")), apiKey({ header: "X-Key", value: secret("KEY") }), basic(env("USER"), secret("PASSWORD")), oauth({...}), jwt({...}), session({...}), sigV4({...}), hmac({...}) or clientCertificate({...})';

const ofKind = variant(kinds, makers);

export function authenticationCheck(value: unknown, path: string): string | undefined {
  const problem = ofKind(value, path);
  if (problem !== undefined) return problem;
  const auth = value as Authentication;
  if (auth.kind === "api-key" && (auth.header === undefined) === (auth.query === undefined))
    return `"${path}": apiKey() names either a header or a query parameter`;
  if (
    auth.kind === "oauth" &&
    auth.grant === "password" &&
    (auth.username === undefined || auth.password === undefined)
  )
    return `"${path}": oauth() with the password grant needs "username" and "password"`;
  if (auth.kind === "oauth" && auth.grant === "refresh_token" && auth.refreshToken === undefined)
    return `"${path}": oauth() with the refresh_token grant needs "refreshToken"`;
  if (auth.kind === "hmac" && auth.covers.includes("timestamp") && auth.timestampHeader === undefined)
    return `"${path}": hmac() covers the timestamp, so "timestampHeader" must tell it to the upstream`;
  return undefined;
}
