// Request bodies to NDJSON, each record judged on the way. Bytes stay bytes: a JSON array becomes lines by putting line ends between its elements, NDJSON
// is passed on as it came.
import { isUtf8 } from "node:buffer";
import { MillraceError, type VerdictCode } from "@millrace/core";
import type { IngestReceipt, IngestRequest } from "../platform.ts";
import { skipBlanks } from "./json-text.ts";
import type { BodyText } from "./record-reader.ts";

/** What the log stores: `count` records, each ended by a newline; and which of them fail early. */
export interface EventPayload {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly rejected: IngestReceipt["rejected"];
}

export interface PayloadBounds {
  readonly ingestBytesMax: number;
  readonly ingestEventsMax: number;
}

/** Reads and judges record by record; see record-judge.ts. */
export interface RecordJudge {
  /** Codes of the record that was read last. */
  readonly codes: readonly VerdictCode[];
  /** Of a record that is no JSON. */
  readonly malformed: readonly VerdictCode[];
  /** @returns the position behind the record that begins at `at`, or -1 */
  read(body: BodyText, at: number): number;
}

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const SPACE = 0x20;
const TAB = 0x09;

/** @throws MillraceError request-invalid, request-too-large; then nothing may be written */
export function readPayload(request: IngestRequest, bounds: PayloadBounds, judge: RecordJudge): EventPayload {
  if (request.body.byteLength > bounds.ingestBytesMax)
    throw new MillraceError(
      "request-too-large",
      `The body has ${request.body.byteLength} bytes; at most ${bounds.ingestBytesMax} are taken.`,
    );
  const given = withoutMark(request.body);
  if (!isUtf8(given)) throw new MillraceError("request-invalid", "The body is not UTF-8 text; nothing was written.");
  const body = bodyText(given);
  const payload = request.format === "json" ? fromJson(body, judge) : fromNdjson(body, judge);
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

/** Counts records and keeps the codes of those that fail. */
class Verdicts {
  count = 0;
  readonly rejected: { readonly index: number; readonly codes: readonly VerdictCode[] }[] = [];

  add(codes: readonly VerdictCode[]): void {
    if (codes.length > 0) this.rejected.push({ index: this.count, codes });
    this.count += 1;
  }
}

/** A copy: the caller may send the same body again. It has one byte more than the body, a 0. */
function bodyText(given: Uint8Array): OwnBody {
  const bytes = Buffer.allocUnsafe(given.byteLength + 1);
  bytes.set(given);
  bytes[given.byteLength] = 0;
  return { bytes, text: bytes.toString("latin1", 0, given.byteLength) };
}

type OwnBody = BodyText & { readonly bytes: Buffer };

function fromJson(body: OwnBody, judge: RecordJudge): EventPayload {
  const { bytes, text } = body;
  const verdicts = new Verdicts();
  const start = skipBlanks(bytes, 0);
  const isArray = bytes[start] === OPEN_ARRAY;
  if (!isArray && bytes[start] !== OPEN_OBJECT) throw notJson(text);
  const end = isArray ? cutElements(body, start, { judge, verdicts }) : judge.read(body, start);
  if (end < 0 || skipBlanks(bytes, end) !== text.length) throw notJson(text);
  if (!isArray) {
    verdicts.add(judge.codes);
    bytes[text.length] = NEWLINE;
  }
  const records = isArray ? bytes.subarray(start + 1, end) : bytes;
  // Line breaks inside a value are only ever blanks between its tokens.
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) bytes[at] = SPACE;
  for (let at = text.indexOf("\r"); at !== -1; at = text.indexOf("\r", at + 1)) bytes[at] = SPACE;
  return { bytes: records, count: verdicts.count, rejected: verdicts.rejected };
}

/** Puts line ends into the body where its commas and its closing bracket are. @returns the position behind the array, or -1 */
function cutElements(
  body: OwnBody,
  opening: number,
  { judge, verdicts }: { readonly judge: RecordJudge; readonly verdicts: Verdicts },
): number {
  const { bytes } = body;
  let at = skipBlanks(bytes, opening + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = judge.read(body, at);
    if (at < 0) return -1;
    verdicts.add(judge.codes);
    at = skipBlanks(bytes, at);
    const code = bytes[at];
    if (code !== COMMA && code !== CLOSE_ARRAY) return -1;
    bytes[at] = NEWLINE;
    if (code === CLOSE_ARRAY) return at + 1;
    at = skipBlanks(bytes, at + 1);
  }
}

/** What JSON.parse says about the text. */
function notJson(text: string): MillraceError {
  try {
    JSON.parse(Buffer.from(text, "latin1").toString("utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new MillraceError("request-invalid", `The body is not JSON: ${reason}.`, {
      hint: "Send one object or an array of objects; nothing was written.",
    });
  }
  return new MillraceError("request-invalid", "The body is JSON, but neither an object nor an array of objects.");
}

/** Takes line by line; blank lines go, and carriage returns become blanks, because readers take them for line ends. */
function fromNdjson({ bytes, text: given }: OwnBody, judge: RecordJudge): EventPayload {
  for (let at = given.indexOf("\r"); at !== -1; at = given.indexOf("\r", at + 1)) bytes[at] = SPACE;
  const text = given.replaceAll("\r", " ");
  const body = { bytes, text };
  const verdicts = new Verdicts();
  let blank = false;
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    const at = Math.min(skipBlanks(bytes, start), end);
    if (at === end) blank = true;
    else verdicts.add(lineCodes(body, { at, end }, judge));
    start = end + 1;
  }
  const ended = text.endsWith("\n");
  if (!ended) bytes[text.length] = NEWLINE;
  const lines = ended ? bytes.subarray(0, text.length) : bytes;
  return { bytes: blank ? withoutBlankLines(lines) : lines, count: verdicts.count, rejected: verdicts.rejected };
}

function lineCodes(
  body: OwnBody,
  { at, end }: { at: number; end: number },
  judge: RecordJudge,
): readonly VerdictCode[] {
  const { bytes } = body;
  // A value may not go on in the next line: a 0 in place of the line end stops the reader here, so that no line is read more than once.
  bytes[end] = 0;
  const behind = judge.read(body, at);
  const good = behind >= 0 && skipBlanks(bytes, behind) >= end;
  if (end < body.text.length) bytes[end] = NEWLINE;
  return good ? judge.codes : judge.malformed;
}

function withoutBlankLines(lines: Uint8Array): Uint8Array {
  const newline = Buffer.of(NEWLINE);
  const kept = [...recordsOf(lines)].filter((line) => line.some((byte) => byte !== SPACE && byte !== TAB));
  return Buffer.concat(kept.flatMap((line) => [line, newline]));
}

function withoutMark(body: Uint8Array): Uint8Array {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}
