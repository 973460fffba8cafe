// Reads one stream: partitions in their order, windows of each, pages of each window; and knows at every page from where a read would go on.
import type {
  AsyncRetriever,
  EngineContext,
  OpenCursor,
  OpenPartitions,
  PartitionAt,
  SimpleRetriever,
  StreamPlan,
} from "./components.ts";
import { MillraceError } from "@millrace/core";
import { jobPages, JobsAhead } from "./async-jobs.ts";
import { PageWalk, type PageAt, type PageStart } from "./page-walk.ts";
import { builtPage, linesOf, type PageContent } from "./page-content.ts";
import type { Fields, PageToken, StreamSlice } from "./slice.ts";

/** Where a read stands, as JSON for the ledger. */
export interface WalkProgress {
  /** State of the cursor: of everything that is closed. */
  readonly state?: unknown;
  /** Present in the middle of a read: everything before it is committed. */
  readonly place?: WalkPlace;
}

export interface WalkPlace {
  /** Pagination that `next` belongs to. */
  readonly kind: string;
  readonly next: PageToken;
  /** Slice that `next` belongs to; absent when the stream has but one. */
  readonly slice?: StreamSlice;
  /** Position of its partition. */
  readonly at?: unknown;
  /** What was observed of the slice. */
  readonly pending?: unknown;
}

/** A page, and where a read stands before it. */
export interface WalkedPage {
  readonly slice: StreamSlice;
  readonly content: PageContent;
  /** Progress without this page; to be asked for before `after`, and before the next page. */
  before(): WalkProgress;
  /** Progress with this page, where it is known already: not behind the last page of a slice. */
  after(): WalkProgress | undefined;
}

export interface WalkOptions {
  /** Told where a slice begins, before it is asked for: everything in front of it was handed over. */
  readonly onSlice?: (progress: () => WalkProgress) => Promise<void>;
}

interface Position {
  readonly slice: StreamSlice;
  readonly at: unknown;
}

type SimplePlan = StreamPlan & { readonly retriever: SimpleRetriever };
type AsyncPlan = StreamPlan & { readonly retriever: AsyncRetriever };

function isSimple(plan: StreamPlan): plan is SimplePlan {
  return plan.retriever.kind === "simple";
}

/** Name of the pagination that tokens belong to. */
function kindOf({ retriever }: StreamPlan): string {
  return retriever.kind === "simple" ? retriever.paginator.kind : `job-${retriever.downloadPaginator.kind}`;
}

export class StreamWalk {
  readonly #context: EngineContext;
  readonly #plan: StreamPlan;
  readonly #start: WalkProgress;
  readonly #cursor: OpenCursor | undefined;
  readonly #partitions: OpenPartitions | undefined;
  readonly #onSlice: WalkOptions["onSlice"];
  #parents: Fields;
  #jobs: JobsAhead | undefined;

  constructor(context: EngineContext, plan: StreamPlan, start: WalkProgress, { onSlice }: WalkOptions = {}) {
    this.#onSlice = onSlice;
    this.#context = context;
    this.#plan = plan;
    const place = usablePlace(start.place, plan);
    this.#start = { state: start.state, ...(place === undefined ? {} : { place }) };
    this.#cursor = plan.cursor?.open(context, start.state);
    this.#parents = parentStates(start.state);
    this.#partitions = plan.partitioner?.open(context, {
      parents: this.#parents,
      ...(place?.at === undefined ? {} : { position: place.at }),
    });
  }

  /** Progress once all pages are done. */
  get ended(): WalkProgress {
    return this.#withState();
  }

  async *pages(signal: AbortSignal): AsyncGenerator<WalkedPage> {
    const stop = new AbortController();
    try {
      yield* this.#walk(AbortSignal.any([signal, stop.signal]));
    } finally {
      stop.abort(new MillraceError("cancelled", "What was prepared is not needed."));
    }
  }

  async *#walk(signal: AbortSignal): AsyncGenerator<WalkedPage> {
    const { place } = this.#start;
    const resumed = this.#resumed(place);
    if (resumed !== undefined && place !== undefined) {
      this.#cursor?.resume(resumed, place.pending);
      yield* this.#slice({ slice: resumed, at: place.at }, { token: place.next }, signal);
    }
    let behind = resumed?.partition;
    for await (const found of this.#partitionsToRead(signal)) {
      // The walk goes on with the partition that was resumed, unless that is gone.
      const isResumed = behind !== undefined && samePartition(found.partition, behind);
      behind = undefined;
      for (const slice of this.#slicesOf(found, isResumed, signal)) {
        const position = { slice, at: found.position };
        yield* this.#slice(position, "document" in found ? { document: found.document } : {}, signal);
      }
      this.#parents = { ...this.#parents, ...found.parents };
    }
    this.#cursor?.finish();
    this.#parents = this.#partitions?.parentStates() ?? {};
  }

  /** The slice in which a read left off. */
  #resumed(place: WalkPlace | undefined): StreamSlice | undefined {
    const isWholeStream = place !== undefined && this.#partitions === undefined && place.slice === undefined;
    return isWholeStream ? wholeSlice : place?.slice;
  }

  #partitionsToRead(signal: AbortSignal): ReturnType<OpenPartitions["partitions"]> | readonly WholePartition[] {
    return this.#partitions === undefined ? [wholePartition] : this.#partitions.partitions(signal);
  }

  #windows(partition: Fields, isResumed: boolean): Iterable<Fields> {
    // Without a cursor, the slice that was resumed is all that there is of its partition.
    if (this.#cursor === undefined) return isResumed ? [] : [{}];
    return this.#cursor.windows(partition);
  }

  #slicesOf({ partition, extra }: PartitionAt, isResumed: boolean, signal: AbortSignal): Iterable<StreamSlice> {
    const windows = this.#windows(partition, isResumed);
    const plan = this.#plan;
    if (isSimple(plan)) return slices(partition, windows, extra);
    const all = [...slices(partition, windows, extra)];
    this.#jobs = new JobsAhead({ ...this.#parts, plan: plan as AsyncPlan }, all, signal);
    return all;
  }

  get #parts(): {
    readonly context: EngineContext;
    readonly cursor: OpenCursor | undefined;
    readonly partitions: OpenPartitions | undefined;
  } {
    return { context: this.#context, cursor: this.#cursor, partitions: this.#partitions };
  }

  async *#slice(position: Position, start: PageStart, signal: AbortSignal): AsyncGenerator<WalkedPage> {
    await this.#onSlice?.(() => this.#before(position, start.token ?? null));
    for await (const page of this.#pagesOf(position.slice, start, signal)) {
      const kept = this.#withoutPassed(page, position.slice);
      const at = { ...position, slice: page.slice };
      let isObserved = false;
      const observe = (): void => {
        if (!isObserved) this.#observe(position.slice, kept);
        isObserved = true;
      };
      yield {
        slice: position.slice,
        content: kept,
        before: () => this.#before(at, page.token),
        after: () => {
          observe();
          return page.next === undefined ? undefined : this.#before(at, page.next);
        },
      };
      observe();
    }
    this.#cursor?.close(position.slice);
  }

  #pagesOf(slice: StreamSlice, start: PageStart, signal: AbortSignal): AsyncGenerator<PageAt> {
    const plan = this.#plan;
    if (isSimple(plan)) return new PageWalk({ ...this.#parts, plan }).pages(slice, start, signal);
    return jobPages(
      { ...this.#parts, plan: plan as AsyncPlan },
      slice,
      { token: start.token, jobs: this.#jobs },
      signal,
    );
  }

  /** A data feed's last page holds records that were read before: the paginator saw them, the table does not need them. */
  #withoutPassed({ content }: PageAt, slice: StreamSlice): PageContent {
    const cursor = this.#cursor;
    if (this.#plan.cursor?.compares !== "behind-paginator" || cursor === undefined) return content;
    const records = content.records.filter((record) => cursor.keeps(slice, record));
    if (records.length === content.emitted) return content;
    const { answer, document, extracted } = content;
    return builtPage({ answer, document, extracted, records, bytes: linesOf(records) });
  }

  #observe(slice: StreamSlice, content: PageContent): void {
    const field = this.#plan.cursor?.field;
    if (this.#cursor === undefined || field === undefined || content.emitted === 0) return;
    const values = content.valuesAt(field);
    this.#cursor.observe(slice, { values, sample: content.firstRecord, place: content.answer.place });
  }

  #before({ slice, at }: Position, next: PageToken): WalkProgress {
    const isWhole = [slice.partition, slice.window, slice.extra].every((part) => Object.keys(part).length === 0);
    const place: WalkPlace = {
      kind: kindOf(this.#plan),
      next: next ?? null,
      ...(isWhole ? {} : { slice }),
      ...(at === undefined ? {} : { at }),
      ...(this.#cursor === undefined ? {} : { pending: this.#cursor.pending(slice) }),
    };
    return { ...this.#withState(), place };
  }

  #withState(): WalkProgress {
    const state = this.#cursor?.state();
    const hasParents = Object.keys(this.#parents).length > 0;
    if (!hasParents) return state === undefined ? {} : { state };
    return { state: { ...(state as Fields | undefined), parent_state: this.#parents } };
  }
}

/** A first page that the parent's record holds is taken from there again. */
function usablePlace(place: WalkPlace | undefined, plan: StreamPlan): WalkPlace | undefined {
  if (place === undefined || place.kind !== kindOf(plan)) return undefined;
  if (plan.partitioner?.givesDocuments !== true || place.next !== null) return place;
  const { slice: _, pending: __, ...position } = place;
  return position;
}

const wholeSlice: StreamSlice = { partition: {}, window: {}, extra: {} };

function* slices(partition: Fields, windows: Iterable<Fields>, extra: Fields): Generator<StreamSlice> {
  for (const window of windows) yield { partition, window, extra };
}

const wholePartition = { partition: {}, extra: {}, position: undefined, parents: {} };
type WholePartition = typeof wholePartition;

function parentStates(state: unknown): Fields {
  const found = (state as { readonly parent_state?: unknown } | null | undefined)?.parent_state;
  return typeof found === "object" && found !== null ? (found as Fields) : {};
}

function samePartition(one: Fields, other: Fields): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
