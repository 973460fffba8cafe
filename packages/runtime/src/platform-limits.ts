// Every bound of the running platform, in one place. Nothing here grows with the size of a table, file or response.

export interface PlatformLimits {
  /** Largest body of one ingest request. */
  readonly ingestBytesMax: number;
  /** Most events in one ingest request. */
  readonly ingestEventsMax: number;
  /** Uploads that come in at the same time; each holds a few megabytes. */
  readonly uploadsMax: number;
  /** Events of one channel that may wait in the log before ingest answers `overloaded`. */
  readonly backlogEventsMax: number;
  /** The same in bytes, counted since the process started. */
  readonly backlogBytesMax: number;
  /** A batch with this many bytes is closed as soon as the loader is free, before its age. */
  readonly eventBatchEagerBytes: number;
  /** Committed bytes that may stay in the log before it is trimmed. */
  readonly trimBytesMax: number;
  /** Longest that committed events stay in the log. */
  readonly trimAgeMs: number;
  /** Ledger rows that an events channel keeps; older ones fold into daily sums. */
  readonly eventLedgerRowsMax: number;
  /** Results of rules that are kept, one per batch and rule that something failed. */
  readonly ruleResultsMax: number;
  /** Tries of one batch when the warehouse reports a conflict. */
  readonly conflictAttemptsMax: number;
  /** Longest that one batch may take inside the warehouse. */
  readonly batchTimeoutMs: number;
  /** Longest that one model may take to build. */
  readonly buildTimeoutMs: number;
  /** Held rows that one re-admission takes. */
  readonly readmitRowsMax: number;
  /** Rows of one delivery that wait in its outbox before no more are made due. */
  readonly deliveryPendingMax: number;
  /** Rows of a snapshot that is sent row by row. */
  readonly deliverySnapshotRowsMax: number;
  /** Longest that a finite run waits for deliveries whose receiver is not there. */
  readonly deliverySettleMs: number;
  /** Tasks that run at the same time. */
  readonly tasksMax: number;
  readonly taskLeaseMs: number;
  readonly heartbeatMs: number;
  readonly housekeepingMs: number;
  /** Finished tasks and runs that are kept. */
  readonly historyMax: number;
  /** Longest that stop() waits for running work. */
  readonly stopTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const defaultLimits: PlatformLimits = {
  ingestBytesMax: 16 * MIB,
  ingestEventsMax: 100_000,
  uploadsMax: 32,
  backlogEventsMax: 5_000_000,
  backlogBytesMax: 1024 * MIB,
  eventBatchEagerBytes: 64 * 1024,
  trimBytesMax: 32 * MIB,
  trimAgeMs: 30_000,
  eventLedgerRowsMax: 20_000,
  ruleResultsMax: 200_000,
  conflictAttemptsMax: 8,
  batchTimeoutMs: 30 * 60_000,
  buildTimeoutMs: 30 * 60_000,
  readmitRowsMax: 10_000,
  deliveryPendingMax: 250_000,
  deliverySnapshotRowsMax: 1_000_000,
  deliverySettleMs: 60_000,
  tasksMax: 4,
  taskLeaseMs: 10_000,
  heartbeatMs: 15_000,
  housekeepingMs: 60_000,
  historyMax: 10_000,
  stopTimeoutMs: 20_000,
};
