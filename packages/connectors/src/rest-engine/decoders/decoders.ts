// Decoders of answers: JSON in three forms, lines, CSV, XML, and what is packed as gzip or zip. What cannot be read is a coded error that does not
// quote the answer.
import { gunzipSync } from "node:zlib";
import { MillraceError, parseExact } from "@millrace/core";
import type { Options as CsvOptions } from "csv-parse/sync";
import type { Answer } from "../request.ts";
import type { Decoder } from "../components.ts";
import { elementExtents, extentAt, type Extent } from "./json-scan.ts";

/** What a packed answer may unfold to. */
const unpackedBytesMax = 512 * 1024 * 1024;

/** Numbers of sixteen digits and more may not fit a JavaScript number; only then the slower, exact reader is used. */
const longNumber = /\d[.\d]{15,}/;

export function parseJson(text: string): unknown {
  return longNumber.test(text) ? parseExact(text) : (JSON.parse(text) as unknown);
}

export interface JsonDecoderOptions {
  /** A list at the root is so many documents, and an answer that is no JSON is an empty one, as in connector manifests. Default: false. */
  readonly lenient?: boolean;
}

export function jsonDecoder({ lenient = false }: JsonDecoderOptions = {}): Decoder {
  return {
    name: "json",
    raw: "json",
    documents(answer) {
      if (!lenient) return [answer.status === 204 ? null : readJson(answer)];
      try {
        const document = parseJson(textOf(answer.bytes));
        if (!Array.isArray(document)) return [document];
        return document.length === 0 ? [{}] : (document as unknown[]);
      } catch {
        return [{}];
      }
    },
  };
}

function readJson(answer: Answer): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes));
  } catch {
    throw notReadable(answer, "JSON");
  }
}

export interface JsonItemsOptions {
  readonly path: readonly string[];
  readonly encoding?: string;
  /** A list that is not there is an error; null means none. Default: false, nothing is read. */
  readonly required?: boolean;
}

/**
 * Elements of one list, each read by itself: the document as a whole is never built.
 * @throws MillraceError upstream-records-missing where a required list is not there
 */
export function jsonItemsDecoder(options: JsonItemsOptions): Decoder {
  return {
    name: "json-items",
    raw: undefined,
    *documents(answer) {
      const bytes = utf8Of(answer.bytes, options.encoding);
      try {
        const list = extentAt(bytes, options.path);
        if (options.required === true && !isListOrNull(bytes, list)) throw noList(answer, options.path);
        if (list === undefined) return;
        for (const { start, end } of elementExtents(bytes, list.start))
          yield parseJson(bytes.toString("utf8", start, end));
      } catch (thrown) {
        if (thrown instanceof SyntaxError) throw notReadable(answer, "JSON");
        throw thrown;
      }
    },
  };
}

function isListOrNull(bytes: Buffer, value: Extent | undefined): boolean {
  return (
    value !== undefined && (bytes[value.start] === 0x5b || bytes.toString("utf8", value.start, value.end) === "null")
  );
}

function noList({ place }: Answer, path: readonly string[]): MillraceError {
  const records = `$${path.map((name) => `.${name}`).join("")}`;
  return new MillraceError("upstream-records-missing", `${place}: there is no list at ${records} of jsonItems().`, {
    details: { records },
  });
}

export function jsonLinesDecoder({ lenient = false }: JsonDecoderOptions = {}): Decoder {
  return {
    name: "jsonl",
    raw: "ndjson",
    *documents(answer) {
      for (const line of lines(answer.bytes)) {
        if (line.trim() === "") continue;
        let document: unknown;
        try {
          document = parseJson(line);
        } catch {
          if (lenient) continue;
          throw notReadable(answer, "JSON lines");
        }
        yield document;
      }
    },
  };
}

/** Each line as `{ record: <line> }`. */
export const linesDecoder: Decoder = {
  name: "lines",
  raw: undefined,
  *documents(answer) {
    for (const line of lines(answer.bytes)) yield { record: line };
  },
};

export interface CsvDecoderOptions {
  readonly delimiter?: string;
  readonly encoding?: string;
  /** Texts that mean that there is no value. */
  readonly nullTexts?: readonly string[];
}

/** Rows as objects of texts, named by the first row. */
export function csvDecoder({ delimiter = ",", encoding = "utf-8", nullTexts = [] }: CsvDecoderOptions = {}): Decoder {
  const options: CsvOptions = { delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: true };
  const nulls = new Set(nullTexts);
  return {
    name: "csv",
    raw: undefined,
    async *documents(answer) {
      const { parse } = await import("csv-parse/sync");
      const [names = [], ...rows] = readCsv(answer, () => parse(textOf(answer.bytes, encoding), options));
      for (const row of rows)
        yield Object.fromEntries(names.map((name, at) => [name, nulls.has(row[at] ?? "") ? null : (row[at] ?? null)]));
    },
  };
}

function readCsv(answer: Answer, parse: () => unknown): string[][] {
  try {
    return parse() as string[][];
  } catch {
    throw notReadable(answer, "CSV");
  }
}

/** Elements as objects: attributes as `@name`, text beside them as `#text`, repeated elements as lists, empty ones as null. */
export function xmlDecoder({ lenient = false }: JsonDecoderOptions = {}): Decoder {
  return {
    name: "xml",
    raw: undefined,
    async *documents(answer) {
      const { XMLParser, XMLValidator } = await import("fast-xml-parser");
      const text = textOf(answer.bytes);
      const isXml = XMLValidator.validate(text) === true;
      if (!isXml && !lenient) throw notReadable(answer, "XML");
      if (!isXml) return yield {};
      const parser = new XMLParser({
        ignoreAttributes: false,
        attributeNamePrefix: "@",
        textNodeName: "#text",
        parseTagValue: false,
        parseAttributeValue: false,
        ignoreDeclaration: true,
        ignorePiTags: true,
      });
      yield emptyAsNull(parser.parse(text));
    },
  };
}

function emptyAsNull(value: unknown): unknown {
  if (value === "") return null;
  if (Array.isArray(value)) return value.map(emptyAsNull);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name.startsWith("@") ? inner : emptyAsNull(inner)]),
  );
}

/** Undoes gzip, where the answer is gzip; passes it on as it is otherwise. */
export function gzipDecoder(inner: Decoder): Decoder {
  return {
    name: `gzip of ${inner.name}`,
    raw: undefined,
    documents: (answer) => inner.documents({ ...answer, bytes: gunzip(answer) }),
  };
}

function gunzip(answer: Answer): Uint8Array {
  if (answer.bytes[0] !== 0x1f || answer.bytes[1] !== 0x8b) return answer.bytes;
  try {
    return gunzipSync(answer.bytes, { maxOutputLength: unpackedBytesMax });
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(answer);
    throw notReadable(answer, "gzip");
  }
}

/** The members of a zip archive, one after the other. */
export function zipDecoder(inner: Decoder): Decoder {
  return {
    name: `zip of ${inner.name}`,
    raw: undefined,
    async *documents(answer) {
      const { unzipSync } = await import("fflate");
      let total = 0;
      const files = readZip(answer, () =>
        unzipSync(answer.bytes, {
          filter: ({ name, originalSize }) => {
            total += originalSize;
            if (total > unpackedBytesMax) throw tooLarge(answer);
            return !name.endsWith("/");
          },
        }),
      );
      for (const bytes of Object.values(files)) yield* inner.documents({ ...answer, bytes });
    },
  };
}

function readZip(answer: Answer, unzip: () => Record<string, Uint8Array>): Record<string, Uint8Array> {
  try {
    return unzip();
  } catch (thrown) {
    if (thrown instanceof MillraceError) throw thrown;
    throw notReadable(answer, "zip");
  }
}

function* lines(bytes: Uint8Array): Generator<string> {
  const buffer = bufferOf(withoutMark(bytes));
  for (let start = 0; start < buffer.length;) {
    const found = buffer.indexOf(0x0a, start);
    const end = found < 0 ? buffer.length : found;
    yield buffer.toString("utf8", start, buffer[end - 1] === 0x0d ? end - 1 : end);
    start = end + 1;
  }
}

function textOf(bytes: Uint8Array, encoding = "utf-8"): string {
  return new TextDecoder(encoding).decode(bytes);
}

function utf8Of(bytes: Uint8Array, encoding = "utf-8"): Buffer {
  const isUtf8 = /^utf-?8$/i.test(encoding);
  return isUtf8 ? bufferOf(withoutMark(bytes)) : Buffer.from(textOf(bytes, encoding));
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The bytes behind a byte order mark (UTF-8). */
export function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function notReadable(answer: Answer, format: string): MillraceError {
  const type = answer.headers["content-type"] ?? "";
  return new MillraceError(
    "upstream-not-json",
    `${answer.place} answered with something that is not ${format} (${type === "" ? "without a content type" : type}, ${answer.bytes.byteLength} bytes)`,
    { details: { contentType: type, bytes: answer.bytes.byteLength } },
  );
}

function tooLarge(answer: Answer): MillraceError {
  return new MillraceError(
    "upstream-too-large",
    `${answer.place} answered with something that unpacks to more than ${unpackedBytesMax} bytes.`,
    { details: { bytesMax: unpackedBytesMax } },
  );
}
