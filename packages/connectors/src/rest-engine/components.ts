// The parts that a stream is composed of. `rest()` and connector manifests both compile to them; the engine runs them. Names follow the field.
import type { Clock, HttpClient, Logger, Metrics, Random, Secrets, TlsIdentity } from "@millrace/core";
import type { AnswerCache } from "./answer-cache.ts";
import type { Answer, PreparedRequest, RequestParts, RequestTemplate } from "./request.ts";
import type { Fields, PageToken, StreamSlice } from "./slice.ts";
import type { Manners, UpstreamRules } from "./manners/manners.ts";
import type { Redactor } from "./redactor.ts";

/** What components may use while a stream is read. */
export interface EngineContext {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** `domain.channel`, for metrics. */
  readonly channel: string;
  /** Takes secrets out of messages. */
  readonly redactor: Redactor;
  /** True when a table has personal data: then errors do not quote answers. */
  readonly personal: boolean;
  /** How upstreams are treated; shared by all streams of a process. */
  readonly manners: Manners;
  /** Values that a token endpoint exchanged are kept here, durably. */
  readonly secrets: Secrets;
  /** Answers of requesters with `cached`; lives as long as one read of all streams. */
  readonly answers?: AnswerCache;
}

/** One page as paginators and filters see it. */
export interface PageSeen {
  readonly token: PageToken;
  readonly slice: StreamSlice;
  /** The decoded answer; with several documents (JSON lines, CSV, a list at the root) the first one, `{}` when there is none. */
  readonly document: unknown;
  /** The same, where nobody looks into the records: their list may be empty. Cheaper to ask for. */
  readonly envelope: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  /** Records at the extractor's path. */
  readonly extracted: number;
  /** Records that passed the filter. */
  readonly emitted: number;
  /** The last record that passed, as it was emitted; undefined when none did. */
  readonly lastRecord: Fields | undefined;
}

/** Finds the next page. Pure: its state is the token. */
export interface Paginator {
  /** Kept in the ledger beside the token: a token is used only by the kind that made it. */
  readonly kind: string;
  /** True when positions are counted here, so that an upstream that ignores the parameter shows only in its pages. */
  readonly counts: boolean;
  readonly first: PageToken;
  parts(token: PageToken): RequestParts;
  /** Address of the page, where the token is one. */
  address(token: PageToken): string | undefined;
  /** Undefined at the end. */
  next(page: PageSeen): PageToken;
  /** The token after a full page, where it does not depend on the answer: such pages are asked for side by side. */
  ahead?(token: PageToken): PageToken;
}

/** A partition on its way, with the place from which the walk goes on after a crash. */
export interface PartitionAt {
  readonly partition: Fields;
  readonly extra: Fields;
  /** JSON; a walk that starts here gives this partition first. */
  readonly position: unknown;
  /** States of incremental parents, as they may be committed once this partition and all before it are done. */
  readonly parents: Fields;
  /** The first page's document, where a parent's record already holds it. */
  readonly document?: unknown;
}

export interface Partitioner {
  /** True when partitions bring their first page with them. */
  readonly givesDocuments?: boolean;
  open(context: EngineContext, start: PartitionStart): OpenPartitions;
}

export interface PartitionStart {
  readonly position?: unknown;
  /** States of the parents that are read incrementally, by stream name. */
  readonly parents: Fields;
}

export interface OpenPartitions {
  partitions(signal: AbortSignal): AsyncIterable<PartitionAt>;
  parts(slice: StreamSlice): RequestParts;
  /** States of incremental parents once all partitions are done; empty without such parents. */
  parentStates(): Fields;
}

/** How a stream reads only what is new. */
export interface CursorStrategy {
  /** Path of the value in a record. */
  readonly field: readonly string[];
  /**
   * `in-selector`: records that were read before are left out and not counted (client-side filter). `behind-paginator`: the paginator sees them, and
   * ends the slice at the first (data feed). `never`: the upstream filters.
   */
  readonly compares: "never" | "in-selector" | "behind-paginator";
  /** @param state what `state()` gave, or an Airbyte state of the stream, or undefined @throws MillraceError state-invalid */
  open(context: EngineContext, state: unknown): OpenCursor;
}

/** Cursor values of one page. */
export interface SeenValues {
  readonly values: readonly unknown[];
  /** One of the records, for messages. */
  readonly sample: unknown;
  readonly place: string;
}

/** A cursor during one read. Windows of one partition close in order. */
export interface OpenCursor {
  /** Windows that this partition still needs. `{}` for a cursor without bounds. */
  windows(partition: Fields): Iterable<Fields>;
  parts(slice: StreamSlice): RequestParts;
  /** Takes note of the cursor values of emitted records, in their order. */
  observe(slice: StreamSlice, seen: SeenValues): void;
  /** All pages of the slice were read and stored. */
  close(slice: StreamSlice): void;
  /** All slices of all partitions are closed. */
  finish(): void;
  /** False for records that were read before; asked only when records are compared. */
  keeps(slice: StreamSlice, record: Fields): boolean;
  /** True when the pages behind this one hold only records that were read before (data feed). */
  isPassed(slice: StreamSlice, lastRecord: Fields): boolean;
  /** The slice cut down to what was not read yet (pages must come in the cursor's order); undefined when it cannot be. */
  narrow(slice: StreamSlice): StreamSlice | undefined;
  /** Of closed slices; JSON in Airbyte's shape. */
  state(): unknown;
  /** What was observed of a slice that is not closed; JSON. */
  pending(slice: StreamSlice): unknown;
  /** Goes on with a slice that an earlier process had begun. */
  resume(slice: StreamSlice, pending: unknown): void;
}

/** Bytes of an answer to documents. */
export interface Decoder {
  readonly name: string;
  /** How the warehouse's own reader may take the bytes when no record needs to be built; undefined when it cannot. */
  readonly raw: "json" | "ndjson" | undefined;
  /** @throws MillraceError upstream-not-json with the format in its message */
  documents(answer: Answer): Iterable<unknown> | AsyncIterable<unknown>;
}

/** A step on one record: the record to go on with, changed in place or new; undefined drops it. */
export type RecordStep = (record: Record<string, unknown>, slice: StreamSlice) => Record<string, unknown> | undefined;

export interface RecordSelector {
  /** Names down to the list of records, when they are taken as they are; undefined when `extract` does more than follow names. */
  readonly path: readonly string[] | undefined;
  /** Records of one document. @param place of the answer, for messages @throws MillraceError upstream-records-missing where missing records are an error */
  extract(document: unknown, place: string): Iterable<unknown>;
  /** Filter, transformations and normalisation, in the order in which they run. */
  readonly steps: readonly RecordStep[];
}

/** What is done about an answer, or a request that failed. */
export type ResponseAction =
  "SUCCESS" | "FAIL" | "RETRY" | "IGNORE" | "RATE_LIMITED" | "REFRESH_TOKEN_THEN_RETRY" | "RESET_PAGINATION";

export interface Resolution {
  readonly action: ResponseAction;
  /** Decides the kind of the error: `config` and `system` stop the channel, `transient` is tried again later. */
  readonly failure: "config" | "system" | "transient";
  /** For people; absent: what the upstream said. */
  readonly message?: string;
}

/** An answer, or the error of a request without one. */
export interface Outcome {
  readonly answer?: Answer;
  readonly error?: Error;
  /** The answer's body as JSON, `{}` when it is none; parsed once. */
  document(): unknown;
}

export interface ErrorHandler {
  /** Tries of one request, the first included. */
  readonly attemptsMax: number;
  /** Longest time that all waits of one request may take together. */
  readonly waitMsMax: number;
  interpret(outcome: Outcome): Resolution;
  /**
   * Milliseconds to wait before the next try, or `stop` when the upstream asks for more than is allowed; undefined leaves it to full jitter.
   * @param attempt tries so far, from 1
   */
  backoffMs(
    outcome: Outcome,
    attempt: number,
    context: Pick<EngineContext, "clock" | "random">,
  ): number | "stop" | undefined;
}

/** How requests prove who they are. One object serves all streams of a channel; calls may run side by side. */
export interface Authenticator {
  /** Parts for this request; may fetch a token first. @throws MillraceError auth-failed, secret-missing, upstream-* */
  parts(context: EngineContext, request: PreparedRequest, signal: AbortSignal): Promise<RequestParts>;
  /** Headers that cover the whole request (signatures); called last. */
  sign?(context: EngineContext, request: PreparedRequest): Promise<Readonly<Record<string, string>>>;
  /** Proves the client on the connection itself. */
  identity?(context: EngineContext): Promise<TlsIdentity>;
  /** Drops the token that this request carried, so that the next one is fresh. */
  refresh?(context: EngineContext, request: PreparedRequest, signal: AbortSignal): Promise<void>;
  /** Query parameters that carry credentials: an address that an upstream hands out is kept without them. */
  readonly credentialParams?: readonly string[];
  /** Sees each answer (quotas in its headers). */
  observe?(context: EngineContext, request: PreparedRequest, answer: Pick<Answer, "status" | "headers">): void;
}

/** Everything that asking one kind of request needs. */
export interface Requester {
  readonly template: RequestTemplate;
  readonly authenticator: Authenticator;
  readonly errors: ErrorHandler;
  readonly timeoutMs: number;
  /** Answers are kept for the length of a read: parents that several streams share. */
  readonly cached: boolean;
}

/** When a walk through pages begins anew. */
export interface PaginationReset {
  readonly action: "RESET" | "SPLIT_USING_CURSOR";
  readonly recordsMax?: number;
}

/** Properties that must be asked for by name, in chunks where the upstream limits them. Each page is asked once per chunk. */
export interface QueryProperties {
  /** Chunks of names, each with the names that are always included. */
  chunks(context: EngineContext, slice: StreamSlice, signal: AbortSignal): Promise<readonly (readonly string[])[]>;
  /** The request parts, or extra values of the slice, of one chunk. */
  slice(slice: StreamSlice, chunk: readonly string[]): StreamSlice;
  /** Key by which the records of the chunks are merged; undefined: they are not. */
  mergeKey(record: Fields): string | undefined;
}

export interface SimpleRetriever {
  readonly kind: "simple";
  readonly requester: Requester;
  readonly decoder: Decoder;
  readonly selector: RecordSelector;
  readonly paginator: Paginator;
  readonly reset?: PaginationReset;
  /** On which pages partitioner and cursor add their parts. Default: `always`. */
  readonly sliceParts?: "always" | "first-page" | "never";
  /** Larger pages are refused. Default: 64 MiB. */
  readonly bytesMax?: number;
  /** Pages that may be asked for side by side, where the paginator knows their places. Default: 1. */
  readonly pagesAhead?: number;
  readonly properties?: QueryProperties;
}

export type JobStatus = "running" | "completed" | "failed" | "timed-out" | "skipped";

/** A job on the upstream: created, asked after, fetched. Documents of earlier steps reach later templates through the slice's `extra`. */
export interface AsyncRetriever {
  readonly kind: "async";
  readonly creation: Requester;
  readonly polling: Requester;
  /** Asks for the addresses of the results; absent: the polling answer has them. */
  readonly target?: Requester;
  readonly download: Requester;
  readonly abort?: Requester;
  readonly remove?: Requester;
  /** Reads answers of creation, polling and target. */
  readonly decoder: Decoder;
  status(polled: unknown): JobStatus;
  /** Addresses of the results. */
  targets(document: unknown): readonly string[];
  readonly downloadDecoder: Decoder;
  readonly downloadPaginator: Paginator;
  readonly selector: RecordSelector;
  readonly pollTimeoutMs: number;
  /** Wait before a job that failed on the upstream is created again. */
  readonly retryWaitMs: number;
  /** Jobs that the upstream runs side by side: those of the next windows of a partition are created beforehand. */
  readonly jobsMax: number;
}

/** A stream, ready to be read. */
export interface StreamPlan {
  readonly name: string;
  readonly rules: UpstreamRules;
  /** Waits between tries that the upstream says nothing about. */
  readonly jitter: { readonly baseMs: number; readonly capMs: number };
  readonly retriever: SimpleRetriever | AsyncRetriever;
  readonly partitioner?: Partitioner;
  readonly cursor?: CursorStrategy;
}
