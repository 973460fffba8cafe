// One pass over a stream, from its first page (or where a crash left off) to its last, as arrivals.
import { failpoint, type Arrival, type ConnectorContext, type Cursor, type WriteMode } from "@millrace/core";
import type { StreamWalk, WalkedPage, WalkOptions, WalkProgress } from "../rest-engine/stream-walk.ts";
import { ArrivalPages, chainPrint, pageBounds, type PageBounds } from "./arrival-pages.ts";
import type { ArrivalSpools, Mark, Unfinished } from "./arrival-spools.ts";
import { oneAhead } from "./one-ahead.ts";
import { fromCursor, fromWalk, toCursor, type StreamProgress } from "./stream-cursor.ts";

export interface PassOptions {
  readonly context: Pick<ConnectorContext, "objects" | "clock">;
  readonly stream: string;
  readonly write: WriteMode;
  readonly walk: (options: WalkOptions) => StreamWalk;
  readonly prefix: string;
  readonly spools: ArrivalSpools;
  /** Pages of this pass that an earlier process left in the spool. */
  readonly unfinished?: Unfinished | undefined;
  readonly bounds?: PageBounds;
}

export class StreamPass {
  /** Answers that were pages. */
  fetched = 0;
  /** Arrivals that were handed over. */
  yielded = 0;
  /** The cursor that the next arrival must find committed. */
  committed: Cursor;
  readonly #options: PassOptions;
  readonly #walk: StreamWalk;
  /** What is known of earlier passes. */
  readonly #known: StreamProgress;
  readonly #pages: ArrivalPages;
  #print: string;
  #count: number;
  #openedMs: number;
  #receivedAtMicros: bigint;

  constructor(options: PassOptions, start: StreamProgress, committed: Cursor) {
    const { context, prefix, spools, unfinished } = options;
    this.#options = options;
    this.#known = fromCursor(committed);
    this.committed = committed;
    this.#walk = options.walk({ onSlice: (progress) => this.#sliceBegins(progress) });
    this.#pages = new ArrivalPages(context.objects, prefix, spools, unfinished?.kept ?? 0);
    this.#print = unfinished?.print ?? start.pass?.print ?? "";
    this.#count = unfinished?.pages ?? start.pass?.pages ?? 0;
    this.#openedMs = context.clock.monotonicMs();
    this.#receivedAtMicros = unfinished?.receivedAtMicros ?? 0n;
  }

  /** What the stream's progress is once this pass has ended. */
  get ended(): StreamProgress {
    const { unfinished } = this.#options;
    if (unfinished?.ended === true) return unfinished.progress;
    return this.#progress(this.#walk.ended, this.#print);
  }

  /** The next arrival is prepared while one is committed; its `before` is the cursor that the commit will leave. */
  arrivals(signal: AbortSignal): AsyncGenerator<Arrival, void> {
    return oneAhead((either) => this.#read(either), signal);
  }

  async *#read(signal: AbortSignal): AsyncGenerator<Arrival> {
    if (this.#options.unfinished?.ended !== true) yield* this.#walked(signal);
    const ended = this.ended;
    const news = this.yielded > 0 || this.#print !== this.#known.seen || stateText(ended) !== stateText(this.#known);
    if (!news) await this.#pages.drop();
    if (this.#pages.count > 0 || (news && this.#movesAlone(ended))) yield await this.#close(ended, signal);
  }

  async *#walked(signal: AbortSignal): AsyncGenerator<Arrival> {
    const { write } = this.#options;
    for await (const page of this.#walk.pages(signal)) {
      failpoint("rest.page");
      this.fetched += 1;
      // An arrival closes only when a page after it is at hand: the last one then always carries the end of the pass.
      if (page.content.emitted > 0 && this.#mustClose()) {
        const midway = this.#progress(page.before(), this.#known.seen);
        yield await this.#close(midway, signal);
      }
      await this.#keep(page);
      if (write === "replace" && this.#pages.isFull(this.#bounds)) {
        await this.#pages.store(signal);
        await this.#options.spools.drop();
      }
    }
    if (this.#pages.count > 0) await this.#mark(this.ended, true);
  }

  get #bounds(): PageBounds {
    return this.#options.bounds ?? pageBounds;
  }

  #progress(walked: WalkProgress, seen: string | undefined): StreamProgress {
    return fromWalk(walked, { seen, pages: this.#count, print: this.#print });
  }

  /** A state that moved without a record: windows that were empty need not be read again. */
  #movesAlone(ended: StreamProgress): boolean {
    return (
      this.#options.write !== "replace" && ended.state !== undefined && stateText(ended) !== stateText(this.#known)
    );
  }

  /** A table that is replaced takes the whole pass as one arrival. */
  #mustClose(): boolean {
    if (this.#options.write === "replace" || this.#pages.count === 0) return false;
    const ageMs = this.#options.context.clock.monotonicMs() - this.#openedMs;
    return this.#pages.isFull(this.#bounds) || ageMs >= this.#bounds.ageMsMax;
  }

  async #keep(page: WalkedPage): Promise<void> {
    const { content } = page;
    // A replaced table may become empty; any other has nothing to load from a page without records.
    if (content.emitted === 0 && content.extracted === 0 && this.#options.write !== "replace") {
      const after = page.after();
      if (after !== undefined && this.#pages.count > 0)
        await this.#mark(this.#progress(after, this.#known.seen), false);
      return;
    }
    if (this.#pages.count === 0) this.#begin();
    this.#print = chainPrint(this.#print, content.bytes);
    this.#count += 1;
    const after = page.after();
    const progress = after === undefined ? undefined : this.#progress(after, this.#known.seen);
    await this.#pages.add(
      content.bytes,
      (kept) => (progress === undefined ? undefined : this.#markOf(progress, { kept, ended: false })),
      this.#beginning,
    );
  }

  #begin(): void {
    this.#openedMs = this.#options.context.clock.monotonicMs();
    this.#receivedAtMicros = this.#options.context.clock.nowMicros();
  }

  get #beginning(): { readonly before: Cursor; readonly receivedAtMicros: bigint } {
    return { before: this.committed, receivedAtMicros: this.#receivedAtMicros };
  }

  #markOf(progress: StreamProgress, { kept, ended }: Pick<Mark, "kept" | "ended">): Mark {
    return { progress, print: this.#print, pages: this.#count, kept, ended };
  }

  /** Notes where the stream stands behind the pages that wait. */
  async #mark(progress: StreamProgress, ended: boolean): Promise<void> {
    if (this.#options.write === "replace") return;
    const mark = this.#markOf(progress, { kept: this.#pages.waiting, ended });
    await this.#options.spools.append([], mark, this.#beginning);
  }

  async #sliceBegins(progress: () => WalkProgress): Promise<void> {
    failpoint("rest.slice");
    if (this.#pages.count > 0) await this.#mark(this.#progress(progress(), this.#known.seen), false);
  }

  async #close(progress: StreamProgress, signal: AbortSignal): Promise<Arrival> {
    const { spools, stream } = this.#options;
    await this.#pages.store(signal);
    const before = this.committed;
    this.committed = toCursor(progress);
    this.yielded += 1;
    const objects = this.#pages.take();
    const receivedAtMicros = this.#receivedAtMicros;
    const arrival: Arrival = {
      stream,
      objects,
      format: { kind: "ndjson" },
      before,
      after: this.committed,
      receivedAtMicros,
    };
    if (objects.length > 0) await (this.#options.write === "replace" ? spools.drop() : spools.close(arrival));
    return arrival;
  }
}

function stateText({ since, state }: StreamProgress): string {
  return JSON.stringify([since, state]);
}
