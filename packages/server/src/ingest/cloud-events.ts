// CloudEvents into events channels: the event's data becomes the record; source and id make a repeated delivery harmless.
import type { IncomingHttpHeaders } from "node:http";
import {
  binaryAttributes,
  cloudEventKey,
  eventBatch,
  MillraceError,
  parseExact,
  stringifyExact,
  structuredEvent,
  type CloudEvent,
} from "@millrace/core";
import type { IngestRequest } from "@millrace/runtime";

/** Binary mode: attributes are `ce-` headers, the body is the data. Undefined when the request is no CloudEvent. */
export function readBinaryEvent(body: Buffer, headers: IncomingHttpHeaders): IngestRequest | undefined {
  const event = binaryAttributes(headers);
  return event === undefined ? undefined : { body, format: "json", idempotencyKey: cloudEventKey([event]) };
}

/** Structured mode: one envelope. */
export function readStructuredEvent(body: Buffer): IngestRequest {
  return toRequest([structuredEvent(body)]);
}

/** Batch mode: an array of envelopes. */
export function readEventBatch(body: Buffer): IngestRequest {
  return toRequest(eventBatch(body));
}

function toRequest(events: readonly CloudEvent[]): IngestRequest {
  const body = Buffer.from(events.map(recordLine).join(""), "utf8");
  return events.length === 0
    ? { body, format: "ndjson" }
    : { body, format: "ndjson", idempotencyKey: cloudEventKey(events) };
}

function recordLine({ id, data, dataBase64 }: CloudEvent): string {
  const record = dataBase64 === undefined ? data : parseData(dataBase64);
  if (record === undefined)
    throw new MillraceError("request-invalid", `Event "${id.slice(0, 100)}" has no data.`, {
      hint: "Send the record as the event's data; nothing was written.",
    });
  return `${stringifyExact(record)}\n`;
}

function parseData(encoded: string): unknown {
  try {
    return parseExact(Buffer.from(encoded, "base64").toString("utf8"));
  } catch (cause) {
    throw new MillraceError("request-invalid", "The data of an event is not JSON; nothing was written.", { cause });
  }
}
