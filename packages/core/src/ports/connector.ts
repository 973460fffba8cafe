// Ways in: a connector reads its channel and yields arrivals; the loader turns each arrival into one batch.
import type { ChannelDefinition } from "../project/project.ts";
import type { Clock, Random } from "./clock.ts";
import type { HttpClient } from "./http-client.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectRef, ObjectStore } from "./object-store.ts";
import type { Secrets } from "./secrets.ts";
import type { ContentEncoding, DecodeFormat } from "./warehouse-load.ts";

/** Progress of one stream as JSON data; null before the first batch. Stored only in the ledger. */
export type Cursor = { readonly [key: string]: unknown } | null;

export interface FileIdentity {
  /** Path relative to the channel's folder. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMicros: bigint;
  readonly sha256: string;
  /** What its place calls this version of the content, such as an ETag. */
  readonly tag?: string;
  /** Records that it holds by what its manifest says; another number refuses it. */
  readonly rows?: number;
}

/** The newest version of a file that the ledger has seen. */
export interface KnownFile extends FileIdentity {
  readonly version: number;
  /** Batch whose rows of this path are in the table now: that of the newest loaded version, also when a newer one was refused; 0 when there is none. */
  readonly batch: bigint;
  /** `gone`: deleted, its rows stay. `removed`: deleted, its rows left. `renamed`: goes on under another path. */
  readonly state: "loaded" | "superseded" | "refused" | "gone" | "removed" | "renamed";
}

/** What becomes one batch. `before` must equal the stream's committed cursor, else the batch is fenced off. */
export interface Arrival {
  readonly stream: string;
  readonly objects: readonly { readonly ref: ObjectRef; readonly encoding: ContentEncoding }[];
  readonly format: DecodeFormat;
  readonly before: Cursor;
  readonly after: Cursor;
  /** Files whose identity is recorded with the batch. */
  readonly files?: readonly FileIdentity[];
  /** Files that were deleted: their rows leave with this arrival, which has no objects. `replacesBatches` names their batches. */
  readonly removesFiles?: readonly string[];
  /** Batches whose rows this arrival replaces (a rewritten file). */
  readonly replacesBatches?: readonly bigint[];
  /** First receipt, microseconds; the loader takes its own when absent. */
  readonly receivedAtMicros?: bigint;
}

/** A file that can never become a batch in this state; recorded so that it is reported once and looked at again only when it changes. */
export interface RefusedFile {
  readonly file: FileIdentity;
  readonly error: Error;
}

export interface ConnectorContext {
  readonly channel: ChannelDefinition;
  readonly projectFolder: string;
  readonly objects: ObjectStore;
  readonly http: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Committed cursor of a stream. */
  cursor(stream: string): Promise<Cursor>;
  /** What the ledger knows of these paths. */
  knownFiles(paths: readonly string[]): Promise<ReadonlyMap<string, KnownFile>>;
  /** The newest version of every file whose rows are in the table (`loaded`, `gone`). */
  livingFiles(): AsyncIterable<KnownFile>;
  /** The rows of `from` belong to this file from now on; the same path notes that a file which was gone is back. */
  renamed(renamed: { readonly from: string; readonly file: FileIdentity }): Promise<void>;
  /** Notes that these files were deleted; their rows stay. */
  gone(paths: readonly string[]): Promise<void>;
  refuse(refused: RefusedFile): Promise<void>;
}

export interface ChannelReader extends AsyncDisposable {
  /**
   * Yields what has arrived since the committed cursors, then ends. The consumer commits each arrival before it asks for the next, and passes the
   * signal to stop between arrivals. May be called again after it ended or threw.
   */
  read(signal: AbortSignal): AsyncIterable<Arrival>;
  /** Calls `wake` when something may have arrived (for `on-arrival` channels); returns a function that stops it. */
  watch?(wake: () => void): () => void;
}

/** One field of a connector's configuration, for documentation and validation. */
export interface FieldDescription {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: string;
  readonly summary: string;
}

/** How a stream's records reach the warehouse. */
export interface StreamReading {
  readonly stream: string;
  /** `bytes`: as they came, without an object per record. `records`: read, changed and written anew. */
  readonly reads: "bytes" | "records";
  /** What makes it so, for people. */
  readonly because: string;
}

export interface Connector {
  /** `files`, `rest`, ... as in ChannelDeclaration.connector. */
  readonly name: string;
  readonly summary: string;
  readonly fields: readonly FieldDescription[];
  /** TypeScript that an author can paste. */
  readonly example: string;
  /** Refuses a wrong configuration with file and line before anything runs. @throws MillraceError channel-invalid */
  validate(channel: ChannelDefinition): void;
  /** How each stream of a valid channel is read; absent where there is no choice. */
  readings?(channel: ChannelDefinition): readonly StreamReading[];
  open(context: ConnectorContext): Promise<ChannelReader>;
}
