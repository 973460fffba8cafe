// What a verified webhook request brings: records for the event log, under a key that makes a repeated request harmless; or an answer alone.
import { hash } from "node:crypto";
import {
  binaryAttributes,
  cloudEventKey,
  cloudEventTypes,
  eventBatch,
  MillraceError,
  parseExact,
  stringifyExact,
  structuredEvent,
  type CloudEvent,
} from "@millrace/core";
import { parseJsonPath, valueAt } from "../rest/json-path.ts";
import { schemeOf } from "./signature-scheme.ts";
import type { HookHeaders, HookRequest, Verified } from "./verify-signature.ts";
import type { WebhookConfig } from "./webhook.ts";

/** `records`: to be stored. `answer`: the sender only asked whether somebody is here. */
export type HookContent =
  | { readonly kind: "records"; readonly body: Uint8Array; readonly format: "json" | "ndjson"; readonly key: string }
  | { readonly kind: "answer"; readonly body: Readonly<Record<string, unknown>> };

type Fields = Readonly<Record<string, unknown>>;

/** @throws MillraceError request-invalid, media-type-unsupported */
export function hookContent(config: WebhookConfig, request: HookRequest, verified: Verified): HookContent {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new MillraceError("media-type-unsupported", "Compressed bodies are not taken here.");
  if (config.format === "cloudevents") return cloudEventRecords(request, verified);
  if (config.from.kind === "github" && request.headers["x-github-event"] === "ping")
    return { kind: "answer", body: { pong: true } };
  const { text, rewritten } = jsonText(request);
  const document = parseJson(text);
  const challenge = config.from.kind === "slack" ? challengeOf(document) : undefined;
  if (challenge !== undefined) return { kind: "answer", body: { challenge } };
  const key = eventKey(config, { document, headers: request.headers }, verified);
  const unchanged = !rewritten && config.records === undefined && config.headers === undefined;
  if (unchanged) return { kind: "records", body: request.body, format: "json", key };
  return { kind: "records", body: ndjson(recordsOf(config, document, request.headers)), format: "ndjson", key };
}

/** The provider's id where the signature covers it, or where the author says so; else the signature, which no replay can change. */
function eventKey(
  { from, id }: WebhookConfig,
  { document, headers }: { readonly document: unknown; readonly headers: HookHeaders },
  verified: Verified,
): string {
  const idField = from.kind === "token" ? undefined : schemeOf(from).idField;
  const field = idField === undefined ? undefined : valueAt(document, [idField]);
  const named = id === undefined ? (verified.id ?? field) : declaredId(id, document, headers);
  const text = typeof named === "string" || typeof named === "number" || typeof named === "bigint" ? String(named) : "";
  return text === "" ? `hook-${verified.digest}` : `hook-id-${hash("sha256", text, "hex")}`;
}

function declaredId(id: NonNullable<WebhookConfig["id"]>, document: unknown, headers: HookHeaders): unknown {
  return "header" in id ? headers[id.header.toLowerCase()] : valueAt(document, parseJsonPath(id.field));
}

function recordsOf(config: WebhookConfig, document: unknown, headers: HookHeaders): readonly unknown[] {
  const found = config.records === undefined ? document : valueAt(document, parseJsonPath(config.records));
  if (found === undefined)
    throw new MillraceError(
      "request-invalid",
      `The body has nothing at ${String(config.records)}; nothing was written.`,
    );
  const named = Object.entries(config.headers ?? {}).map(([field, header]) => [field, headers[header.toLowerCase()]]);
  const added: Fields = Object.fromEntries(named);
  // Headers win: what the channel declares is not for the body to say.
  return (Array.isArray(found) ? found : [found]).map((record: unknown) =>
    isFields(record) ? { ...record, ...added } : record,
  );
}

function challengeOf(document: unknown): string | undefined {
  if (!isFields(document) || document["type"] !== "url_verification") return undefined;
  const { challenge } = document as { readonly challenge?: unknown };
  return typeof challenge === "string" && challenge.length <= 1000 ? challenge : undefined;
}

/** JSON as it came, or out of a form: its field `payload` when that is JSON, else the fields themselves. */
function jsonText({ headers, body }: HookRequest): { readonly text: string; readonly rewritten: boolean } {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  if (mediaType(headers) !== "application/x-www-form-urlencoded") return { text, rewritten: false };
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  if (payload !== null && /^\s*[[{]/.test(payload)) return { text: payload, rewritten: true };
  return { text: JSON.stringify(Object.fromEntries(form)), rewritten: true };
}

function parseJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch (cause) {
    throw new MillraceError("request-invalid", "The body is not JSON; nothing was written.", { cause });
  }
}

/** Attributes and extensions as fields, beside `data`: JSON as it is, text as text, anything else as `data_base64`. */
function cloudEventRecords(request: HookRequest, verified: Verified): HookContent {
  const type = mediaType(request.headers);
  if (type === cloudEventTypes.structured || type === cloudEventTypes.batch) {
    const events = type === cloudEventTypes.batch ? eventBatch(request.body) : [structuredEvent(request.body)];
    const body = ndjson(events.map(eventRecord));
    return { kind: "records", body, format: "ndjson", key: cloudEventKey(events) };
  }
  const event = binaryAttributes(request.headers);
  if (event === undefined)
    throw new MillraceError("media-type-unsupported", "The request is no CloudEvent.", {
      hint: `Send ${cloudEventTypes.structured}, ${cloudEventTypes.batch}, or the ce- headers of binary mode.`,
    });
  const record = { ...event.attributes, ...(type === "" ? {} : { datacontenttype: type }), ...bodyData(type, request) };
  // Attributes in headers are not signed: with the body's signature in the key, equal data of two events stays two events, and a replay stays one.
  const key = `hook-${hash("sha256", `${cloudEventKey([event])} ${verified.digest}`, "hex")}`;
  return { kind: "records", body: ndjson([record]), format: "ndjson", key };
}

function eventRecord({ attributes, data, dataBase64 }: CloudEvent): Fields {
  if (dataBase64 !== undefined) return { ...attributes, data_base64: dataBase64 };
  return data === undefined ? attributes : { ...attributes, data };
}

function bodyData(type: string, { body }: HookRequest): Fields {
  if (body.byteLength === 0) return {};
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (type === "" || type === "application/json" || type.endsWith("+json"))
    return { data: parseJson(bytes.toString("utf8")) };
  return type.startsWith("text/") ? { data: bytes.toString("utf8") } : { data_base64: bytes.toString("base64") };
}

function mediaType(headers: HookHeaders): string {
  return (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function ndjson(records: readonly unknown[]): Uint8Array {
  return Buffer.from(records.map((record) => `${stringifyExact(record)}\n`).join(""), "utf8");
}
