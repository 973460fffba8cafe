// CloudEvents 1.0 over HTTP in its three modes. The event's data becomes the record; source and id make a repeated delivery harmless.
// Format: https://github.com/cloudevents/spec (JSON format 1.0.2, HTTP binding 1.0.2).
import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { MillraceError, parseExact, stringifyExact } from "@millrace/core";
import type { IngestRequest } from "@millrace/runtime";

interface Envelope {
  readonly source: string;
  readonly id: string;
  readonly data: unknown;
}

/** Binary mode: attributes are `ce-` headers, the body is the data. Undefined when the request is no CloudEvent. */
export function readBinaryEvent(body: Buffer, headers: IncomingHttpHeaders): IngestRequest | undefined {
  if (headers["ce-specversion"] === undefined) return undefined;
  const attribute = (name: string): unknown => headers[`ce-${name}`];
  checkAttributes(attribute, "the request");
  const identity = identityOf([{ source: String(attribute("source")), id: String(attribute("id")) }]);
  return { body, format: "json", idempotencyKey: identity };
}

/** Structured mode: one envelope. */
export function readStructuredEvent(body: Buffer): IngestRequest {
  return toRequest([readEnvelope(parse(body), "the event")]);
}

/** Batch mode: an array of envelopes. */
export function readEventBatch(body: Buffer): IngestRequest {
  const batch = parse(body);
  if (!Array.isArray(batch)) throw invalid("A batch is a JSON array of CloudEvents.");
  return toRequest(batch.map((envelope: unknown, at) => readEnvelope(envelope, `event ${at}`)));
}

function toRequest(envelopes: readonly Envelope[]): IngestRequest {
  const lines = envelopes.map(({ data }) => `${stringifyExact(data)}\n`).join("");
  const body = Buffer.from(lines, "utf8");
  return envelopes.length === 0
    ? { body, format: "ndjson" }
    : { body, format: "ndjson", idempotencyKey: identityOf(envelopes) };
}

/** The same events delivered again have the same key. */
function identityOf(events: readonly Pick<Envelope, "source" | "id">[]): string {
  return `ce-${hash("sha256", JSON.stringify(events.map(({ source, id }) => [source, id])), "hex")}`;
}

function readEnvelope(value: unknown, place: string): Envelope {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${place} is no JSON object.`);
  const event = value as Readonly<Record<string, unknown>>;
  checkAttributes((name) => event[name], place);
  return { source: String(event["source"]), id: String(event["id"]), data: dataOf(event, place) };
}

function checkAttributes(attribute: (name: string) => unknown, place: string): void {
  if (attribute("specversion") !== "1.0") throw invalid(`specversion of ${place} is not "1.0".`);
  for (const name of ["id", "source", "type"]) {
    const value = attribute(name);
    if (typeof value !== "string" || value === "") throw invalid(`${name} of ${place} is missing.`);
  }
}

function dataOf(event: Readonly<Record<string, unknown>>, place: string): unknown {
  const encoded = event["data_base64"];
  if (typeof encoded === "string") return parse(Buffer.from(encoded, "base64"));
  if (event["data"] === undefined) throw invalid(`${place} has no data.`);
  return event["data"];
}

/** Numbers keep every digit on their way through. */
function parse(body: Buffer): unknown {
  try {
    return parseExact(body.toString("utf8"));
  } catch (cause) {
    throw new MillraceError("request-invalid", "The body is not JSON.", { cause });
  }
}

function invalid(problem: string): MillraceError {
  return new MillraceError("request-invalid", problem, {
    hint: "See the CloudEvents 1.0 JSON format; nothing was written.",
  });
}
