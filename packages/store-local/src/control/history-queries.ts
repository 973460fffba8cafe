// Runs, instances, schedules and the bounds of history. Runs on the control store's thread, inside its transaction.
import type { Kysely } from "kysely";
import type { ErrorReport, InstanceRecord, Run, RunState, ScheduleRecord } from "@millrace/core";
import type { ControlSchema, RunRow } from "./control-schema.ts";

type Db = Kysely<ControlSchema>;

export interface RunOutcome {
  readonly state: Exclude<RunState, "running">;
  readonly error?: ErrorReport;
  readonly summary?: unknown;
}

export async function startRun(
  db: Db,
  run: { id: string; kind: string; subject: string },
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("runs")
    .values({ ...run, state: "running", started_ms: nowMs })
    .execute();
}

/** The first outcome stays: a run is finished once. */
export async function finishRun(db: Db, id: string, outcome: RunOutcome, nowMs: number): Promise<void> {
  await db
    .updateTable("runs")
    .set({
      state: outcome.state,
      finished_ms: nowMs,
      error: outcome.error === undefined ? null : JSON.stringify(outcome.error),
      summary: outcome.summary === undefined ? null : JSON.stringify(outcome.summary),
    })
    .where("id", "=", id)
    .where("state", "=", "running")
    .execute();
}

/** Newest first. */
export async function listRuns(
  db: Db,
  options: { readonly subject?: string; readonly limit: number },
): Promise<readonly Run[]> {
  const all = db.selectFrom("runs").selectAll();
  const chosen = options.subject === undefined ? all : all.where("subject", "=", options.subject);
  const rows = await chosen.orderBy("started_ms", "desc").orderBy("id", "desc").limit(options.limit).execute();
  return rows.map(runOf);
}

export async function registerInstance(
  db: Db,
  record: { readonly id: string; readonly roles: readonly string[]; readonly address?: string },
  nowMs: number,
): Promise<void> {
  const known = { roles: JSON.stringify(record.roles), seen_ms: nowMs, address: record.address ?? null };
  await db
    .insertInto("instances")
    .values({ id: record.id, started_ms: nowMs, ...known })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ ...known, started_ms: nowMs }))
    .execute();
}

export async function heartbeat(db: Db, id: string, nowMs: number): Promise<void> {
  await db.updateTable("instances").set({ seen_ms: nowMs }).where("id", "=", id).execute();
}

export async function listInstances(db: Db): Promise<readonly InstanceRecord[]> {
  const rows = await db.selectFrom("instances").selectAll().orderBy("started_ms").orderBy("id").execute();
  return rows.map((row) => ({
    id: row.id,
    roles: JSON.parse(row.roles) as string[],
    startedMs: row.started_ms,
    seenMs: row.seen_ms,
    ...(row.address === null ? {} : { address: row.address }),
  }));
}

export async function removeInstance(db: Db, id: string): Promise<void> {
  await db.deleteFrom("instances").where("id", "=", id).execute();
}

export async function putSchedule(db: Db, { subject, every, nextMs }: ScheduleRecord): Promise<void> {
  const next = { every, next_ms: nextMs };
  await db
    .insertInto("schedules")
    .values({ subject, ...next })
    .onConflict((conflict) => conflict.column("subject").doUpdateSet(next))
    .execute();
}

export async function listSchedules(db: Db): Promise<readonly ScheduleRecord[]> {
  const rows = await db.selectFrom("schedules").selectAll().orderBy("subject").execute();
  return rows.map((row) => ({ subject: row.subject, every: row.every, nextMs: row.next_ms }));
}

export async function removeSchedule(db: Db, subject: string): Promise<void> {
  await db.deleteFrom("schedules").where("subject", "=", subject).execute();
}

/** Deletes up to `max` rows beyond the bound, oldest first; true when there may be more. */
export async function retainFinished(
  db: Db,
  table: "tasks" | "runs",
  bounds: { readonly keep: number; readonly max: number },
): Promise<boolean> {
  const surplus = db
    .selectFrom(table)
    .select("id")
    .where("finished_ms", "is not", null)
    .orderBy("finished_ms", "desc")
    .orderBy("id", "desc")
    .limit(bounds.max)
    .offset(bounds.keep);
  const result = await db.deleteFrom(table).where("id", "in", surplus).executeTakeFirst();
  return result.numDeletedRows === BigInt(bounds.max);
}

function runOf(row: RunRow): Run {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    state: row.state,
    startedMs: row.started_ms,
    ...(row.finished_ms === null ? {} : { finishedMs: row.finished_ms }),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as ErrorReport }),
    ...(row.summary === null ? {} : { summary: JSON.parse(row.summary) as unknown }),
  };
}
