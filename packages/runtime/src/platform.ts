// The running platform as the server and the command line see it. platform-instance.ts implements it.
import type { BatchReport, CommitEvent, ErrorReport, ProjectDefinition, VerdictCode, Warehouse } from "@millrace/core";
import type { UploadedFile } from "@millrace/connectors";
import type { LineageTarget } from "@millrace/transform";
import type {
  DeliveryActionOutcome,
  DeliveryFilter,
  DeliveryReport,
  DeliveryRequest,
  DeliveryStatus,
  Reconciliation,
} from "./deliveries/delivery-types.ts";
import type { LineageReport } from "./plan/project-lineage.ts";
import type { ProjectPlan } from "./plan/project-plan.ts";
import type { ClockVerdict } from "./quality/clock-judge.ts";
import type { ProjectReport } from "./quality/project-report.ts";
import type { QualitySummary, TableQuality } from "./quality/quality.ts";
import type {
  QuarantineCounts,
  QuarantinedRow,
  QuarantinedRowHistory,
  QuarantineFilter,
  QuarantineOutcome,
  QuarantineRequest,
} from "./quarantine/quarantine.ts";

export interface IngestRequest {
  readonly body: Uint8Array;
  /** `json`: one object or an array of objects; `ndjson`: one record per line. */
  readonly format: "json" | "ndjson";
  readonly idempotencyKey?: string;
}

export interface IngestReceipt {
  /** Events written durably by this request (or by the earlier one with the same key). */
  readonly received: number;
  /** Of those, events that the contract will refuse; they stand in quarantine once loaded. */
  readonly rejected: readonly { readonly index: number; readonly codes: readonly VerdictCode[] }[];
  readonly offset: bigint;
  readonly repeated: boolean;
}

/** One request of another system to a webhook channel, as it came. */
export interface HookDelivery {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** `received`: the events are durable, now or since an earlier request. `answer`: nothing was to be stored; the sender waits for this body. */
export type HookReceipt =
  | { readonly kind: "received"; readonly received: number; readonly repeated: boolean }
  | { readonly kind: "answer"; readonly body: Readonly<Record<string, unknown>> };

/** What a request to an uploads channel consists of, in the order in which it comes. A file is read to its end before the next part is asked for. */
export type UploadPart =
  | ({ readonly kind: "file" } & UploadedFile)
  | { readonly kind: "field"; readonly name: string; readonly value: string };

/** Bounds that whoever brings an upload keeps while it comes. */
export interface UploadRules {
  readonly fileBytesMax: number;
  readonly filesMax: number;
  readonly timeoutMs: number;
  readonly stallMs: number;
}

/** What became of one file. */
export interface FileReceipt {
  readonly name: string;
  /** `repeated`: the same was taken before, and nothing was written now. */
  readonly state: "accepted" | "repeated" | "refused";
  /** Of a stored file. */
  readonly blob?: { readonly id: string; readonly type: string; readonly bytes: number; readonly sha256: string };
  /** Of a file whose records were loaded. */
  readonly batches?: readonly BatchReport[];
  readonly error?: ErrorReport;
}

/** One stored file, as a row of its table names it. */
export interface StoredBlob {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly sha256: string;
  /** All of it, proven by its hash at the end; or the bytes from `first` to `last`, both included. @throws object-missing, object-damaged */
  open(range?: { readonly first: number; readonly last: number }): Promise<AsyncIterable<Uint8Array>>;
}

export interface ChannelStatus {
  readonly channel: string;
  readonly connector: string;
  readonly state: "idle" | "working" | "waiting" | "failing" | "stopped" | "late";
  readonly received: bigint;
  readonly accepted: bigint;
  readonly quarantined: bigint;
  readonly duplicate: bigint;
  readonly batches: bigint;
  readonly lastCommitMs?: number;
  readonly error?: ErrorReport;
  /** What was expected by this time and has not come; the state is `late` unless there is something worse. */
  readonly late?: { readonly expectedBy: string; readonly sinceMs: number };
  /** Events that are in the log and not yet in a table. */
  readonly backlog?: bigint;
}

export interface ModelStatus {
  readonly model: string;
  readonly state: "fresh" | "stale" | "building" | "failing";
  readonly rows?: bigint;
  readonly builtMs?: number;
  readonly error?: ErrorReport;
}

export interface PlatformStatus {
  readonly project: string;
  readonly ready: boolean;
  readonly channels: readonly ChannelStatus[];
  readonly models: readonly ModelStatus[];
  readonly deliveries: readonly DeliveryStatus[];
  readonly tables: readonly {
    readonly table: string;
    readonly kind: string;
    readonly version: bigint;
    readonly rows: bigint;
  }[];
  readonly quarantine: QuarantineCounts;
  /** Rules that the clock judges: freshness, volume per hour or day, arrival. */
  readonly clockRules: readonly ClockVerdict[];
  readonly components: Readonly<Record<string, "ok" | ErrorReport>>;
}

/** What a probe asks several times a second: costs the same however much data there is. */
export type PlatformHealth = Pick<PlatformStatus, "ready" | "components">;

export interface RunReport {
  readonly batches: readonly BatchReport[];
  readonly channels: readonly ChannelStatus[];
  readonly models: readonly ModelStatus[];
  readonly deliveries: readonly DeliveryStatus[];
  readonly errors: readonly ErrorReport[];
  readonly elapsedMs: number;
}

export interface StartOptions {
  /** False: channels are not watched or timed and models wait; `runUntilIdle` does all the work. Event channels load in any case. */
  readonly live?: boolean;
}

export interface Platform {
  readonly project: ProjectDefinition;
  readonly warehouse: Warehouse;
  /** Recovers, ensures tables, starts channels and models. */
  start(options?: StartOptions): Promise<void>;
  /** Resolves after the events are durable. @throws channel-not-found, request-invalid, overloaded, idempotency-conflict, storage-* */
  ingest(channel: string, request: IngestRequest): Promise<IngestReceipt>;
  /** Resolves after the events of a verified request are durable. @throws not-found, hook-*, request-invalid, request-too-large, overloaded, storage-* */
  hook(channel: string, delivery: HookDelivery): Promise<HookReceipt>;
  /** @throws channel-not-found */
  uploadRules(channel: string): UploadRules;
  /**
   * Resolves after every file of the request is durable, or stands in quarantine with its reason. When it rejects, nothing of the request is kept.
   *
   * @throws channel-not-found, upload-*, request-invalid, overloaded, storage-*, and what `parts` throws
   */
  upload(channel: string, parts: AsyncIterable<UploadPart>): Promise<readonly FileReceipt[]>;
  /** A file by the key of its row. @throws not-found, object-missing */
  blob(row: { readonly domain: string; readonly table: string; readonly id: string }): Promise<StoredBlob>;
  /** Processes everything that has arrived: every channel is read to its end, then every stale model is built. For `millrace run`. */
  runUntilIdle(options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  }): Promise<RunReport>;
  status(): Promise<PlatformStatus>;
  health(): Promise<PlatformHealth>;
  quarantineList(filter: QuarantineFilter): Promise<readonly QuarantinedRow[]>;
  quarantineShow(batch: bigint, row: bigint, options?: { readonly showPii?: boolean }): Promise<QuarantinedRowHistory>;
  /** Repairs, re-admits or discards rows; models that read the table follow. @throws request-invalid, quarantine-not-found, query-* */
  quarantineAct(request: QuarantineRequest): Promise<QuarantineOutcome>;
  deliveries(): Promise<readonly DeliveryStatus[]>;
  /** @throws delivery-not-found */
  deliveryShow(delivery: string, filter: DeliveryFilter): Promise<DeliveryReport>;
  /** Replays or discards dead letters, pauses or resumes. @throws delivery-not-found, batch-fenced */
  deliveryAct(request: DeliveryRequest): Promise<DeliveryActionOutcome>;
  /** Whether everything that was due is accounted for, here and, where it can be asked, at the receiver. @throws delivery-not-found, upstream-* */
  deliveryReconcile(delivery: string): Promise<Reconciliation>;
  /** Pass rates, failing rules and quarantine counts of every table of the project's contracts, by name. */
  quality(): Promise<readonly QualitySummary[]>;
  /** Everything that is known of one table's quality; personal data is hidden. @param table `domain.table` @throws MillraceError not-found */
  qualityOf(table: string): Promise<TableQuality>;
  /** Contracts, models, lineage and quality of everything. */
  report(): Promise<ProjectReport>;
  batches(options: { readonly channel?: string; readonly limit: number }): Promise<readonly BatchReport[]>;
  /**
   * Loads a committed batch again from raw under the present contract, replacing its rows; keeps the original `_seq`. Asked again with the same
   * `request`, it answers what was done.
   */
  replay(batch: bigint, options?: { readonly request?: string }): Promise<BatchReport>;
  /** What adopting `next` would change; changes nothing. Without `next`: the present project against the stored tables. */
  plan(next?: ProjectDefinition): Promise<ProjectPlan>;
  /** Where a table or column of the project comes from and what depends on it. @throws not-found */
  lineage(target: LineageTarget, next?: ProjectDefinition): Promise<LineageReport>;
  /** Adopts a changed project while running. Tables with data are never dropped. A plan with conflicts is returned and not adopted. */
  reload(next: ProjectDefinition): Promise<ProjectPlan>;
  onCommit(listener: (commit: CommitEvent) => void): () => void;
  stop(): Promise<void>;
}

export interface Progress {
  readonly subject: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: "rows" | "batches" | "models" | "bytes";
}
