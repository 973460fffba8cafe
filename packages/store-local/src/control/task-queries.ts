// Tasks: enqueue, lease, finish. Runs on the control store's thread, inside a transaction that control-worker.ts opened.
import { sql, type Kysely } from "kysely";
import type { ErrorReport, LeasedTask, NewTask, Task, TaskState } from "@millrace/core";
import type { ControlSchema, TaskRow } from "./control-schema.ts";

type Db = Kysely<ControlSchema>;

// Literals, not parameters: SQLite uses a partial index only when the text of the query implies its condition.
const ready = sql.lit<TaskState>("ready");
const leased = sql.lit<TaskState>("leased");
const due = sql.lit(1);
const waiting = sql.lit(0);

export interface LeaseRequest {
  readonly instance: string;
  readonly kinds: readonly string[];
  readonly leaseMs: number;
  readonly max: number;
}

/** Moments with parts of a millisecond (back-off with jitter has them) are rounded up: never earlier than asked for. */
function wholeMs(ms: number): number {
  return Math.ceil(ms);
}

/** A ready task of the same kind and subject takes the newest input, the higher priority and the earlier time. */
export async function enqueue(db: Db, task: NewTask, nowMs: number): Promise<number> {
  const readyMs = wholeMs(task.readyAtMs ?? nowMs);
  const row = await db
    .insertInto("tasks")
    .values({
      kind: task.kind,
      subject: task.subject,
      input: JSON.stringify(task.input ?? null),
      state: "ready",
      attempt: 0,
      priority: task.priority ?? 0,
      ready_ms: readyMs,
      due: readyMs <= nowMs ? 1 : 0,
      run_id: task.runId ?? null,
      fence: 0,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["kind", "subject"])
        .where("state", "=", ready)
        .doUpdateSet({
          input: sql`excluded.input`,
          priority: sql`max(tasks.priority, excluded.priority)`,
          ready_ms: sql`min(tasks.ready_ms, excluded.ready_ms)`,
          due: sql`max(tasks.due, excluded.due)`,
          run_id: sql`coalesce(excluded.run_id, tasks.run_id)`,
        }),
    )
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Looks at due tasks and expired leases only; a subject that is leased elsewhere is passed over. */
export async function lease(db: Db, request: LeaseRequest, nowMs: number): Promise<readonly LeasedTask[]> {
  const candidates: TaskRow[] = [];
  for (const kind of new Set(request.kinds)) {
    await promote(db, kind, nowMs);
    candidates.push(...(await expired(db, kind, nowMs, request.max)), ...(await dueTasks(db, kind, request.max)));
  }
  candidates.sort((a, b) => b.priority - a.priority || a.ready_ms - b.ready_ms || a.id - b.id);
  const taken: LeasedTask[] = [];
  for (const row of candidates.slice(0, request.max)) {
    const next = { ...row, state: "leased" as const, attempt: row.attempt + 1, fence: row.fence + 1 };
    const leaseUntilMs = nowMs + request.leaseMs;
    await db
      .updateTable("tasks")
      .set({
        state: "leased",
        attempt: next.attempt,
        fence: next.fence,
        instance: request.instance,
        lease_until_ms: leaseUntilMs,
      })
      .where("id", "=", row.id)
      .execute();
    taken.push({ ...taskOf(next), fence: next.fence, leaseUntilMs });
  }
  return taken;
}

/** Marks what has become due. Each task is marked once, so leasing stays as cheap as the work it finds. */
async function promote(db: Db, kind: string, nowMs: number): Promise<void> {
  const passed = db
    .selectFrom("tasks")
    .select("id")
    .where("state", "=", ready)
    .where("kind", "=", kind)
    .where("due", "=", waiting)
    .where("ready_ms", "<=", nowMs);
  const first = await passed.limit(1).executeTakeFirst();
  if (first !== undefined) await db.updateTable("tasks").set({ due: 1 }).where("id", "in", passed).execute();
}

function expired(db: Db, kind: string, nowMs: number, max: number): Promise<TaskRow[]> {
  return db
    .selectFrom("tasks")
    .selectAll()
    .where("state", "=", leased)
    .where("kind", "=", kind)
    .where("lease_until_ms", "<=", nowMs)
    .orderBy("lease_until_ms")
    .limit(max)
    .execute();
}

function dueTasks(db: Db, kind: string, max: number): Promise<TaskRow[]> {
  return withoutLeasedSibling(db, kind)
    .selectAll()
    .where("due", "=", due)
    .orderBy("priority", "desc")
    .orderBy("ready_ms")
    .orderBy("id")
    .limit(max)
    .execute();
}

function withoutLeasedSibling(db: Db, kind: string) {
  return db
    .selectFrom("tasks")
    .where("state", "=", ready)
    .where("kind", "=", kind)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom("tasks as sibling")
            .select("sibling.id")
            .where("sibling.state", "=", leased)
            .whereRef("sibling.kind", "=", "tasks.kind")
            .whereRef("sibling.subject", "=", "tasks.subject"),
        ),
      ),
    );
}

export async function renew(db: Db, task: LeasedTask, leaseMs: number, nowMs: number): Promise<boolean> {
  const result = await held(db, task)
    .set({ lease_until_ms: nowMs + leaseMs })
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function complete(db: Db, task: LeasedTask, nowMs: number): Promise<boolean> {
  const result = await held(db, task)
    .set({ state: "done", finished_ms: nowMs, lease_until_ms: null })
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * A retry becomes ready again, unless a newer task of the same subject is ready already: that one goes on with the attempts,
 * and this one ends as cancelled.
 */
export async function fail(
  db: Db,
  task: LeasedTask,
  failure: { readonly error: ErrorReport; readonly retryAtMs?: number },
  nowMs: number,
): Promise<boolean> {
  const error = JSON.stringify(failure.error);
  const finished = { error, finished_ms: nowMs, lease_until_ms: null };
  if (failure.retryAtMs === undefined) {
    const result = await held(db, task)
      .set({ ...finished, state: "failed" })
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }
  const newer = await db
    .selectFrom("tasks")
    .select("id")
    .where("state", "=", ready)
    .where("kind", "=", task.kind)
    .where("subject", "=", task.subject)
    .executeTakeFirst();
  const retry = {
    state: "ready",
    ready_ms: wholeMs(failure.retryAtMs),
    due: failure.retryAtMs <= nowMs ? 1 : 0,
    error,
    lease_until_ms: null,
  } as const;
  const result = await held(db, task)
    .set(newer === undefined ? retry : { ...finished, state: "cancelled" })
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  if (newer !== undefined)
    await db.updateTable("tasks").set({ attempt: task.attempt }).where("id", "=", newer.id).execute();
  return true;
}

export async function cancel(db: Db, id: number, nowMs: number): Promise<boolean> {
  const result = await db
    .updateTable("tasks")
    .set({ state: "cancelled", finished_ms: nowMs, lease_until_ms: null })
    .where("id", "=", id)
    .where("state", "in", ["ready", "leased"])
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function nextWakeMs(db: Db, kinds: readonly string[]): Promise<number | undefined> {
  const moments: number[] = [];
  for (const kind of kinds) {
    for (const part of [due, waiting]) {
      const first = await withoutLeasedSibling(db, kind)
        .select("ready_ms")
        .where("due", "=", part)
        .orderBy("ready_ms")
        .limit(1)
        .executeTakeFirst();
      if (first !== undefined) moments.push(first.ready_ms);
    }
    const earliest = await db
      .selectFrom("tasks")
      .select(({ fn }) => fn.min("lease_until_ms").as("atMs"))
      .where("state", "=", leased)
      .where("kind", "=", kind)
      .executeTakeFirst();
    if (typeof earliest?.atMs === "number") moments.push(earliest.atMs);
  }
  return moments.length === 0 ? undefined : Math.min(...moments);
}

export async function counts(db: Db): Promise<Readonly<Record<TaskState, number>>> {
  const found = { ready: 0, leased: 0, done: 0, failed: 0, cancelled: 0 };
  for (const row of await db.selectFrom("task_counts").selectAll().execute()) found[row.state] = row.tasks;
  return found;
}

function held(db: Db, task: LeasedTask) {
  return db.updateTable("tasks").where("id", "=", task.id).where("state", "=", leased).where("fence", "=", task.fence);
}

function taskOf(row: TaskRow): Task {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    input: JSON.parse(row.input) as unknown,
    state: row.state,
    attempt: row.attempt,
    priority: row.priority,
    readyAtMs: row.ready_ms,
    ...(row.run_id === null ? {} : { runId: row.run_id }),
  };
}
