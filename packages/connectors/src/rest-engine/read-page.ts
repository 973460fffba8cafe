// One answer as a page of a stream: its document, its records, and the bytes that the warehouse will read. Bytes stay as they came wherever no step
// needs the records.
import { stringifyExact } from "@millrace/core";
import type { CursorStrategy, Decoder, QueryProperties, RecordSelector, StreamPlan } from "./components.ts";
import { withoutMark } from "./decoders/decoders.ts";
import { valueAtPath } from "./record-path.ts";
import type { Answer } from "./request.ts";
import type { Fields, StreamSlice } from "./slice.ts";

export interface PageContent {
  readonly answer: Answer;
  /** The first document. */
  readonly document: unknown;
  readonly extracted: number;
  /** Records after all steps. In a page that stays bytes, as they were parsed for the cursor. */
  readonly records: readonly Fields[];
  /** What is stored and loaded: JSON with the records at the selector's path, or lines of JSON. */
  readonly bytes: Uint8Array;
}

/** How the warehouse reads a stream's pages. The choice is the plan's alone, so that all pages of an arrival agree. */
export type PageForm = { readonly asTheyCame: boolean } & (
  { readonly kind: "json"; readonly path: readonly string[] } | { readonly kind: "ndjson" }
);

/** What the form of a stream's pages depends on. */
export interface FormParts {
  readonly decoder: Decoder;
  readonly selector: RecordSelector;
  readonly cursor?: CursorStrategy;
  readonly properties?: QueryProperties;
}

/** `json` or `ndjson` as they came when nothing has to look at single records; lines that are written here otherwise. */
function pageForm(parts: FormParts): PageForm {
  const { path } = parts.selector;
  const isBuilt = whyBuilt(parts) !== undefined;
  if (!isBuilt && path !== undefined && parts.decoder.raw === "json") return { kind: "json", path, asTheyCame: true };
  return { kind: "ndjson", asTheyCame: !isBuilt };
}

/** Why records are built one by one; undefined when they are not. */
export function whyBuilt({ decoder, selector, cursor, properties }: FormParts): string | undefined {
  if (decoder.raw === undefined) return `the warehouse does not read ${decoder.name}`;
  if (selector.path === undefined || (decoder.raw === "ndjson" && selector.path.length > 0))
    return "the path of the records is more than names that lead to one list";
  if (selector.steps.length > 0) return "records are filtered or changed";
  if ((cursor?.compares ?? "never") !== "never") return "records are compared with the cursor";
  return properties === undefined ? undefined : "records of several requests become one";
}

/** The parts of a plan on which its form depends. */
export function formOf({ retriever, cursor }: StreamPlan): PageForm {
  const own = cursor === undefined ? {} : { cursor };
  if (retriever.kind === "async")
    return pageForm({ decoder: retriever.downloadDecoder, selector: retriever.selector, ...own });
  const { decoder, selector, properties } = retriever;
  return pageForm({ decoder, selector, ...own, ...(properties === undefined ? {} : { properties }) });
}

type Source = Pick<FormParts, "decoder" | "selector">;

/** @throws MillraceError upstream-not-json, upstream-records-missing, upstream-too-large */
export async function readPage(
  answer: Answer,
  { decoder, selector }: Source,
  {
    form,
    slice,
    keeps,
  }: {
    readonly form: PageForm;
    readonly slice: StreamSlice;
    readonly keeps?: (record: Fields) => boolean;
  },
): Promise<PageContent> {
  const documents: unknown[] = [];
  const found: unknown[] = [];
  for await (const document of decoder.documents(answer)) {
    if (documents.length === 0) documents.push(document);
    for (const record of selector.extract(document, answer.place)) found.push(record);
  }
  const document = documents[0];
  const page = { answer, document, extracted: found.length };
  if (!form.asTheyCame) {
    const records = changed(found, selector, { slice, ...(keeps === undefined ? {} : { keeps }) });
    return { ...page, records, bytes: linesOf(records) };
  }
  const bytes =
    form.kind === "ndjson" ? withoutMark(answer.bytes) : fitting(answer.bytes, { document, found, path: form.path });
  return { ...page, records: found.filter(isFields), bytes };
}

function changed(
  found: readonly unknown[],
  { steps }: Source["selector"],
  { slice, keeps }: { readonly slice: StreamSlice; readonly keeps?: (record: Fields) => boolean },
): readonly Fields[] {
  const records: Fields[] = [];
  for (const item of found) {
    let record: Record<string, unknown> | undefined = isFields(item)
      ? (item as Record<string, unknown>)
      : { value: item };
    for (const step of steps) {
      record = step(record, slice);
      if (record === undefined) break;
    }
    if (record !== undefined && keeps?.(record) !== false) records.push(record);
  }
  return records;
}

export function linesOf(records: readonly Fields[]): Uint8Array {
  return Buffer.from(records.map((record) => `${lineOf(record)}\n`).join(""), "utf8");
}

function lineOf(record: Fields): string {
  try {
    return JSON.stringify(record);
  } catch {
    // A whole number beyond 2^53.
    return stringifyExact(record);
  }
}

/** The bytes as they came, where the warehouse finds in them exactly the records that were found here; else a document in which it does. */
function fitting(
  bytes: Uint8Array,
  {
    document,
    found,
    path,
  }: { readonly document: unknown; readonly found: readonly unknown[]; readonly path: readonly string[] },
): Uint8Array {
  const start = withoutMark(bytes);
  const isList = firstByte(start) === 0x5b;
  const isFound =
    path.length === 0 ? isList || found.length > 0 : !isList && Array.isArray(valueAtPath(document, path));
  if (isFound) return start;
  const nested = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), found);
  return Buffer.from(stringifyExact(nested), "utf8");
}

function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
