// CloudEvents 1.0 over HTTP, in its three modes, as attributes and data. Events and webhook channels read them.
// Format: https://github.com/cloudevents/spec (JSON format 1.0.2, HTTP binding 1.0.2).
import { hash } from "node:crypto";
import { MillraceError } from "../errors/millrace-error.ts";
import { parseExact } from "./parse-exact.ts";

export interface CloudEvent {
  readonly source: string;
  readonly id: string;
  /** Every attribute and extension by name, as it came; never `data`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Undefined when the event has none, or has it as `dataBase64`. Numbers keep every digit. */
  readonly data: unknown;
  readonly dataBase64?: string;
}

/** Media types of the modes that have an envelope; any other body with the header `ce-specversion` is in binary mode. */
export const cloudEventTypes = {
  structured: "application/cloudevents+json",
  batch: "application/cloudevents-batch+json",
} as const;

/** @throws MillraceError request-invalid */
export function structuredEvent(body: Uint8Array): CloudEvent {
  return fromEnvelope(parse(body), "the event");
}

/** @throws MillraceError request-invalid */
export function eventBatch(body: Uint8Array): readonly CloudEvent[] {
  const batch = parse(body);
  if (!Array.isArray(batch)) throw invalid("A batch is a JSON array of CloudEvents.");
  return batch.map((envelope: unknown, at) => fromEnvelope(envelope, `event ${at}`));
}

/** Attributes of binary mode, from the `ce-` headers; undefined when the request is no CloudEvent. @throws MillraceError request-invalid */
export function binaryAttributes(
  headers: Readonly<Record<string, unknown>>,
): Pick<CloudEvent, "source" | "id" | "attributes"> | undefined {
  if (headers["ce-specversion"] === undefined) return undefined;
  const named = Object.entries(headers).filter(([name]) => name.startsWith("ce-"));
  const attributes = Object.fromEntries(named.map(([name, value]) => [name.slice(3), headerText(value)]));
  return { ...identified(attributes, "the request"), attributes };
}

/** The same events delivered again have the same key. */
export function cloudEventKey(events: readonly Pick<CloudEvent, "source" | "id">[]): string {
  return `ce-${hash("sha256", JSON.stringify(events.map(({ source, id }) => [source, id])), "hex")}`;
}

function fromEnvelope(value: unknown, place: string): CloudEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${place} is no JSON object.`);
  const { data, data_base64: encoded, ...attributes } = value as Readonly<Record<string, unknown>>;
  const identity = identified(attributes, place);
  if (typeof encoded === "string") return { ...identity, attributes, data: undefined, dataBase64: encoded };
  return { ...identity, attributes, data };
}

function identified(attributes: Readonly<Record<string, unknown>>, place: string): Pick<CloudEvent, "source" | "id"> {
  if (attributes["specversion"] !== "1.0") throw invalid(`specversion of ${place} is not "1.0".`);
  for (const name of ["id", "source", "type"]) {
    const value = attributes[name];
    if (typeof value !== "string" || value === "") throw invalid(`${name} of ${place} is missing.`);
  }
  return { source: String(attributes["source"]), id: String(attributes["id"]) };
}

/** Header values are percent-encoded where they are not visible ASCII. */
function headerText(value: unknown): string {
  const text = String(value);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return parseExact(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch (cause) {
    throw new MillraceError("request-invalid", "The body is not JSON.", { cause });
  }
}

function invalid(problem: string): MillraceError {
  return new MillraceError("request-invalid", problem, {
    hint: "See the CloudEvents 1.0 JSON format; nothing was written.",
  });
}
