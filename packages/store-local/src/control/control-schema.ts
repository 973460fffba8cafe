// The tables of control.sqlite as Kysely sees them, and the steps that create them.
import type { DatabaseSync } from "node:sqlite";
import type { Generated, Selectable } from "kysely";
import type { RunState, TaskState } from "@millrace/core";
import type { Migration } from "../sqlite/open-database.ts";

export interface ControlSchema {
  tasks: {
    id: Generated<number>;
    kind: string;
    subject: string;
    /** JSON. */
    input: string;
    state: TaskState;
    attempt: number;
    priority: number;
    ready_ms: number;
    /** 1 once `ready_ms` has passed: ready work is found by priority without looking at what waits for its time. */
    due: number;
    run_id: string | null;
    fence: number;
    instance: string | null;
    lease_until_ms: number | null;
    /** JSON of an error report. */
    error: string | null;
    finished_ms: number | null;
  };
  runs: {
    id: string;
    kind: string;
    subject: string;
    state: RunState;
    started_ms: number;
    finished_ms: number | null;
    error: string | null;
    summary: string | null;
  };
  /** Kept by triggers, so that counting never reads the tasks. */
  task_counts: { state: TaskState; tasks: number };
  instances: { id: string; roles: string; started_ms: number; seen_ms: number; address: string | null };
  schedules: { subject: string; every: string; next_ms: number };
}

export type TaskRow = Selectable<ControlSchema["tasks"]>;
export type RunRow = Selectable<ControlSchema["runs"]>;

/** Every index that leasing uses covers open tasks only: the cost of a lease does not grow with finished ones. */
function format1(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE tasks (
      id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, input TEXT NOT NULL, state TEXT NOT NULL,
      attempt INTEGER NOT NULL, priority INTEGER NOT NULL, ready_ms INTEGER NOT NULL, due INTEGER NOT NULL, run_id TEXT,
      fence INTEGER NOT NULL, instance TEXT, lease_until_ms INTEGER, error TEXT, finished_ms INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX tasks_one_ready ON tasks (kind, subject) WHERE state = 'ready';
    CREATE UNIQUE INDEX tasks_one_leased ON tasks (kind, subject) WHERE state = 'leased';
    CREATE INDEX tasks_by_priority ON tasks (kind, priority DESC, ready_ms, id) WHERE state = 'ready' AND due = 1;
    CREATE INDEX tasks_by_time ON tasks (kind, due, ready_ms) WHERE state = 'ready';
    CREATE INDEX tasks_by_lease ON tasks (kind, lease_until_ms) WHERE state = 'leased';
    CREATE INDEX tasks_finished ON tasks (finished_ms, id) WHERE finished_ms IS NOT NULL;
    CREATE TABLE task_counts (state TEXT PRIMARY KEY, tasks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO task_counts VALUES ('ready', 0), ('leased', 0), ('done', 0), ('failed', 0), ('cancelled', 0);
    CREATE TRIGGER tasks_added AFTER INSERT ON tasks BEGIN
      UPDATE task_counts SET tasks = tasks + 1 WHERE state = new.state;
    END;
    CREATE TRIGGER tasks_moved AFTER UPDATE OF state ON tasks WHEN old.state <> new.state BEGIN
      UPDATE task_counts SET tasks = tasks - 1 WHERE state = old.state;
      UPDATE task_counts SET tasks = tasks + 1 WHERE state = new.state;
    END;
    CREATE TRIGGER tasks_removed AFTER DELETE ON tasks BEGIN
      UPDATE task_counts SET tasks = tasks - 1 WHERE state = old.state;
    END;
    CREATE TABLE runs (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, started_ms INTEGER NOT NULL,
      finished_ms INTEGER, error TEXT, summary TEXT
    ) STRICT;
    CREATE INDEX runs_by_start ON runs (started_ms, id);
    CREATE INDEX runs_by_subject ON runs (subject, started_ms, id);
    CREATE INDEX runs_finished ON runs (finished_ms, id) WHERE finished_ms IS NOT NULL;
    CREATE TABLE instances (
      id TEXT PRIMARY KEY, roles TEXT NOT NULL, started_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, address TEXT
    ) STRICT;
    CREATE TABLE schedules (subject TEXT PRIMARY KEY, every TEXT NOT NULL, next_ms INTEGER NOT NULL) STRICT;
  `);
}

export const controlMigrations: readonly Migration[] = [format1];
