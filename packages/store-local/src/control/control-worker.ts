// The control store's thread: calls that wait together share one transaction and one sync, each in its own savepoint.
import { backup, type DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";
import { MillraceError } from "@millrace/core";
import { openDatabase } from "../sqlite/open-database.ts";
import { sqliteError } from "../sqlite/sqlite-errors.ts";
import { serveCalls, type Outcome } from "../worker/serve-calls.ts";
import type { CallMessage } from "../worker/worker-messages.ts";
import type { controlCalls } from "./control-calls.ts";
import type { ControlCalls, ControlMethod } from "./control-messages.ts";
import { controlMigrations } from "./control-schema.ts";

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
let queries: Promise<ReturnType<typeof controlCalls>> | undefined;

function opened(): DatabaseSync {
  if (db === undefined) throw new MillraceError("internal", "The control store is not open.");
  return db;
}

/** Calls that change nothing: they need no transaction, and no sync. */
const reads: ReadonlySet<string> = new Set<ControlMethod>([
  "nextWakeMs",
  "counts",
  "listRuns",
  "listInstances",
  "listSchedules",
]);

/** Calls that cannot be part of a transaction. */
const alone: ReadonlySet<string> = new Set<ControlMethod>(["open", "backup"]);

function loadQueries(): Promise<ReturnType<typeof controlCalls>> {
  queries ??= import("./control-calls.ts").then((module) => module.controlCalls(opened()));
  // A failure to load is reported to every call that needs it.
  queries.catch(() => undefined);
  return queries;
}

async function answer(call: CallMessage): Promise<unknown> {
  if (call.method === "open") {
    db = openDatabase(file, settings, controlMigrations);
    // After the answer is on its way: whoever opens the store need not wait for Kysely.
    setImmediate(() => void loadQueries());
    return undefined;
  }
  if (call.method === "backup") return backup(opened(), (call.argument as ControlCalls["backup"]).target);
  const answered = (await loadQueries())(call.method, call.argument);
  if (answered === undefined) throw new MillraceError("internal", `The control store cannot answer ${call.method}.`);
  return answered;
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
    let group: CallMessage[] = [];
    for (const call of calls) {
      if (!reads.has(call.method) && !alone.has(call.method)) {
        group.push(call);
        continue;
      }
      if (group.length > 0) outcomes.push(...(await inOneTransaction(group)));
      group = [];
      outcomes.push(await settle(call));
    }
    if (group.length > 0) outcomes.push(...(await inOneTransaction(group)));
    return outcomes;
  },
  close: () => db?.close(),
});
