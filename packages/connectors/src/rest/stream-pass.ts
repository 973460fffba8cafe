// One pass over a stream, from its first page (or where a crash left off) to its last, as arrivals.
import type { Arrival, ConnectorContext, Cursor, WriteMode } from "@millrace/core";
import type { StreamWalk, WalkedPage, WalkProgress } from "../rest-engine/stream-walk.ts";
import { ArrivalPages, chainPrint, pageBounds, type PageBounds } from "./arrival-pages.ts";
import { oneAhead } from "./one-ahead.ts";
import { fromWalk, toCursor, type StreamProgress } from "./stream-cursor.ts";

export interface PassOptions {
  readonly context: Pick<ConnectorContext, "objects" | "clock">;
  readonly stream: string;
  readonly write: WriteMode;
  readonly walk: StreamWalk;
  readonly prefix: string;
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
  readonly #start: StreamProgress;
  readonly #pages: ArrivalPages;
  #print: string;
  #count: number;
  #openedMs = 0;
  #receivedAtMicros = 0n;

  constructor(options: PassOptions, start: StreamProgress, committed: Cursor) {
    this.#options = options;
    this.#start = start;
    this.committed = committed;
    this.#pages = new ArrivalPages(options.context.objects, options.prefix, options.walk.form.kind);
    this.#print = start.pass?.print ?? "";
    this.#count = start.pass?.pages ?? 0;
  }

  /** What the stream's progress is once this pass has ended. */
  get ended(): StreamProgress {
    return this.#progress(this.#options.walk.ended, this.#print);
  }

  /** The next arrival is prepared while one is committed; its `before` is the cursor that the commit will leave. */
  arrivals(signal: AbortSignal): AsyncGenerator<Arrival, void> {
    return oneAhead((either) => this.#read(either), signal);
  }

  async *#read(signal: AbortSignal): AsyncGenerator<Arrival> {
    const { walk, write } = this.#options;
    for await (const page of walk.pages(signal)) {
      this.fetched += 1;
      // An arrival closes only when a page after it is at hand: the last one then always carries the end of the pass.
      if (page.content.records.length > 0 && this.#mustClose()) {
        const midway = this.#progress(page.before(), this.#start.seen);
        yield await this.#close(midway, signal);
      }
      this.#keep(page);
      if (write === "replace" && this.#pages.isFull(this.#bounds)) await this.#pages.store(signal);
    }
    const ended = this.ended;
    const news = this.yielded > 0 || this.#print !== this.#start.seen || stateText(ended) !== stateText(this.#start);
    if (!news) this.#pages.drop();
    if (this.#pages.count > 0 || (news && this.#movesAlone(ended))) yield await this.#close(ended, signal);
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
      this.#options.write !== "replace" && ended.state !== undefined && stateText(ended) !== stateText(this.#start)
    );
  }

  /** A table that is replaced takes the whole pass as one arrival. */
  #mustClose(): boolean {
    if (this.#options.write === "replace" || this.#pages.count === 0) return false;
    const ageMs = this.#options.context.clock.monotonicMs() - this.#openedMs;
    return this.#pages.isFull(this.#bounds) || ageMs >= this.#bounds.ageMsMax;
  }

  #keep({ content }: WalkedPage): void {
    // A replaced table may become empty; any other has nothing to load from a page without records.
    if (content.records.length === 0 && content.extracted === 0 && this.#options.write !== "replace") return;
    if (this.#pages.count === 0) {
      this.#openedMs = this.#options.context.clock.monotonicMs();
      this.#receivedAtMicros = this.#options.context.clock.nowMicros();
    }
    this.#pages.add(content.bytes);
    this.#print = chainPrint(this.#print, content.bytes);
    this.#count += 1;
  }

  async #close(progress: StreamProgress, signal: AbortSignal): Promise<Arrival> {
    await this.#pages.store(signal);
    const before = this.committed;
    this.committed = toCursor(progress);
    this.yielded += 1;
    const { form } = this.#options.walk;
    return {
      stream: this.#options.stream,
      objects: this.#pages.take(),
      format: form.kind === "json" ? { kind: "json", path: form.path } : { kind: "ndjson" },
      before,
      after: this.committed,
      receivedAtMicros: this.#receivedAtMicros,
    };
  }
}

function stateText({ since, state }: StreamProgress): string {
  return JSON.stringify([since, state]);
}
