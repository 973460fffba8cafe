// `bearer()`, `apiKey()`, `basic()`: how a REST channel proves who it is. Definitions hold references; request-credentials.ts resolves them.
import type { SecretRef } from "@millrace/core";
import type { Setting } from "../authoring/references.ts";
import { secretOnly, settingOrSecret, text, variant } from "../authoring/option-checks.ts";
import { optional, required } from "../authoring/option-fields.ts";
import type { Authentication } from "./rest-config.ts";

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

const kinds = variant(
  {
    bearer: [required("token", "secret()", secretOnly, "the token")],
    "api-key": [
      optional("header", "string", text, "header that carries the key"),
      optional("query", "string", text, "query parameter that carries the key"),
      required("value", "secret()", secretOnly, "the key"),
    ],
    basic: [
      required("username", "string | env() | secret()", settingOrSecret, "the user's name"),
      required("password", "secret()", secretOnly, "the password"),
    ],
  },
  'bearer(secret("TOKEN")), apiKey({ header: "X-Key", value: secret("KEY") }) or basic(env("USER"), secret("PASSWORD"))',
);

export function authenticationCheck(value: unknown, path: string): string | undefined {
  const problem = kinds(value, path);
  if (problem !== undefined) return problem;
  const auth = value as Authentication;
  if (auth.kind === "api-key" && (auth.header === undefined) === (auth.query === undefined))
    return `"${path}": apiKey() names either a header or a query parameter`;
  return undefined;
}
