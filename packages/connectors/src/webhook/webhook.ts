// `webhook()`: declares a channel that other systems call. It has no reader: verified requests go into the event log, and the runtime's batcher loads them.
import type { ChannelDeclaration, ChannelDefinition } from "@millrace/core";
import {
  declareChannel,
  demand,
  intoFields,
  OptionProblem,
  outputOf,
  validateDefinition,
  type IntoOptions,
} from "../authoring/declare-channel.ts";
import { integer, oneOf, parsed, record } from "../authoring/option-checks.ts";
import { findProblem, optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { eventBatchDefault, type EventsConfig } from "../events/events.ts";
import { parseJsonPath } from "../rest/json-path.ts";
import { headerName, signatureCheck, type HookSignature } from "./signature-config.ts";

/** Where the event's id stands: a header, or a path into the JSON body. */
export type HookId = { readonly header: string } | { readonly field: string };

export interface WebhookOptions extends IntoOptions {
  /** Who may send, and how that is proven. */
  readonly from: HookSignature;
  /** `json` (default): the body, or what `records` names of it. `cloudevents`: attributes as fields beside `data`, in each mode of CloudEvents 1.0. */
  readonly format?: "json" | "cloudevents";
  /** Path of the record or records in the body. Default: the body itself. */
  readonly records?: string;
  /** Headers that become fields of every record, by the field's name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What tells a repeated event from a new one. Default: the provider's signed id, else the signature. */
  readonly id?: HookId;
  /** Largest body. Default: 1 MiB. */
  readonly bodyBytesMax?: number;
}

export interface WebhookConfig extends EventsConfig {
  readonly from: HookSignature;
  readonly format: "json" | "cloudevents";
  readonly records?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: HookId;
  readonly bodyBytesMax: number;
}

const MIB = 1024 * 1024;
const bodyBytesDefault = MIB;

const idCheck: OptionCheck = (value, path) => {
  const header = [required("header", "string", headerName, "header that holds the id")];
  const field = [required("field", "string", parsed(parseJsonPath), "path of the id in the body")];
  if (findProblem(value, header, path) === undefined || findProblem(value, field, path) === undefined) return undefined;
  return `"${path}" is { header: "X-Event-Id" } or { field: "$.id" }`;
};

export const webhookFields: readonly OptionField[] = [
  ...intoFields,
  required("from", "signature.*()", signatureCheck, "who may send, and how that is proven"),
  optional(
    "format",
    '"json" | "cloudevents"',
    oneOf("json", "cloudevents"),
    "what bodies are; CloudEvents become their attributes and extensions as fields, beside `data`",
    { default: '"json"' },
  ),
  optional("records", "string", parsed(parseJsonPath), "path of the record, or of the array of records, in the body", {
    default: "the body",
  }),
  optional("headers", "object", record(headerName), "headers that become fields of every record, by the field's name", {
    default: "none",
  }),
  optional("id", "{ header } | { field }", idCheck, "what tells a repeated event from a new one", {
    default: "the provider's signed id, else the signature",
  }),
  optional("bodyBytesMax", "number", integer({ min: 1, max: 16 * MIB }), "largest body, in bytes", {
    default: String(bodyBytesDefault),
  }),
];

/**
 * Declares a channel that receives signed requests by `POST /hooks/<domain>.<name>`, without a token: the signature is the proof.
 *
 * @example export const payments = webhook({ into: StripeEvent, from: signature.stripe(secret("STRIPE_WEBHOOK_SECRET")) });
 * @throws MillraceError channel-invalid, with file and line
 */
export function webhook(options: WebhookOptions): ChannelDeclaration<WebhookConfig> {
  return declareChannel({ connector: "webhook", what: "webhook()" }, () => {
    demand(options, webhookFields);
    const { into: _into, write: _write, format = "json", bodyBytesMax = bodyBytesDefault, ...rest } = options;
    const config: WebhookConfig = { ...rest, format, bodyBytesMax, validate: "late", batch: eventBatchDefault };
    checkTogether(config);
    return { config, outputs: [outputOf("default", options)], every: "on-arrival" };
  });
}

/** @throws MillraceError channel-invalid */
export function validateWebhook(channel: ChannelDefinition): void {
  const { validate: _validate, batch: _batch, ...config } = channel.config as WebhookConfig;
  validateDefinition({ ...channel, config }, webhookFields, () => checkTogether(config));
}

function checkTogether({ format, records, headers, id }: Omit<WebhookConfig, "validate" | "batch">): void {
  const useless = Object.entries({ records, headers, id }).find(([, value]) => value !== undefined);
  if (format === "cloudevents" && useless !== undefined)
    throw new OptionProblem(`"${useless[0]}" is for format: "json"; CloudEvents say themselves what they hold`);
}
