// How a webhook channel knows its sender, as data: `signature.stripe()` and the others. verify-signature.ts makes them work.
import type { SecretRef } from "@millrace/core";
import { duration, oneOf, secretOnly, show, text, variant } from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";

export interface HmacSignatureOptions {
  /** Header that holds the signature. */
  readonly header: string;
  /** Default: `sha256`. */
  readonly algorithm?: "sha1" | "sha256" | "sha384" | "sha512";
  /** Default: `hex`. */
  readonly encoding?: "hex" | "base64" | "base64url";
  /** Text before the signature in its header, such as `sha256=`. */
  readonly prefix?: string;
  /** What is signed: text with `{body}`, and where wanted `{timestamp}`, `{id}` and `{header:name}`. Default: `{body}`. */
  readonly payload?: string;
  /** Header of the moment of sending; needs `{timestamp}` in `payload`. */
  readonly timestampHeader?: string;
  /** Default: `s`, seconds since 1970. */
  readonly timestampUnit?: "s" | "ms";
  /** How far the moment may be from this clock, either way. Default: `5m`. */
  readonly tolerance?: string;
  /** Header of the event's id; needs `{id}` in `payload`. */
  readonly idHeader?: string;
  /** How the secret's text becomes the key. Default: `text`, its UTF-8 bytes. */
  readonly key?: "text" | "base64" | "hex";
}

/** Several secrets at once let a secret be replaced while both are in use. */
interface Signed {
  readonly secrets: readonly SecretRef[];
}

export type HookSignature =
  | (Signed & { readonly kind: "stripe" | "slack" | "standard"; readonly tolerance?: string })
  | (Signed & { readonly kind: "github" | "shopify" })
  | (Signed & { readonly kind: "hmac" } & HmacSignatureOptions)
  | (Signed & { readonly kind: "token"; readonly header: string });

/** Makers of `from` of `webhook()`. Each takes one secret or several. */
export const signature = {
  /** `Stripe-Signature: t=...,v1=...`; the secret begins with `whsec_`. */
  stripe: (...secrets: readonly SecretRef[]): HookSignature => ({ kind: "stripe", secrets }),
  /** `X-Hub-Signature-256: sha256=...`; pings are answered and leave no row. */
  github: (...secrets: readonly SecretRef[]): HookSignature => ({ kind: "github", secrets }),
  /** `X-Slack-Signature: v0=...`; the challenge of a new address is answered. */
  slack: (...secrets: readonly SecretRef[]): HookSignature => ({ kind: "slack", secrets }),
  /** `X-Shopify-Hmac-Sha256`, base64. */
  shopify: (...secrets: readonly SecretRef[]): HookSignature => ({ kind: "shopify", secrets }),
  /** Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,...`; the secret is base64, with or without `whsec_`. */
  standard: (...secrets: readonly SecretRef[]): HookSignature => ({ kind: "standard", secrets }),
  /** Any other HMAC over the body. */
  hmac: (options: HmacSignatureOptions, ...secrets: readonly SecretRef[]): HookSignature => ({
    kind: "hmac",
    ...options,
    secrets,
  }),
  /** No signature: a header holds the secret itself. Proves who sends, not what. */
  token: (header: string, ...secrets: readonly SecretRef[]): HookSignature => ({ kind: "token", header, secrets }),
} as const;

const secretsMax = 10;
const secretList: OptionCheck = (value, path) => {
  if (!Array.isArray(value) || value.length === 0 || value.length > secretsMax)
    return `"${path}" is 1 to ${secretsMax} secrets`;
  return value.map((item: unknown, at) => secretOnly(item, `${path}[${at}]`)).find((problem) => problem !== undefined);
};

export const headerName: OptionCheck = (value, path) =>
  typeof value === "string" && /^[A-Za-z0-9-]+$/.test(value)
    ? undefined
    : `"${path}" is the name of a header; received ${show(value)}`;

const placeholder = /\{[^}]*\}/g;
const known = /^\{(body|timestamp|id|header:[A-Za-z0-9-]+)\}$/;

const payloadCheck: OptionCheck = (value, path) => {
  if (typeof value !== "string" || !value.includes("{body}"))
    return `"${path}" is text that holds {body}; received ${show(value)}`;
  const wrong = (value.match(placeholder) ?? []).find((part) => !known.test(part));
  return wrong === undefined
    ? undefined
    : `"${path}": there is no ${wrong}; valid are {body}, {timestamp}, {id}, {header:name}`;
};

const secrets = required("secrets", "secret(), ...", secretList, "secrets that may have signed");
const tolerance = optional("tolerance", "duration", duration, "how far the moment of sending may be away", {
  default: '"5m"',
});

const hmacFields: readonly OptionField[] = [
  secrets,
  tolerance,
  required("header", "string", headerName, "header of the signature"),
  optional("algorithm", "string", oneOf("sha1", "sha256", "sha384", "sha512"), "hash"),
  optional("encoding", "string", oneOf("hex", "base64", "base64url"), "how the signature is written"),
  optional("prefix", "string", text, "text before the signature"),
  optional("payload", "string", payloadCheck, "what is signed"),
  optional("timestampHeader", "string", headerName, "header of the moment of sending"),
  optional("timestampUnit", "string", oneOf("s", "ms"), "unit of the moment"),
  optional("idHeader", "string", headerName, "header of the event's id"),
  optional("key", "string", oneOf("text", "base64", "hex"), "how the secret becomes the key"),
];

const kinds = variant(
  {
    stripe: [secrets, tolerance],
    slack: [secrets, tolerance],
    standard: [secrets, tolerance],
    github: [secrets],
    shopify: [secrets],
    hmac: hmacFields,
    token: [secrets, required("header", "string", headerName, "header of the secret")],
  },
  `signature.${Object.keys(signature).join("(), signature.")}()`,
);

/** What is named must be signed: an id or a moment that anybody can change proves nothing. */
export const signatureCheck: OptionCheck = (value, path) => {
  const problem = kinds(value, path);
  const given = value as HookSignature;
  if (problem !== undefined || given.kind !== "hmac") return problem;
  const { payload = "{body}", timestampHeader, idHeader } = given;
  const signs = (name: string): boolean => payload.includes(`{${name}}`);
  if ((timestampHeader !== undefined) !== signs("timestamp"))
    return `"${path}": "timestampHeader" and {timestamp} in "payload" belong together`;
  if ((idHeader !== undefined) !== signs("id")) return `"${path}": "idHeader" and {id} in "payload" belong together`;
  if (timestampHeader === undefined && (given.tolerance ?? given.timestampUnit) !== undefined)
    return `"${path}": "tolerance" and "timestampUnit" are for signatures with "timestampHeader"`;
  return undefined;
};
