// Authenticators by type. Values of the config are looked up when a request is made, and taken out of every message.
import { basicAuth, bearerAuth, keyAuth, noAuth } from "../../rest-engine/auth/plain-auth.ts";
import { jwtAlgorithms, jwtAuth, type JwtAlgorithm } from "../../rest-engine/auth/jwt-auth.ts";
import type { Authenticator } from "../../rest-engine/components.ts";
import { isComponent } from "../load/source-lines.ts";
import { jsonValue } from "../template/interpolation.ts";
import type { Fields } from "../../rest-engine/slice.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { lookup } from "./lookup.ts";
import { oauth } from "./oauth.ts";
import { requestOption } from "./request-options.ts";
import { legacySession, sessionToken } from "./session-tokens.ts";

export function authenticator(part: Part | undefined): Authenticator {
  if (part === undefined) return noAuth;
  switch (part.type) {
    case "NoAuth":
      return noAuth;
    case "ApiKeyAuthenticator":
      return apiKey(part);
    case "BearerAuthenticator":
      return bearerAuth(lookup(part, "api_token"));
    case "BasicHttpAuthenticator":
      return basicAuth(lookup(part, "username"), lookup(part, "password"));
    case "OAuthAuthenticator":
      return oauth(part);
    case "JwtAuthenticator":
      return jwt(part);
    case "SessionTokenAuthenticator":
      return sessionToken(part, authenticator);
    case "LegacySessionTokenAuthenticator":
      return legacySession(part);
    case "SelectiveAuthenticator":
      return selected(part);
    case "RateLimitedMultipleTokenAuthenticator":
      throw part.unsupported("tokens that take turns by their quota are not supported yet");
    default:
      return customPart(part, "CustomAuthenticator");
  }
}

function apiKey(part: Part): Authenticator {
  const option = requestOption(part.part("inject_into"));
  const header = part.string("header");
  if (option === undefined && header === "")
    throw part.invalid("inject_into", "an ApiKeyAuthenticator has inject_into or header");
  return keyAuth(option ?? { into: "header", path: [header] }, lookup(part, "api_token"));
}

function jwt(part: Part): Authenticator {
  const algorithm = part.string("algorithm") as JwtAlgorithm;
  if (!jwtAlgorithms.includes(algorithm))
    throw part.invalid("algorithm", `"algorithm" is one of ${jwtAlgorithms.join(", ")}`);
  const secret = lookup(part, "secret_key");
  const encoded = part.is("base64_encode_secret_key");
  const option = requestOption(part.part("request_option"));
  return jwtAuth({
    algorithm,
    key: async (context) => (encoded ? Buffer.from(await secret(context)).toString("base64") : secret(context)),
    ...(part.of["passphrase"] === undefined ? {} : { passphrase: lookup(part, "passphrase") }),
    durationS: part.integer("token_duration") ?? 1200,
    headers: () => Promise.resolve(claims(part, ["jwt_headers", "additional_jwt_headers"])),
    payload: () => Promise.resolve(claims(part, ["jwt_payload", "additional_jwt_payload"])),
    ...(option === undefined ? {} : { option }),
    prefix: part.string("header_prefix"),
  });
}

/** Declared claims; those that are empty are left out. */
function claims(part: Part, fields: readonly string[]): Fields {
  const all = fields.map((field) => {
    const declared = part.of[field];
    return isComponent(declared)
      ? (jsonValue(part.context.templates.nested(declared, part.place(field))(part.names())) as Fields)
      : {};
  });
  const joined = Object.assign({}, ...all) as Fields;
  return Object.fromEntries(Object.entries(joined).filter(([, value]) => value !== "" && value !== null));
}

/** Chosen by a value of the config. @throws MillraceError connector-config-invalid through the part when the value names none */
function selected(part: Part): Authenticator {
  const path = part.path("authenticator_selection_path");
  const choice = path.reduce<unknown>(
    (value, name) => (isComponent(value) ? value[name] : undefined),
    part.context.config,
  );
  const choices = part.need("authenticators");
  const chosen = typeof choice === "string" ? choices.part(choice) : undefined;
  const known = Object.entries(choices.of)
    .filter(([, value]) => isComponent(value))
    .map(([name]) => name);
  if (chosen === undefined)
    throw part.invalid(
      "authenticator_selection_path",
      `the config's "${path.join(".")}" must be one of ${known.join(", ")}`,
    );
  return authenticator(chosen);
}
