// What the server is made of, and what it asks of the process around it.
import type { Cache, Clock, Logger, ProjectDefinition, Random } from "@millrace/core";
import type { MetricsRegistry, Platform, Progress } from "@millrace/runtime";

/** Work that concerns more than the platform: the composition root does it. */
export interface Operations {
  /** One consistent copy of all stores in a new folder. What it resolves to is answered as JSON. @throws MillraceError storage-*, request-invalid */
  backup(
    folder: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
  ): Promise<object>;
  /** Ends the process in good order; called after the answer was sent. */
  stop(): void;
  /** Refuses a project that could not run, before it is planned. @throws MillraceError project-invalid, channel-invalid */
  check?(project: ProjectDefinition): Promise<void>;
}

export interface ServerParts {
  readonly platform: Platform;
  readonly metrics: MetricsRegistry;
  readonly cache: Cache;
  /** The admin token; at least 16 characters. */
  readonly token: string;
  /** A second token, known to whoever may read the data folder's lock file; new at each start. */
  readonly ownerToken?: string;
  /** Version of Millrace, for /openapi.json and /healthz. */
  readonly version: string;
  /** Largest request body; larger ones are answered with request-too-large. */
  readonly bodyBytesMax: number;
  /** Folder for the parts of large answers that wait for their clients; made when needed, nothing stays in it. */
  readonly spillFolder: string;
  readonly log: Logger;
  readonly operations: Operations;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Bounds of the HTTP interface. */
export const httpLimits = {
  adminBodyBytesMax: 4 * 1024 * 1024,
  urlCharsMax: 16 * 1024,
  headerBytesMax: 32 * 1024,
  /** Time for a client to send its whole request; uploads have limits of their own. */
  requestTimeoutMs: 120_000,
  headersTimeoutMs: 20_000,
  keepAliveMs: 65_000,
  /** A connection on which nothing moves for so long is closed, also in the middle of an answer. */
  stalledMs: 120_000,
  connectionsMax: 10_000,
  /** Requests in flight get so long to finish when the server closes. */
  drainMs: 10_000,
} as const;
