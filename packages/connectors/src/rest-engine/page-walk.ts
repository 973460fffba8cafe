// The pages of one slice, from its first or from where a read left off. The next page is asked for while the one before is stored; pages whose
// places are known beforehand, several at a time.
import { MillraceError, stringifyExact } from "@millrace/core";
import { joinParts } from "./build-request.ts";
import type { EngineContext, OpenCursor, OpenPartitions, PageSeen, SimpleRetriever, StreamPlan } from "./components.ts";
import { LoopGuard } from "./loop-guard.ts";
import { builtPage, linesOf, type PageContent } from "./page-content.ts";
import { formOf, type PageForm, readPage } from "./read-page.ts";
import type { RequestParts } from "./request.ts";
import { sendRequest, type Sent } from "./send-request.ts";
import type { Fields, PageToken, StreamSlice } from "./slice.ts";

/** Larger pages are refused. */
const pageBytesMax = 64 * 1024 * 1024;
/** Pages without records that a slice may have in a row. */
const emptyPagesMax = 1000;
/** Times that one slice may begin anew. */
const resetsMax = 1000;

export interface WalkParts {
  readonly context: EngineContext;
  readonly plan: StreamPlan & { readonly retriever: SimpleRetriever };
  readonly cursor: OpenCursor | undefined;
  readonly partitions: OpenPartitions | undefined;
}

/** A page at hand, and where it stands. */
export interface PageAt {
  readonly content: PageContent;
  readonly token: PageToken;
  /** The slice as it was asked for: narrower than the one that it is part of after a reset. */
  readonly slice: StreamSlice;
  /** Of the page behind it in the slice; undefined at the end of the slice, and where it begins anew. */
  readonly next: PageToken;
}

/** Where a slice begins: at a token, with a document that is there already, or at the paginator's first page. */
export interface PageStart {
  readonly token?: PageToken;
  readonly document?: unknown;
}

interface Fetched {
  readonly sent: Sent<PageContent>;
}

interface Following {
  readonly isReset: boolean;
  readonly token?: PageToken;
  readonly fault?: Error;
}

export class PageWalk {
  readonly #parts: WalkParts;
  readonly #form: PageForm;
  readonly #ahead: { readonly token: PageToken; readonly page: Promise<Fetched> }[] = [];
  #guard = new LoopGuard();
  #sample = "";
  #emptyPages = 0;
  #records = 0;
  #resets = 0;

  constructor(parts: WalkParts) {
    this.#parts = parts;
    this.#form = formOf(parts.plan);
  }

  async *pages(whole: StreamSlice, start: PageStart, signal: AbortSignal): AsyncGenerator<PageAt> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    try {
      yield* this.#walk(whole, start, either);
    } finally {
      stop.abort(new MillraceError("cancelled", "The pages behind are not needed."));
      await Promise.allSettled(this.#ahead.map(({ page }) => page));
    }
  }

  async *#walk(whole: StreamSlice, start: PageStart, signal: AbortSignal): AsyncGenerator<PageAt> {
    const { paginator } = this.#parts.plan.retriever;
    let slice = whole;
    let token = start.token ?? paginator.first;
    this.#guard.revisits(token ?? null);
    let next = "document" in start ? this.#given(slice, start.document) : this.#fetch(slice, token, signal);
    for (;;) {
      const { sent } = await next;
      if (sent.kind === "none") return;
      const content = sent.kind === "answer" ? sent.value : undefined;
      const found = this.#found({ slice, token, content });
      // Asked for now, so that it comes while this page is stored.
      if (found.token !== undefined) next = this.#fetch(slice, found.token, signal);
      if (content !== undefined) yield { content, token, slice, next: found.token };
      // Pages before a fault are kept.
      if (found.fault !== undefined) throw found.fault;
      if (!found.isReset && found.token === undefined) return;
      token = found.token;
      if (!found.isReset) continue;
      slice = this.#begin(slice);
      token = paginator.first;
      next = this.#fetch(slice, token, signal);
    }
  }

  async #given(slice: StreamSlice, document: unknown): Promise<Fetched> {
    const { plan } = this.#parts;
    const bytes = Buffer.from(stringifyExact(document), "utf8");
    const answer = { status: 200, headers: {}, bytes, url: "", place: `The parent's record of stream "${plan.name}"` };
    return { sent: { kind: "answer", value: await readPage(answer, plan.retriever, { form: this.#form, slice }) } };
  }

  /** Begins the slice anew, where the cursor can tell: behind what was read. */
  #begin(slice: StreamSlice): StreamSlice {
    const { cursor, plan, context } = this.#parts;
    this.#resets += 1;
    if (this.#resets > resetsMax)
      throw new MillraceError(
        "cursor-loop",
        `Stream "${plan.name}" began a slice anew ${resetsMax} times; it does not come to an end.`,
      );
    this.#records = 0;
    this.#sample = "";
    this.#guard = new LoopGuard();
    const splits = plan.retriever.reset?.action === "SPLIT_USING_CURSOR";
    const narrower = splits ? (cursor?.narrow(slice) ?? slice) : slice;
    context.log.info("pagination begins anew", { stream: plan.name, window: narrower.window });
    return narrower;
  }

  #fetch(slice: StreamSlice, token: PageToken, signal: AbortSignal): Promise<Fetched> {
    const { paginator, pagesAhead = 1 } = this.#parts.plan.retriever;
    const known = this.#ahead[0];
    const isKnown = known !== undefined && sameToken(known.token, token);
    if (!isKnown) this.#ahead.length = 0;
    const first = isKnown ? known.page : this.#ask(slice, token, signal);
    if (isKnown) this.#ahead.shift();
    let last = this.#ahead.at(-1)?.token ?? token;
    while (paginator.ahead !== undefined && this.#ahead.length < pagesAhead - 1) {
      last = paginator.ahead(last);
      this.#ahead.push({ token: last, page: this.#ask(slice, last, signal) });
    }
    return first;
  }

  #ask(slice: StreamSlice, token: PageToken, signal: AbortSignal): Promise<Fetched> {
    const asked = fetchPage(this.#parts, this.#form, { slice, token }, signal).then((sent) => ({ sent }));
    // Whoever waits for it sees its error; a page that nobody needs any more may fail unseen.
    asked.catch(() => undefined);
    return asked;
  }

  /** What follows a page: another, a new beginning, the end, or a fault. */
  #found({
    content,
    ...at
  }: {
    readonly slice: StreamSlice;
    readonly token: PageToken;
    readonly content: PageContent | undefined;
  }): Following {
    this.#records += content?.extracted ?? 0;
    const { reset } = this.#parts.plan.retriever;
    if (content === undefined || this.#records >= (reset?.recordsMax ?? Infinity)) return { isReset: true };
    try {
      return { isReset: false, token: this.#next({ ...at, content }) };
    } catch (thrown) {
      return { isReset: false, fault: thrown as Error };
    }
  }

  /** The token behind a page; undefined at the end. @throws MillraceError cursor-loop */
  #next({
    slice,
    token,
    content,
  }: {
    readonly slice: StreamSlice;
    readonly token: PageToken;
    readonly content: PageContent;
  }): PageToken {
    const { plan, cursor } = this.#parts;
    const { paginator } = plan.retriever;
    const isPassed = cursor !== undefined && plan.cursor?.compares === "behind-paginator";
    if (isPassed && content.lastRecord !== undefined && cursor.isPassed(slice, content.lastRecord)) return undefined;
    const found = paginator.next(pageSeen({ slice, token, content }));
    if (found === undefined) return undefined;
    const next = this.#withoutCredentials(found);
    this.#emptyPages = content.extracted === 0 ? this.#emptyPages + 1 : 0;
    const sample = paginator.counts && content.extracted > 0 ? content.sample : "";
    const isRepeated = sample !== "" && sample === this.#sample;
    this.#sample = sample;
    const { place } = content.answer;
    if (this.#guard.revisits(next)) {
      // Some upstreams end a stream by handing out the last token again, with nothing behind it.
      if (content.extracted === 0) return undefined;
      throw loop(place, `hands out ${shown(next)} a second time`);
    }
    if (isRepeated)
      throw loop(place, "answers two pages in a row with the same records; it may not know the page parameter");
    if (this.#emptyPages > emptyPagesMax)
      throw loop(place, `answered ${this.#emptyPages} pages in a row without records`);
    return next;
  }

  /** An address that a cursor may keep: without the parameters that carry credentials. */
  #withoutCredentials(token: PageToken): PageToken {
    const { context, plan } = this.#parts;
    const url = typeof token === "string" && /^https?:/i.test(token) ? URL.parse(token) : null;
    if (url === null) return token;
    const names = plan.retriever.requester.authenticator.credentialParams ?? [];
    let isChanged = false;
    for (const [name, value] of Array.from(url.searchParams)) {
      if (!names.includes(name) && !context.redactor.holds(value)) continue;
      url.searchParams.delete(name);
      isChanged = true;
    }
    return isChanged ? url.href : token;
  }
}

/** What is costly to find is found when it is asked for. */
function pageSeen(at: {
  readonly slice: StreamSlice;
  readonly token: PageToken;
  readonly content: PageContent;
}): PageSeen {
  const { slice, token, content } = at;
  return {
    token,
    slice,
    get document() {
      return content.document;
    },
    get envelope() {
      return content.envelope;
    },
    headers: content.answer.headers,
    url: content.answer.url,
    extracted: content.extracted,
    emitted: content.emitted,
    get lastRecord() {
      return content.lastRecord;
    },
  };
}

/** One page, or with several chunks of properties the records of all its answers merged. */
async function fetchPage(
  parts: WalkParts,
  form: PageForm,
  at: { readonly slice: StreamSlice; readonly token: PageToken },
  signal: AbortSignal,
): Promise<Sent<PageContent>> {
  const { properties } = parts.plan.retriever;
  if (properties === undefined) return send(parts, form, at, signal);
  const chunks = await properties.chunks(parts.context, at.slice, signal);
  const pages: PageContent[] = [];
  for (const chunk of chunks) {
    const sent = await send(parts, form, { ...at, slice: properties.slice(at.slice, chunk) }, signal);
    if (sent.kind !== "answer") return sent;
    pages.push(sent.value);
  }
  const last = pages.at(-1);
  return last === undefined
    ? { kind: "none" }
    : { kind: "answer", value: mergedPage(pages, last, properties.mergeKey.bind(properties)) };
}

function mergedPage(
  pages: readonly PageContent[],
  last: PageContent,
  keyOf: (record: Fields) => string | undefined,
): PageContent {
  if (pages.length === 1) return last;
  const merged = new Map<string, Fields>();
  const single: Fields[] = [];
  for (const record of pages.flatMap((page) => page.records)) {
    const key = keyOf(record);
    if (key === undefined) single.push(record);
    else merged.set(key, { ...merged.get(key), ...record });
  }
  const records = [...single, ...merged.values()];
  const extracted = Math.max(...pages.map((page) => page.extracted));
  // What is stored is what was merged, not the last answer.
  const { answer, document } = last;
  return builtPage({ answer, document, records, extracted, bytes: linesOf(records) });
}

function send(
  { context, plan, cursor, partitions }: WalkParts,
  form: PageForm,
  { slice, token }: { readonly slice: StreamSlice; readonly token: PageToken },
  signal: AbortSignal,
): Promise<Sent<PageContent>> {
  const { retriever, rules, jitter } = plan;
  const { paginator } = retriever;
  const { sliceParts = "always", bytesMax = pageBytesMax } = retriever;
  const isFirst = token === undefined || token === null;
  const isAdded = sliceParts === "always" || (sliceParts === "first-page" && isFirst);
  const ofSlice: RequestParts[] = isAdded ? [partitions?.parts(slice) ?? {}, cursor?.parts(slice) ?? {}] : [];
  const address = paginator.address(token);
  const keeps =
    plan.cursor?.compares === "in-selector"
      ? { keeps: (record: Fields) => cursor?.keeps(slice, record) !== false }
      : {};
  return sendRequest<PageContent>(
    {
      context,
      requester: retriever.requester,
      rules,
      jitter,
      at: { slice, token },
      parts: joinParts([paginator.parts(token), ...ofSlice]),
      ...(address === undefined ? {} : { address }),
      bytesMax,
      read: (answer) => readPage(answer, retriever, { form, slice, ...keeps }),
    },
    signal,
  );
}

function loop(place: string, what: string): MillraceError {
  return new MillraceError("cursor-loop", `${place} ${what}.`);
}

function shown(token: PageToken): string {
  const text = JSON.stringify(token, bigintText) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function sameToken(one: PageToken, other: PageToken): boolean {
  return JSON.stringify(one, bigintText) === JSON.stringify(other, bigintText);
}
