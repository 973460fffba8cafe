// `POST /ingest/<channel>`: events in. The body goes to the platform as it came; the answer is sent after the events are durable.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { MillraceError, stringifyExact } from "@millrace/core";
import type { IngestReceipt, IngestRequest, Platform } from "@millrace/runtime";
import { jsonContentType } from "../http/security-headers.ts";
import { readBinaryEvent, readEventBatch, readStructuredEvent } from "./cloud-events.ts";

const keyCharsMax = 255;
const keyPattern = /^[\x21-\x7e]+$/;

type BodyReader = (body: Buffer, request: FastifyRequest) => IngestRequest;

const readers: Readonly<Record<string, BodyReader>> = {
  "application/json": (body, request) => readBinaryEvent(body, request.headers) ?? { body, format: "json" },
  "application/x-ndjson": (body) => ({ body, format: "ndjson" }),
  "application/ndjson": (body) => ({ body, format: "ndjson" }),
  "application/cloudevents+json": readStructuredEvent,
  "application/cloudevents-batch+json": readEventBatch,
};

/** Media types that a channel takes. */
export const ingestMediaTypes = Object.keys(readers);

export function addIngestRoute(app: FastifyInstance, platform: Pick<Platform, "ingest">, bodyBytesMax: number): void {
  void app.register((scope, _options, done) => {
    // Bodies stay bytes: the platform counts and checks records without building them twice.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyBytesMax }, (_request, body, parsed) =>
      parsed(null, body),
    );
    const options = { config: { access: "events.write" }, bodyLimit: bodyBytesMax } as const;
    scope.post<{ Params: { channel: string } }>("/ingest/:channel", options, async (request, reply) => {
      const receipt = await platform.ingest(request.params.channel, readRequest(request));
      if (receipt.rejected.length > 0 && receipt.rejected.length >= receipt.received) throw allRejected(receipt);
      return reply.code(202).header("content-type", jsonContentType).send(printReceipt(receipt));
    });
    done();
  });
}

function readRequest(request: FastifyRequest): IngestRequest {
  const { headers } = request;
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new MillraceError("media-type-unsupported", "Compressed bodies are not taken here.", {
      hint: "Send the body as it is, without Content-Encoding.",
    });
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const read = readers[type];
  if (read === undefined)
    throw new MillraceError("media-type-unsupported", "Events come as JSON, NDJSON or CloudEvents.", {
      hint: `Send Content-Type: ${ingestMediaTypes.join(", or ")}.`,
    });
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const key = headers["idempotency-key"];
  if (key === undefined) return read(body, request);
  return { ...read(body, request), idempotencyKey: checkKey(key) };
}

function checkKey(key: string | readonly string[]): string {
  if (typeof key === "string" && key.length <= keyCharsMax && keyPattern.test(key)) return key;
  throw new MillraceError("request-invalid", `Idempotency-Key is 1 to ${keyCharsMax} visible ASCII characters.`, {
    details: { header: "idempotency-key" },
  });
}

/** Written by hand: the common answer has no rejected events and needs no serialiser. */
function printReceipt({ received, rejected, offset, repeated }: IngestReceipt): string {
  const list = rejected.length === 0 ? "[]" : stringifyExact(rejected);
  const accepted = received - rejected.length;
  return `{"received":${received},"accepted":${accepted},"rejected":${list},"offset":${offset},"repeated":${repeated}}`;
}

function allRejected({ received, rejected, offset, repeated }: IngestReceipt): MillraceError {
  return new MillraceError("events-rejected", `None of the ${received} events passes its contract.`, {
    details: { received, accepted: 0, rejected, offset, repeated },
  });
}
