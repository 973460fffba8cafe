// What the log's two sides tell each other: event-log.ts on the main thread, log-worker.ts on its own.
import type { ErrorReport } from "@millrace/core";

/** Settings of the file, as they cross to the thread. */
export interface LogFileOptions {
  readonly file: string;
  /** Identity that a new file gets; an existing one keeps its own. */
  readonly incarnation: string;
  readonly nowMicros: bigint;
  readonly idempotencyKeysMax: number;
  readonly idempotencyAgeMs: number;
  readonly walBytesMax: number;
  readonly freeBytesMax: number;
  readonly fileBytesMax?: number;
}

/** Appends that become one transaction. Their payloads stand one after the other in `buffer`, those of one partition together. */
export interface GroupMessage {
  readonly buffer: ArrayBuffer;
  readonly nowMicros: bigint;
  readonly appends: readonly GroupAppend[];
}

export interface GroupAppend {
  readonly partition: string;
  readonly count: number;
  readonly bytes: number;
  readonly idempotencyKey?: string;
}

export type AppendOutcome =
  | { readonly offset: bigint; readonly count: number; readonly receivedAtMicros: bigint; readonly repeated: boolean }
  | { readonly error: ErrorReport };

export interface GroupAnswer {
  /** The buffer of the group, handed back for the next one. */
  readonly buffer: ArrayBuffer;
  readonly outcomes: readonly AppendOutcome[];
  /** The write-ahead log has grown enough to be moved into the file. */
  readonly checkpointDue: boolean;
}

export interface ReadMessage {
  readonly partition: string;
  readonly from: bigint;
  readonly bytesMax: number;
}

/** Entries of a read; each payload is a piece of one of the blobs. */
export interface ReadAnswer {
  readonly blobs: readonly Uint8Array[];
  readonly entries: readonly {
    readonly offset: bigint;
    readonly count: number;
    readonly receivedAtMicros: bigint;
    readonly blob: number;
    readonly start: number;
    readonly end: number;
  }[];
}

export interface TrimMessage {
  readonly partition: string;
  readonly before: bigint;
}
