// Every kind of signature as one scheme: which headers, what is signed, how it is written. Sources: the senders' own documentation
// (docs.stripe.com/webhooks/signature, docs.github.com "Validating webhook deliveries", api.slack.com "Verifying requests", shopify.dev "Verify webhook
// deliveries", standardwebhooks.com).
import { parseDurationMs } from "@millrace/core";
import type { HookSignature } from "./signature-config.ts";

export interface SignatureScheme {
  readonly header: string;
  readonly algorithm: string;
  readonly encoding: "hex" | "base64" | "base64url";
  /** `one`: the header is prefix and signature. `list`: several of these, apart by blanks. `pairs`: `name=value` apart by commas. */
  readonly form: "one" | "list" | "pairs";
  /** Before each signature; the name of its pair in `pairs`. */
  readonly prefix: string;
  readonly payload: string;
  readonly moment?: {
    /** A header, or a pair of the signature's header. */
    readonly header?: string;
    readonly pair?: string;
    readonly unitMs: number;
    readonly toleranceMs: number;
  };
  readonly idHeader?: string;
  /** Field of the JSON body that identifies the event. */
  readonly idField?: string;
  readonly key: "text" | "base64" | "hex" | "whsec";
}

const base = { algorithm: "sha256", encoding: "hex", form: "one", prefix: "", payload: "{body}", key: "text" } as const;

export function schemeOf(from: Exclude<HookSignature, { readonly kind: "token" }>): SignatureScheme {
  switch (from.kind) {
    case "stripe": {
      const moment = { pair: "t", unitMs: 1000, toleranceMs: toleranceMs(from.tolerance) };
      const header = "stripe-signature";
      return { ...base, header, form: "pairs", prefix: "v1", payload: "{timestamp}.{body}", moment, idField: "id" };
    }
    case "github":
      return { ...base, header: "x-hub-signature-256", prefix: "sha256=" };
    case "slack": {
      const toleranceOf = toleranceMs(from.tolerance);
      const moment = { header: "x-slack-request-timestamp", unitMs: 1000, toleranceMs: toleranceOf };
      const payload = "v0:{timestamp}:{body}";
      return { ...base, header: "x-slack-signature", prefix: "v0=", payload, moment, idField: "event_id" };
    }
    case "shopify":
      return { ...base, header: "x-shopify-hmac-sha256", encoding: "base64" };
    case "standard":
      return standardScheme(from.tolerance);
    case "hmac":
      return hmacScheme(from);
  }
}

function standardScheme(tolerance: string | undefined): SignatureScheme {
  return {
    ...base,
    header: "webhook-signature",
    encoding: "base64",
    form: "list",
    prefix: "v1,",
    payload: "{id}.{timestamp}.{body}",
    moment: { header: "webhook-timestamp", unitMs: 1000, toleranceMs: toleranceMs(tolerance) },
    idHeader: "webhook-id",
    key: "whsec",
  };
}

function hmacScheme(from: Extract<HookSignature, { readonly kind: "hmac" }>): SignatureScheme {
  const { timestampHeader, idHeader } = from;
  return {
    ...base,
    header: from.header.toLowerCase(),
    algorithm: from.algorithm ?? base.algorithm,
    encoding: from.encoding ?? base.encoding,
    prefix: from.prefix ?? "",
    payload: from.payload ?? base.payload,
    key: from.key ?? "text",
    ...(idHeader === undefined ? {} : { idHeader: idHeader.toLowerCase() }),
    ...(timestampHeader === undefined
      ? {}
      : {
          moment: {
            header: timestampHeader.toLowerCase(),
            unitMs: from.timestampUnit === "ms" ? 1 : 1000,
            toleranceMs: toleranceMs(from.tolerance),
          },
        }),
  };
}

function toleranceMs(tolerance: string | undefined): number {
  return parseDurationMs(tolerance ?? "5m") ?? 300_000;
}
