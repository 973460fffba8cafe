// One pass over a stream, from its first page (or where a crash left off) to its last, as arrivals.
import {
  MillraceError,
  type Arrival,
  type ConnectorContext,
  type Cursor,
  type DecodeFormat,
  type WriteMode,
} from "@millrace/core";
import { ArrivalPages, chainPrint, pageBounds, type PageBounds } from "./arrival-pages.ts";
import { raiseHighWater } from "./high-water.ts";
import { LoopGuard } from "./loop-guard.ts";
import { recordsOf } from "./page-document.ts";
import type { PagePosition, Paginator } from "./paginator.ts";
import type { FetchedPage, Requester } from "./requester.ts";
import { sinceValues } from "./since-values.ts";
import { withoutCredentials } from "./stream-address.ts";
import { toCursor, type StreamProgress } from "./stream-cursor.ts";

export interface PassOptions {
  readonly context: Pick<ConnectorContext, "objects" | "clock" | "log">;
  readonly stream: string;
  readonly write: WriteMode;
  readonly requester: Requester;
  readonly paginator: Paginator;
  /** Kind of pagination, as the cursor keeps it. */
  readonly kind: string;
  /** The stream's address with everything but the position. */
  readonly address: URL;
  readonly records: readonly string[];
  /** Path of the `since` field in a record. */
  readonly since?: readonly string[];
  /** Query parameters that must not enter a cursor. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly prefix: string;
  readonly bounds?: PageBounds;
}

/** Pages without records that a pass accepts in a row. */
const emptyPagesMax = 1000;

export class StreamPass {
  /** Answers that were pages. */
  fetched = 0;
  /** Arrivals that were handed over. */
  yielded = 0;
  /** The cursor that the next arrival must find committed. */
  committed: Cursor;
  readonly #options: PassOptions;
  readonly #start: StreamProgress;
  readonly #pages: ArrivalPages;
  readonly #guard = new LoopGuard();
  #position: PagePosition;
  #high: string | undefined;
  #print: string;
  #count: number;
  #sample = "";
  #emptyPages = 0;
  #openedMs = 0;
  #receivedAtMicros = 0n;

  constructor(options: PassOptions, start: StreamProgress, committed: Cursor) {
    this.#options = options;
    this.#start = start;
    this.committed = committed;
    this.#pages = new ArrivalPages(options.context.objects, options.prefix);
    this.#position = start.pass?.next ?? null;
    this.#high = start.pass?.high ?? start.since;
    this.#print = start.pass?.print ?? "";
    this.#count = start.pass?.pages ?? 0;
    this.#guard.revisits(this.#position);
  }

  /** What the stream's progress is once this pass has ended. */
  get ended(): StreamProgress {
    return { ...(this.#high === undefined ? {} : { since: this.#high }), seen: this.#print };
  }

  async *arrivals(signal: AbortSignal): AsyncGenerator<Arrival> {
    const { requester, paginator, address, records: path } = this.#options;
    for (;;) {
      const page = await requester.fetch(paginator.address(address, this.#position), signal);
      this.fetched += 1;
      const records = recordsOf(page.document, path, page.place);
      // An arrival closes only when a page after it is at hand: the last one then always carries the end of the pass.
      if (records.length > 0 && this.#mustClose()) yield await this.#close(this.#midway(), signal);
      this.#keep(page, records);
      const next = this.#next(page, records);
      if (next === undefined) break;
      this.#position = next;
      if (this.#options.write === "replace" && this.#pages.isFull(this.#bounds)) await this.#pages.store(signal);
    }
    const news = this.yielded > 0 || this.#print !== this.#start.seen || this.#high !== this.#start.since;
    if (!news) this.#pages.drop();
    if (this.#pages.count > 0) yield await this.#close(this.ended, signal);
  }

  get #bounds(): PageBounds {
    return this.#options.bounds ?? pageBounds;
  }

  /** A table that is replaced takes the whole pass as one arrival. */
  #mustClose(): boolean {
    if (this.#options.write === "replace" || this.#pages.count === 0) return false;
    const ageMs = this.#options.context.clock.monotonicMs() - this.#openedMs;
    return this.#pages.isFull(this.#bounds) || ageMs >= this.#bounds.ageMsMax;
  }

  #keep(page: FetchedPage, records: readonly unknown[]): void {
    // A replaced table may become empty; any other has nothing to load from a page without records.
    if (records.length === 0 && this.#options.write !== "replace") return;
    if (this.#pages.count === 0) {
      this.#openedMs = this.#options.context.clock.monotonicMs();
      this.#receivedAtMicros = this.#options.context.clock.nowMicros();
    }
    this.#pages.add(page.bytes);
    this.#print = chainPrint(this.#print, page.bytes);
    this.#count += 1;
    this.#raise(page);
  }

  #raise(page: FetchedPage): void {
    const { since, records, context, stream } = this.#options;
    if (since === undefined) return;
    const { value, ignored } = raiseHighWater(this.#high, sinceValues(page, records, since), context.clock.nowMs());
    if (ignored > 0)
      context.log.warn("values of the since field do not fit and did not move the mark", { stream, ignored });
    this.#high = value;
  }

  #next(page: FetchedPage, records: readonly unknown[]): PagePosition | undefined {
    const { paginator, credentials } = this.#options;
    const found = paginator.after(this.#position, { ...page, records: records.length });
    if (found === undefined) return undefined;
    const next = typeof found === "string" ? withoutCredentials(found, credentials) : found;
    this.#emptyPages = records.length === 0 ? this.#emptyPages + 1 : 0;
    const sample = records.length === 0 ? "" : JSON.stringify([records.length, records[0], records.at(-1)]);
    const repeated = paginator.counts && sample !== "" && sample === this.#sample;
    this.#sample = sample;
    if (this.#guard.revisits(next)) {
      // Some upstreams end a stream by handing out the last token again, with nothing behind it.
      if (records.length === 0) return undefined;
      throw loop(page.place, `hands out ${shown(next)} a second time`);
    }
    if (repeated)
      throw loop(page.place, "answers two pages in a row with the same records; it may not know the page parameter");
    if (this.#emptyPages > emptyPagesMax)
      throw loop(page.place, `answered ${this.#emptyPages} pages in a row without records`);
    return next;
  }

  #midway(): StreamProgress {
    const { since, seen } = this.#start;
    const high = this.#high === undefined ? {} : { high: this.#high };
    const pass = { kind: this.#options.kind, next: this.#position, ...high, pages: this.#count, print: this.#print };
    return { ...(since === undefined ? {} : { since }), ...(seen === undefined ? {} : { seen }), pass };
  }

  async #close(progress: StreamProgress, signal: AbortSignal): Promise<Arrival> {
    await this.#pages.store(signal);
    const before = this.committed;
    this.committed = toCursor(progress);
    this.yielded += 1;
    const format: DecodeFormat = { kind: "json", path: this.#options.records };
    const objects = this.#pages.take();
    return {
      stream: this.#options.stream,
      objects,
      format,
      before,
      after: this.committed,
      receivedAtMicros: this.#receivedAtMicros,
    };
  }
}

function loop(place: string, what: string): MillraceError {
  return new MillraceError("cursor-loop", `${place} ${what}.`);
}

function shown(position: PagePosition): string {
  const text = JSON.stringify(position);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
