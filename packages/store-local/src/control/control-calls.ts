// Which query answers which call. Loaded by control-worker.ts after the file is open: Kysely takes longer to load than to open a store.
import type { DatabaseSync } from "node:sqlite";
import type { Kysely } from "kysely";
import type { ControlMethod, Timed } from "./control-messages.ts";
import type { ControlSchema } from "./control-schema.ts";
import * as history from "./history-queries.ts";
import { kyselyOn } from "./node-sqlite-dialect.ts";
import * as tasks from "./task-queries.ts";

type Handlers = {
  readonly [Method in Exclude<ControlMethod, "open" | "backup">]: (
    store: Kysely<ControlSchema>,
    call: Timed<Method>,
  ) => Promise<unknown>;
};

const writes: Omit<Handlers, keyof typeof reads> = {
  enqueue: (store, call) => tasks.enqueue(store, call.task, call.nowMs),
  lease: (store, call) => tasks.lease(store, call, call.nowMs),
  renew: (store, call) => tasks.renew(store, call.task, call.leaseMs, call.nowMs),
  complete: (store, call) => tasks.complete(store, call.task, call.nowMs),
  fail: (store, call) => tasks.fail(store, call.task, call, call.nowMs),
  cancel: (store, call) => tasks.cancel(store, call.id, call.nowMs),
  startRun: (store, { id, kind, subject, nowMs }) => history.startRun(store, { id, kind, subject }, nowMs),
  finishRun: (store, call) => history.finishRun(store, call.id, call.outcome, call.nowMs),
  registerInstance: (store, call) => history.registerInstance(store, call, call.nowMs),
  heartbeat: (store, call) => history.heartbeat(store, call.id, call.nowMs),
  removeInstance: (store, call) => history.removeInstance(store, call.id),
  putSchedule: (store, call) => history.putSchedule(store, call.schedule),
  removeSchedule: (store, call) => history.removeSchedule(store, call.subject),
  retain: (store, call) => history.retainFinished(store, call.table, call),
};

const reads = {
  nextWakeMs: (store: Kysely<ControlSchema>, call: Timed<"nextWakeMs">) => tasks.nextWakeMs(store, call.kinds),
  counts: (store: Kysely<ControlSchema>) => tasks.counts(store),
  listRuns: (store: Kysely<ControlSchema>, call: Timed<"listRuns">) => history.listRuns(store, call),
  listInstances: (store: Kysely<ControlSchema>) => history.listInstances(store),
  listSchedules: (store: Kysely<ControlSchema>) => history.listSchedules(store),
};

const handlers = new Map<string, (store: Kysely<ControlSchema>, call: never) => Promise<unknown>>(
  Object.entries({ ...reads, ...writes }),
);

/** Answers calls on this file. Undefined for a method that there is not. */
export function controlCalls(db: DatabaseSync): (method: string, argument: unknown) => Promise<unknown> | undefined {
  const store = kyselyOn<ControlSchema>(db);
  return (method, argument) => handlers.get(method)?.(store, argument as never);
}
