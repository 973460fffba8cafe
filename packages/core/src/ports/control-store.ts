// The platform's own memory: runs, tasks with leases and fencing, schedules, instances. Never ingest progress: that is the ledger's.
import type { ErrorReport } from "../errors/millrace-error.ts";

export type TaskState = "ready" | "leased" | "done" | "failed" | "cancelled";
export type RunState = "running" | "done" | "failed" | "cancelled";

export interface NewTask {
  /** What executes it, e.g. `channel.poll`, `model.build`. */
  readonly kind: string;
  /** What it works on, e.g. `promotions.weekly`. At most one ready and one leased task exist per (kind, subject): a second enqueue coalesces. */
  readonly subject: string;
  readonly input: unknown;
  readonly priority?: number;
  /** Not before this time. */
  readonly readyAtMs?: number;
  readonly runId?: string;
}

export interface Task {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly input: unknown;
  readonly state: TaskState;
  readonly attempt: number;
  readonly priority: number;
  readonly readyAtMs: number;
  readonly runId?: string;
}

export interface LeasedTask extends Task {
  /** Grows with each lease; completion under an older fence is refused. */
  readonly fence: number;
  readonly leaseUntilMs: number;
}

export interface Run {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly state: RunState;
  readonly startedMs: number;
  readonly finishedMs?: number;
  readonly error?: ErrorReport;
  readonly summary?: unknown;
}

export interface InstanceRecord {
  readonly id: string;
  readonly roles: readonly string[];
  readonly startedMs: number;
  readonly seenMs: number;
  readonly address?: string;
}

export interface ScheduleRecord {
  readonly subject: string;
  /** `30s`, `5m`, or a cron expression. */
  readonly every: string;
  readonly nextMs: number;
}

export interface TaskStore {
  /** Returns the id of the new task, or of the ready one that it coalesced with. */
  enqueue(task: NewTask): Promise<number>;
  /** Leases up to `max` ready tasks of these kinds, highest priority first. */
  lease(options: {
    readonly instance: string;
    readonly kinds: readonly string[];
    readonly leaseMs: number;
    readonly max: number;
  }): Promise<readonly LeasedTask[]>;
  /** Extends the lease; false when the fence is no longer current. */
  renew(task: LeasedTask, leaseMs: number): Promise<boolean>;
  /** False when the fence is no longer current: the work of this owner must be treated as abandoned. */
  complete(task: LeasedTask): Promise<boolean>;
  /** Ready again at `retryAtMs`, or failed for good without it. */
  fail(task: LeasedTask, error: ErrorReport, retryAtMs?: number): Promise<boolean>;
  cancel(id: number): Promise<boolean>;
  /** Earliest moment at which a ready task can be leased or a lease expires; undefined when there is none. */
  nextWakeMs(kinds: readonly string[]): Promise<number | undefined>;
  counts(): Promise<Readonly<Record<TaskState, number>>>;
}

export interface RunStore {
  start(run: { readonly kind: string; readonly subject: string }): Promise<string>;
  finish(
    id: string,
    outcome: { readonly state: Exclude<RunState, "running">; readonly error?: ErrorReport; readonly summary?: unknown },
  ): Promise<void>;
  list(options: { readonly subject?: string; readonly limit: number }): Promise<readonly Run[]>;
}

export interface InstanceStore {
  register(record: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly address?: string;
  }): Promise<void>;
  heartbeat(id: string): Promise<void>;
  list(): Promise<readonly InstanceRecord[]>;
  remove(id: string): Promise<void>;
}

export interface ScheduleStore {
  put(schedule: ScheduleRecord): Promise<void>;
  list(): Promise<readonly ScheduleRecord[]>;
  remove(subject: string): Promise<void>;
}

export interface ControlStore {
  readonly tasks: TaskStore;
  readonly runs: RunStore;
  readonly instances: InstanceStore;
  readonly schedules: ScheduleStore;
  /** Drops finished history beyond the bounds. */
  retain(bounds: { readonly finishedTasksMax: number; readonly finishedRunsMax: number }): Promise<void>;
  close(): Promise<void>;
}
