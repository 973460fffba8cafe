// What commands ask of a data folder's owner, whether that is another process or this one. remote-admin.ts asks over the socket.
import type { BatchReport, ProjectDefinition } from "@millrace/core";
import type {
  DeliveryActionOutcome,
  DeliveryReport,
  DeliveryRequest,
  DeliveryStatus,
  LineageReport,
  PlatformStatus,
  Progress,
  ProjectPlan,
  ProjectReport,
  QualitySummary,
  QuarantinedRow,
  QuarantinedRowHistory,
  QuarantineFilter,
  QuarantineOutcome,
  QuarantineRequest,
  Reconciliation,
  RunReport,
  TableQuality,
} from "@millrace/runtime";

/** A type after its way through JSON: an int64 is a number where JavaScript holds it exactly, else a bigint. */
export type Wire<T> = T extends bigint
  ? number | bigint
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T;

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Values in column order, as exact JSON: see parseExact. */
  readonly rows: readonly (readonly unknown[])[];
}

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface BackupAnswer {
  readonly path: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface Admin {
  status(): Promise<Wire<PlatformStatus>>;
  /** A single SELECT over `<domain>.*` and `millrace.*`. @throws query-invalid, query-refused, query-failed */
  query(sql: string, options: { readonly rowsMax: number; readonly signal: AbortSignal }): Promise<QueryAnswer>;
  quarantineList(filter: QuarantineFilter): Promise<readonly Wire<QuarantinedRow>[]>;
  quarantineShow(
    batch: bigint,
    row: bigint,
    options: { readonly showPii: boolean },
  ): Promise<Wire<QuarantinedRowHistory>>;
  quarantineAct(request: QuarantineRequest): Promise<Wire<QuarantineOutcome>>;
  quality(): Promise<readonly Wire<QualitySummary>[]>;
  /** @param table `domain.table` @throws not-found */
  qualityOf(table: string): Promise<Wire<TableQuality>>;
  report(): Promise<Wire<ProjectReport>>;
  batches(options: { readonly channel?: string; readonly limit: number }): Promise<readonly Wire<BatchReport>[]>;
  deliveries(): Promise<readonly Wire<DeliveryStatus>[]>;
  deliveryShow(
    delivery: string,
    filter: { readonly state?: string; readonly limit: number; readonly showPii: boolean },
  ): Promise<Wire<DeliveryReport>>;
  deliveryAct(request: DeliveryRequest): Promise<Wire<DeliveryActionOutcome>>;
  deliveryReconcile(delivery: string): Promise<Wire<Reconciliation>>;
  /** Not done again for a `request` that was done. */
  replay(batch: bigint, request: string): Promise<Wire<BatchReport>>;
  /** What adopting the project, as its files stand now, would change. */
  plan(next: ProjectDefinition): Promise<Wire<ProjectPlan>>;
  /** Where a table or column of this project comes from, and what depends on it. */
  lineage(
    target: { readonly table: string; readonly column?: string },
    project: ProjectDefinition,
  ): Promise<Wire<LineageReport>>;
  run(options: WorkOptions): Promise<Wire<RunReport>>;
  backup(folder: string, options: WorkOptions): Promise<BackupAnswer>;
}
