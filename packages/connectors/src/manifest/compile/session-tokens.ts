// SessionTokenAuthenticator and its old form: a login gives the token of further requests.
import { sessionAuth } from "../../rest-engine/auth/session-auth.ts";
import { joinUrl, partOf } from "../../rest-engine/build-request.ts";
import type { Authenticator, Requester } from "../../rest-engine/components.ts";
import { addDuration, parseIsoDuration } from "../../rest-engine/cursors/duration.ts";
import type { RequestOption, RequestParts } from "../../rest-engine/request.ts";
import { noAuth } from "../../rest-engine/auth/plain-auth.ts";
import { str } from "../template/python-text.ts";
import type { Part } from "./compile-context.ts";
import { decoder } from "./decoders.ts";
import { errorHandler } from "./error-handlers.ts";
import { requestOption } from "./request-options.ts";
import { requestTemplate } from "./request-template.ts";

const rules = { policies: [], limitStatus: [429], concurrencyMax: 2 };
const timeoutMs = 60_000;
/** Old sessions do not say how long they live; the upstreams that use them keep them for days. */
const legacyLifeMs = 12 * 3_600_000;

export function sessionToken(part: Part, authenticate: (part: Part | undefined) => Authenticator): Authenticator {
  const login = part.need("login_requester");
  const use = part.need("request_authentication");
  const lasts = part.string("expiration_duration");
  const life = parseIsoDuration(lasts);
  if (lasts !== "" && life === undefined)
    throw part.invalid("expiration_duration", `${JSON.stringify(lasts)} is no ISO 8601 duration such as PT1H`);
  const option = requestOption(use.part("inject_into"));
  return sessionAuth({
    login: {
      template: requestTemplate(login),
      authenticator: authenticate(login.part("authenticator")),
      errors: errorHandler(login.part("error_handler")),
      timeoutMs,
      cached: false,
    },
    rules,
    decoder: decoder(part.part("decoder")),
    path: part.path("session_token_path"),
    ...(life === undefined ? {} : { lifeMs: Number(addDuration(0n, life) / 1000n) }),
    carry: carrier(use, option),
    ...(option?.into === "query" ? { credentialParams: option.path } : {}),
  });
}

function carrier(use: Part, option: RequestOption | undefined): (token: string) => RequestParts {
  if (option === undefined) return (token) => ({ headers: { authorization: `Bearer ${token}` } });
  const text = use.text("api_token", use.of["api_token"] ?? "{{ session_token }}");
  return (token) => partOf(option, str(text(use.names({ session_token: token }))));
}

/** A token of the config is used when the upstream still takes it; else username and password are exchanged for one. */
export function legacySession(part: Part): Authenticator {
  const header = part.string("header");
  const given = part.string("session_token");
  const carry = (token: string): RequestParts => ({ headers: { [header]: token } });
  return sessionAuth({
    ...(given === "" ? {} : { issued: { token: given, check: legacyCheck(part, carry(given)) } }),
    login: legacyLogin(part),
    rules,
    decoder: decoder(undefined),
    path: [part.string("session_token_response_key")],
    lifeMs: legacyLifeMs,
    carry,
  });
}

function legacyCheck(part: Part, parts: RequestParts): Requester {
  const base = part.text("api_url", part.of["url_base"] ?? "");
  const url = (): string => joinUrl(str(base(part.names())), part.string("validate_session_url"));
  return {
    template: { method: "GET", url, parts: () => parts },
    authenticator: noAuth,
    errors: errorHandler(undefined),
    timeoutMs,
    cached: false,
  };
}

function legacyLogin(part: Part): Requester {
  const base = part.text("api_url", part.of["url_base"] ?? "");
  return {
    template: {
      method: "POST",
      url: () => joinUrl(str(base(part.names())), part.string("login_url")),
      parts: () => ({ json: { username: part.string("username"), password: part.string("password") } }),
    },
    authenticator: noAuth,
    errors: errorHandler(undefined),
    timeoutMs,
    cached: false,
  };
}
