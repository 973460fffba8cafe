// One answer as a page of a stream: its document, its records, and the lines that the warehouse will read. Records stay the bytes that came wherever no
// step needs them.
import type { CursorStrategy, Decoder, QueryProperties, RecordSelector, StreamPlan } from "./components.ts";
import { withoutMark } from "./decoders/decoders.ts";
import { recordExtents } from "./decoders/record-lines.ts";
import { builtPage, bytesPage, linesOf, type PageContent } from "./page-content.ts";
import type { Answer } from "./request.ts";
import type { Fields, StreamSlice } from "./slice.ts";

/** Whether the records of a stream's pages stay the bytes that came. The choice is the plan's alone. */
export interface PageForm {
  readonly asTheyCame: boolean;
}

/** What the form of a stream's pages depends on. */
export interface FormParts {
  readonly decoder: Decoder;
  readonly selector: RecordSelector;
  readonly cursor?: CursorStrategy;
  readonly properties?: QueryProperties;
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

function formFor(parts: FormParts): PageForm {
  return { asTheyCame: whyBuilt(parts) === undefined };
}

/** The form of all pages of a plan. */
export function formOf({ retriever, cursor }: StreamPlan): PageForm {
  const own = cursor === undefined ? {} : { cursor };
  if (retriever.kind === "async")
    return formFor({ decoder: retriever.downloadDecoder, selector: retriever.selector, ...own });
  const { decoder, selector, properties } = retriever;
  return formFor({ decoder, selector, ...own, ...(properties === undefined ? {} : { properties }) });
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
  const byBytes = form.asTheyCame ? bytesOf(answer, decoder, selector) : undefined;
  if (byBytes !== undefined) return byBytes;
  const documents: unknown[] = [];
  const found: unknown[] = [];
  for await (const document of decoder.documents(answer)) {
    if (documents.length === 0) documents.push(document);
    for (const record of selector.extract(document, answer.place)) found.push(record);
  }
  const page = { answer, document: documents[0], extracted: found.length };
  if (!form.asTheyCame) {
    const records = changed(found, selector, { slice, ...(keeps === undefined ? {} : { keeps }) });
    return builtPage({ ...page, records, bytes: linesOf(records) });
  }
  const records = found.filter(isFields);
  const bytes = decoder.raw === "ndjson" ? withoutMark(answer.bytes) : linesOf(found);
  return builtPage({ ...page, records, bytes });
}

/** The page by its bytes; undefined where they are not the plain list of objects that they nearly always are. */
function bytesOf(answer: Answer, decoder: Decoder, { path }: RecordSelector): PageContent | undefined {
  if (decoder.raw !== "json" || path === undefined) return undefined;
  const { buffer, byteOffset, byteLength } = withoutMark(answer.bytes);
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const found = recordExtents(bytes, path);
  return found === undefined ? undefined : bytesPage(answer, { bytes, found, decoder });
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

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
