// Request bodies to NDJSON. Bytes stay bytes: JSON is cut at its top-level elements, NDJSON is passed on as it came.
import { isUtf8 } from "node:buffer";
import { MillraceError } from "@millrace/core";
import type { IngestRequest } from "../platform.ts";
import { elementsOf } from "./json-elements.ts";

/** What the log stores: `count` records, each ended by a newline. */
export interface EventPayload {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export interface PayloadBounds {
  readonly ingestBytesMax: number;
  readonly ingestEventsMax: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANKS = new Set([0x20, 0x09, CARRIAGE_RETURN]);

/** @throws MillraceError request-invalid, request-too-large; then nothing may be written */
export function readPayload(request: IngestRequest, bounds: PayloadBounds): EventPayload {
  if (request.body.byteLength > bounds.ingestBytesMax)
    throw new MillraceError(
      "request-too-large",
      `The body has ${request.body.byteLength} bytes; at most ${bounds.ingestBytesMax} are taken.`,
    );
  const body = withoutMark(Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength));
  if (!isUtf8(body)) throw new MillraceError("request-invalid", "The body is not UTF-8 text; nothing was written.");
  const payload = request.format === "json" ? fromJson(body) : fromNdjson(body);
  if (payload.count === 0) throw new MillraceError("request-invalid", "The body holds no events; nothing was written.");
  if (payload.count > bounds.ingestEventsMax)
    throw new MillraceError(
      "request-too-large",
      `The body holds ${payload.count} events; at most ${bounds.ingestEventsMax} are taken.`,
    );
  return payload;
}

/** The records of a payload in order, as bytes without the newline. */
export function* recordsOf(bytes: Uint8Array): Iterable<Buffer> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < buffer.length;) {
    const end = buffer.indexOf(NEWLINE, start);
    yield buffer.subarray(start, end === -1 ? buffer.length : end);
    start = end === -1 ? buffer.length : end + 1;
  }
}

function fromJson(body: Buffer): EventPayload {
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("request-invalid", `The body is not JSON: ${reason}.`, {
      hint: "Send one object or an array of objects; nothing was written.",
    });
  }
  if (typeof document !== "object" || document === null)
    throw new MillraceError("request-invalid", "The body is JSON, but neither an object nor an array of objects.");
  const parts: Buffer[] = [];
  for (const element of Array.isArray(document) ? elementsOf(body) : [body]) parts.push(oneLine(element), newline);
  return { bytes: Buffer.concat(parts), count: parts.length / 2 };
}

const newline = Buffer.from("\n");

/** Line breaks inside a JSON value are only ever blanks between its tokens. */
function oneLine(element: Buffer): Buffer {
  return withBlanks(element, NEWLINE, CARRIAGE_RETURN);
}

/** The same bytes with these ones as spaces; a copy only when there are any. */
function withBlanks(text: Buffer, ...bytes: readonly number[]): Buffer {
  const found = bytes.filter((byte) => text.includes(byte));
  if (found.length === 0) return text;
  const copy = Buffer.from(text);
  for (const byte of found)
    for (let at = copy.indexOf(byte); at !== -1; at = copy.indexOf(byte, at + 1)) copy[at] = 0x20;
  return copy;
}

/** Counts lines; only blank ones and carriage returns (readers take them for line ends) make a copy necessary. */
function fromNdjson(text: Buffer): EventPayload {
  const body = withBlanks(text, CARRIAGE_RETURN);
  let count = 0;
  let blank = false;
  for (const line of recordsOf(body)) {
    if (isBlank(line)) blank = true;
    else count += 1;
  }
  if (!blank && body.at(-1) === NEWLINE) return { bytes: body, count };
  const lines = [...recordsOf(body)].filter((line) => !isBlank(line)).flatMap((line) => [line, newline]);
  return { bytes: Buffer.concat(lines), count };
}

function isBlank(line: Buffer): boolean {
  const first = line[0];
  if (first !== undefined && !BLANKS.has(first)) return false;
  return line.every((byte) => BLANKS.has(byte));
}

function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}
