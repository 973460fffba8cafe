// The calls that cross from control-store.ts to its thread. Times come along: the thread has no clock of its own.
import type { ErrorReport, LeasedTask, NewTask, ScheduleRecord } from "@millrace/core";
import type { RunOutcome } from "./history-queries.ts";
import type { LeaseRequest } from "./task-queries.ts";

export interface ControlCalls {
  open: Record<never, never>;
  enqueue: { readonly task: NewTask };
  lease: LeaseRequest;
  renew: { readonly task: LeasedTask; readonly leaseMs: number };
  complete: { readonly task: LeasedTask };
  fail: { readonly task: LeasedTask; readonly error: ErrorReport; readonly retryAtMs?: number };
  cancel: { readonly id: number };
  nextWakeMs: { readonly kinds: readonly string[] };
  counts: Record<never, never>;
  startRun: { readonly id: string; readonly kind: string; readonly subject: string };
  finishRun: { readonly id: string; readonly outcome: RunOutcome };
  listRuns: { readonly subject?: string; readonly limit: number };
  registerInstance: { readonly id: string; readonly roles: readonly string[]; readonly address?: string };
  heartbeat: { readonly id: string };
  listInstances: Record<never, never>;
  removeInstance: { readonly id: string };
  putSchedule: { readonly schedule: ScheduleRecord };
  listSchedules: Record<never, never>;
  removeSchedule: { readonly subject: string };
  retain: { readonly table: "tasks" | "runs"; readonly keep: number; readonly max: number };
  backup: { readonly target: string };
}

export type ControlMethod = keyof ControlCalls;

/** Argument of every call, with the time at which it was made. */
export type Timed<Method extends ControlMethod> = ControlCalls[Method] & { readonly nowMs: number };
