// The control store's thread: calls that wait together share one transaction and one sync, each in its own savepoint.
import { backup, type DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";
import type { Kysely } from "kysely";
import { MillraceError } from "@millrace/core";
import { openDatabase } from "../sqlite/open-database.ts";
import { sqliteError } from "../sqlite/sqlite-errors.ts";
import { serveCalls, type Outcome } from "../worker/serve-calls.ts";
import type { CallMessage } from "../worker/worker-messages.ts";
import type { ControlCalls, ControlMethod, Timed } from "./control-messages.ts";
import { controlMigrations, type ControlSchema } from "./control-schema.ts";
import * as history from "./history-queries.ts";
import { kyselyOn } from "./node-sqlite-dialect.ts";
import * as tasks from "./task-queries.ts";

const { file } = workerData as { readonly file: string };
const MiB = 1024 * 1024;
const settings = {
  pageBytes: 4096,
  cacheBytes: 8 * MiB,
  walBytesMax: 16 * MiB,
  autoCheckpointBytes: 8 * MiB,
  busyTimeoutMs: 10_000,
};

let db: DatabaseSync | undefined;
let queries: Kysely<ControlSchema> | undefined;

function opened(): DatabaseSync {
  if (db === undefined) throw new MillraceError("internal", "The control store is not open.");
  return db;
}

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

async function answer(call: CallMessage): Promise<unknown> {
  if (call.method === "open") {
    db = openDatabase(file, settings, controlMigrations);
    queries = kyselyOn<ControlSchema>(db);
    return undefined;
  }
  if (call.method === "backup") return backup(opened(), (call.argument as ControlCalls["backup"]).target);
  const handler = handlers.get(call.method);
  if (handler === undefined || queries === undefined)
    throw new MillraceError("internal", `The control store cannot answer ${call.method}.`);
  return handler(queries, call.argument as never);
}

async function settle(call: CallMessage): Promise<Outcome> {
  try {
    return { value: await answer(call) };
  } catch (thrown) {
    return { error: sqliteError(thrown, file) };
  }
}

/** A call that fails is undone alone; a commit that fails fails them all. */
async function inOneTransaction(calls: readonly CallMessage[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  try {
    opened().exec("BEGIN IMMEDIATE");
    for (const call of calls) {
      if (calls.length > 1) opened().exec("SAVEPOINT one_call");
      const outcome = await settle(call);
      outcomes.push(outcome);
      if ("error" in outcome) opened().exec(calls.length > 1 ? "ROLLBACK TO one_call" : "ROLLBACK; BEGIN IMMEDIATE");
      if (calls.length > 1) opened().exec("RELEASE one_call");
    }
    opened().exec("COMMIT");
    return outcomes;
  } catch (thrown) {
    if (db?.isTransaction === true) db.exec("ROLLBACK");
    const error = sqliteError(thrown, file);
    return calls.map(() => ({ error }));
  }
}

serveCalls({
  async run(calls) {
    const outcomes: Outcome[] = [];
    for (let at = 0; at < calls.length;) {
      const rest = calls.slice(at);
      const end = rest.findIndex((call) => !(call.method in writes));
      const group = rest.slice(0, end < 0 ? rest.length : end);
      const alone = end < 0 ? undefined : rest[end];
      if (group.length > 0) outcomes.push(...(await inOneTransaction(group)));
      if (alone !== undefined) outcomes.push(await settle(alone));
      at += group.length + (alone === undefined ? 0 : 1);
    }
    return outcomes;
  },
  close: () => db?.close(),
});
