// One page's records: built as objects, or as lines of bytes of which single values are read when somebody asks for them.
import { stringifyExact } from "@millrace/core";
import type { Decoder } from "./components.ts";
import { parseJson } from "./decoders/decoders.ts";
import { memberAt } from "./decoders/json-scan.ts";
import { asDocument, toLines, type RecordExtents } from "./decoders/record-lines.ts";
import { valueAtPath } from "./record-path.ts";
import type { Answer } from "./request.ts";
import type { Fields } from "./slice.ts";

export interface PageContent {
  readonly answer: Answer;
  /** The first document. In a page that stays bytes it is parsed when it is asked for. */
  readonly document: unknown;
  /** The first document, but that the list of records may be empty. */
  readonly envelope: unknown;
  /** Records at the selector's path. */
  readonly extracted: number;
  /** Records after all steps. */
  readonly emitted: number;
  /** The same. In a page that stays bytes they are parsed when they are asked for. */
  readonly records: readonly Fields[];
  readonly firstRecord: Fields | undefined;
  readonly lastRecord: Fields | undefined;
  /** Text that differs where number, first and last of the records do. */
  readonly sample: string;
  /** What is stored and loaded: a line of JSON for each record; the last line may go without its end. */
  readonly bytes: Uint8Array;
  /** Values of all records at a path, in order; undefined for a record without one. */
  valuesAt(path: readonly string[]): readonly unknown[];
}

export interface BuiltPage {
  readonly answer: Answer;
  readonly document: unknown;
  readonly extracted: number;
  readonly records: readonly Fields[];
  readonly bytes: Uint8Array;
}

/** A page whose records are objects. */
export function builtPage(page: BuiltPage): PageContent {
  const { records, extracted, document } = page;
  return {
    ...page,
    envelope: document,
    emitted: records.length,
    firstRecord: records[0],
    lastRecord: records.at(-1),
    sample: JSON.stringify([extracted, records[0], records.at(-1)], bigintText),
    valuesAt: (path) => records.map((record) => valueAtPath(record, path)),
  };
}

/** A page that is taken apart by its bytes, which it owns from now on. */
export function bytesPage(
  answer: Answer,
  { bytes, found, decoder }: { readonly bytes: Buffer; readonly found: RecordExtents; readonly decoder: Decoder },
): PageContent {
  const { list, ends } = found;
  const count = ends.length / 2;
  const recordAt = (at: number): Fields | undefined =>
    at < 0 || at >= count ? undefined : (parseJson(bytes.toString("utf8", ends[2 * at], ends[2 * at + 1])) as Fields);
  const text = (at: number): string => bytes.toString("utf8", ends[2 * at], ends[2 * at + 1]);
  return {
    answer,
    // A decoder of plain JSON is a plain function over the bytes.
    get document() {
      return first(decoder.documents({ ...answer, bytes: asDocument(bytes, found) }) as Iterable<unknown>);
    },
    get envelope() {
      const around = [bytes.toString("utf8", 0, list.start), bytes.toString("utf8", list.end)];
      return bytes[list.start] === 0x5b ? parseJson(around.join("[]")) : recordAt(0);
    },
    extracted: count,
    emitted: count,
    get records() {
      return Array.from({ length: count }, (_, at) => recordAt(at) as Fields);
    },
    get firstRecord() {
      return recordAt(0);
    },
    get lastRecord() {
      return recordAt(count - 1);
    },
    get sample() {
      return count === 0 ? "" : `${count} ${text(0)} ${text(count - 1)}`;
    },
    bytes: toLines(bytes, found),
    valuesAt: ([name, ...inner]) =>
      Array.from({ length: count }, (_, at) => {
        const value = memberAt(bytes, ends[2 * at] ?? 0, name ?? "");
        if (value === undefined) return undefined;
        return valueAtPath(parseJson(bytes.toString("utf8", value.start, value.end)), inner);
      }),
  };
}

function first(values: Iterable<unknown>): unknown {
  for (const value of values) return value;
  return undefined;
}

export function linesOf(records: readonly unknown[]): Uint8Array {
  return Buffer.from(records.map((record) => `${lineOf(record)}\n`).join(""), "utf8");
}

function lineOf(record: unknown): string {
  try {
    return JSON.stringify(record);
  } catch {
    // A whole number beyond 2^53.
    return stringifyExact(record);
  }
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
