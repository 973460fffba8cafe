// SqliteControlStore: the platform's own memory, shared by every instance that opens the same file. The SQL runs on its own thread.
import {
  MillraceError,
  systemClock,
  systemRandom,
  toMillraceError,
  type Clock,
  type ControlStore,
  type InstanceStore,
  type Random,
  type RunStore,
  type ScheduleStore,
  type TaskStore,
} from "@millrace/core";
import { WorkerLink } from "../worker/worker-link.ts";
import type { ControlCalls, ControlMethod } from "./control-messages.ts";

export interface SqliteControlStoreOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Calls that may wait for the disk; more are refused as `overloaded`. */
  readonly waitingCallsMax?: number;
}

/** Rows that one step of `retain` deletes, so that other calls get their turn between steps. */
const retainStepRows = 2000;

/**
 * Opens or creates the control store's file. Several stores, also of several processes, may open the same file.
 *
 * @throws data-folder-newer, data-folder-invalid, storage-failed, storage-full
 */
export async function openSqliteControlStore(
  file: string,
  options: SqliteControlStoreOptions = {},
): Promise<SqliteControlStore> {
  const { clock = systemClock, random = systemRandom, waitingCallsMax = 10_000 } = options;
  const link = new WorkerLink("./control-worker", import.meta.url, "control-store", { file });
  const calls = new ControlLink(link, clock, waitingCallsMax);
  try {
    await calls.call("open", {});
    return new SqliteControlStore(calls, random);
  } catch (thrown) {
    await link.abandon();
    throw thrown;
  }
}

/** Typed and bounded calls of the thread. A failure of the storage stops the store: later calls get `storage-poisoned`. */
class ControlLink {
  readonly #link: WorkerLink;
  readonly #clock: Clock;
  readonly #waitingMax: number;
  #waiting = 0;
  #poison: MillraceError | undefined;

  constructor(link: WorkerLink, clock: Clock, waitingMax: number) {
    this.#link = link;
    this.#clock = clock;
    this.#waitingMax = waitingMax;
  }

  async call<Method extends ControlMethod>(method: Method, argument: ControlCalls[Method]): Promise<unknown> {
    if (this.#poison !== undefined) throw this.#poison;
    if (this.#waiting >= this.#waitingMax) {
      throw new MillraceError("overloaded", `${this.#waiting} calls wait for the control store already.`);
    }
    this.#waiting += 1;
    try {
      return await this.#link.call(method, { ...argument, nowMs: this.#clock.nowMs() });
    } catch (thrown) {
      const error = toMillraceError(thrown);
      if (error.kind === "corrupt") {
        const message = `The control store has stopped after an error: ${error.message}`;
        this.#poison = new MillraceError("storage-poisoned", message, { cause: error, details: { first: error.code } });
      }
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    this.#poison ??= new MillraceError("cancelled", "The control store is closed.");
    await this.#link.close();
  }
}

/** See the port `ControlStore` for what is guaranteed: every call that resolved is synced to disk. */
export class SqliteControlStore implements ControlStore {
  readonly tasks: TaskStore;
  readonly runs: RunStore;
  readonly instances: InstanceStore;
  readonly schedules: ScheduleStore;
  readonly #calls: ControlLink;

  constructor(calls: ControlLink, random: Random) {
    this.#calls = calls;
    this.tasks = taskStore(calls);
    this.runs = runStore(calls, random);
    this.instances = instanceStore(calls);
    this.schedules = scheduleStore(calls);
  }

  async retain(bounds: { readonly finishedTasksMax: number; readonly finishedRunsMax: number }): Promise<void> {
    const keep = { tasks: bounds.finishedTasksMax, runs: bounds.finishedRunsMax };
    for (const table of ["tasks", "runs"] as const) {
      while ((await this.#calls.call("retain", { table, keep: keep[table], max: retainStepRows })) === true);
    }
  }

  /** Writes a complete copy of the store to a new file. */
  async backup(target: string): Promise<void> {
    await this.#calls.call("backup", { target });
  }

  close(): Promise<void> {
    return this.#calls.close();
  }
}

function taskStore(calls: ControlLink): TaskStore {
  return {
    enqueue: async (task) => (await calls.call("enqueue", { task })) as number,
    lease: async (request) => (await calls.call("lease", request)) as Awaited<ReturnType<TaskStore["lease"]>>,
    renew: async (task, leaseMs) => (await calls.call("renew", { task, leaseMs })) as boolean,
    complete: async (task) => (await calls.call("complete", { task })) as boolean,
    fail: async (task, error, retryAtMs) =>
      (await calls.call("fail", { task, error, ...(retryAtMs === undefined ? {} : { retryAtMs }) })) as boolean,
    cancel: async (id) => (await calls.call("cancel", { id })) as boolean,
    nextWakeMs: async (kinds) => (await calls.call("nextWakeMs", { kinds })) as number | undefined,
    counts: async () => (await calls.call("counts", {})) as Awaited<ReturnType<TaskStore["counts"]>>,
  };
}

function runStore(calls: ControlLink, random: Random): RunStore {
  return {
    async start({ kind, subject }) {
      const id = random.uuid();
      await calls.call("startRun", { id, kind, subject });
      return id;
    },
    finish: async (id, outcome) => void (await calls.call("finishRun", { id, outcome })),
    list: async (options) => (await calls.call("listRuns", options)) as Awaited<ReturnType<RunStore["list"]>>,
  };
}

function instanceStore(calls: ControlLink): InstanceStore {
  return {
    register: async (record) => void (await calls.call("registerInstance", record)),
    heartbeat: async (id) => void (await calls.call("heartbeat", { id })),
    list: async () => (await calls.call("listInstances", {})) as Awaited<ReturnType<InstanceStore["list"]>>,
    remove: async (id) => void (await calls.call("removeInstance", { id })),
  };
}

function scheduleStore(calls: ControlLink): ScheduleStore {
  return {
    put: async (schedule) => void (await calls.call("putSchedule", { schedule })),
    list: async () => (await calls.call("listSchedules", {})) as Awaited<ReturnType<ScheduleStore["list"]>>,
    remove: async (subject) => void (await calls.call("removeSchedule", { subject })),
  };
}
