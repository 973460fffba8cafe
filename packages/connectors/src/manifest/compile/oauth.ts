// OAuthAuthenticator: the request for an access token, and where its parts stand in the answer.
import { createHash } from "node:crypto";
import { oauthAuth, type OAuthOptions } from "../../rest-engine/auth/oauth-auth.ts";
import type { Authenticator } from "../../rest-engine/components.ts";
import type { Fields } from "../../rest-engine/slice.ts";
import { isComponent } from "../load/source-lines.ts";
import { parseDatetime } from "../template/dates/cursor-format.ts";
import { parseIso } from "../template/dates/iso-datetime.ts";
import { jsonValue } from "../template/interpolation.ts";
import { str } from "../template/python-text.ts";
import { PythonError } from "../template/python-values.ts";
import type { Part } from "./compile-context.ts";
import { lookup } from "./lookup.ts";

export function oauth(part: Part): Authenticator {
  const grant = part.string("grant_type", "refresh_token");
  const endpoint = part.string("token_refresh_endpoint");
  const updater = part.part("refresh_token_updater");
  const refreshes = grant === "refresh_token";
  if (part.is("use_profile_assertion"))
    throw part.unsupported("proving who asks with a signed assertion (use_profile_assertion) is not supported");
  if (endpoint === "") return staticToken(part);
  const options: OAuthOptions = {
    endpoint: lookup(part, "token_refresh_endpoint"),
    name: keptName(part, { endpoint, refreshes }),
    fields: () => Promise.resolve(tokenFields(part, grant)),
    secretFields: [part.string("client_secret_name", "client_secret")],
    ...(isComponent(part.of["refresh_request_headers"]) ? { headers: () => Promise.resolve(headers(part)) } : {}),
    sendAs: part.is("send_refresh_request_as_query_params") ? "query" : sendsJson(part) ? "json" : "form",
    ...(refreshes
      ? {
          refreshToken: lookup(part, "refresh_token"),
          refreshTokenField: part.string("refresh_token_name", "refresh_token"),
        }
      : {}),
    accessTokenName: part.string("access_token_name", "access_token"),
    expiresInName: part.string("expires_in_name", "expires_in"),
    ...(updater === undefined ? {} : { refreshTokenName: updater.string("refresh_token_name", "refresh_token") }),
    ...expiry(part),
  };
  return oauthAuth(options);
}

/** A token without an endpoint is used as it is. */
function staticToken(part: Part): Authenticator {
  const token = lookup(part, "access_token_value");
  return {
    async parts(context) {
      const value = await token(context);
      context.redactor.add(value);
      return { headers: { authorization: `Bearer ${value}` } };
    },
  };
}

/**
 * Streams with the same credentials at the same endpoint share one token; accounts of one OAuth app do not. A rotated token outlives changes of the
 * config beside its credentials; tokens of other grants, whose credentials may stand in any field of the config, are asked for anew.
 */
function keptName(
  part: Part,
  { endpoint, refreshes }: { readonly endpoint: string; readonly refreshes: boolean },
): string {
  const own = [
    endpoint,
    part.string("client_id"),
    part.string("client_secret"),
    refreshes ? part.string("refresh_token") : part.context.config,
    part.string("grant_type"),
    part.string("access_token_name"),
    str(part.of["scopes"] ?? ""),
  ];
  return `oauth-${createHash("sha256").update(JSON.stringify(own)).digest("hex").slice(0, 32)}`;
}

function headers(part: Part): Readonly<Record<string, string>> {
  const declared = part.context.templates.mapping(part.of["refresh_request_headers"], {
    place: part.place("refresh_request_headers"),
  })(part.names());
  return Object.fromEntries(Object.entries(declared).map(([name, value]) => [name, str(value)]));
}

function sendsJson(part: Part): boolean {
  if (!isComponent(part.of["refresh_request_headers"])) return false;
  return Object.entries(headers(part)).some(
    ([name, value]) => name.toLowerCase() === "content-type" && value.includes("json"),
  );
}

function tokenFields(part: Part, grant: string): Fields {
  const given = (name: string, value: string): Fields => (value === "" ? {} : { [name]: value });
  const scopes = part.path("scopes");
  const further = isComponent(part.of["refresh_request_body"])
    ? (jsonValue(
        part.context.templates.nested(
          part.of["refresh_request_body"],
          part.place("refresh_request_body"),
        )(part.names()),
      ) as Fields)
    : {};
  const own: Fields = {
    [part.string("grant_type_name", "grant_type")]: grant,
    ...(showsCredentials(part)
      ? {}
      : {
          ...given(part.string("client_id_name", "client_id"), part.string("client_id")),
          ...given(part.string("client_secret_name", "client_secret"), part.string("client_secret")),
        }),
    ...(scopes.length === 0 ? {} : { scopes }),
  };
  // What the author says of a field of his own does not replace ours.
  return { ...own, ...Object.fromEntries(Object.entries(further).filter(([name]) => !Object.hasOwn(own, name))) };
}

/** With an `Authorization` header of its own, the request for a token proves who asks there, and only there. */
function showsCredentials(part: Part): boolean {
  return isComponent(part.of["refresh_request_headers"]) && Object.hasOwn(headers(part), "Authorization");
}

function expiry(part: Part): Pick<OAuthOptions, "expiresAtMs"> {
  const format = part.string("token_expiry_date_format");
  if (format === "" && part.of["token_expiry_is_time_of_expiration"] !== true) return {};
  return { expiresAtMs: (value) => moment(str(jsonValue(value)), format) };
}

function moment(text: string, format: string): number | undefined {
  try {
    const found = format === "" ? parseIso(text) : parseDatetime(text, format);
    return Number(found.epochMicros() / 1000n);
  } catch (thrown) {
    if (thrown instanceof PythonError) return undefined;
    throw thrown;
  }
}
