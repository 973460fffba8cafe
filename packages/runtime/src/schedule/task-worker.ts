// Executes tasks of the control store: leases them, keeps the lease while they run, and abandons work whose lease was lost.
import {
  isMillraceError,
  MillraceError,
  toMillraceError,
  type Clock,
  type LeasedTask,
  type Logger,
  type Metrics,
  type NewTask,
  type TaskStore,
} from "@millrace/core";
import { Wakeup } from "./wakeup.ts";

export interface TaskWorkerParts {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly instance: string;
  readonly leaseMs: number;
  readonly tasksMax: number;
  /** By kind. Rejections end the task as failed; retries are the business of the subject. */
  readonly execute: Readonly<Record<string, (subject: string, signal: AbortSignal) => Promise<void>>>;
}

export class TaskWorker {
  readonly #parts: TaskWorkerParts;
  readonly #kinds: readonly string[];
  readonly #queued = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #wakeup = new Wakeup();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(parts: TaskWorkerParts) {
    this.#parts = parts;
    this.#kinds = Object.keys(parts.execute);
  }

  start(): void {
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** Asks running work to stop, and waits for it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new MillraceError("cancelled", "The platform stops."));
    await this.#loop;
    await Promise.allSettled(this.#running);
  }

  /** Queues work. While an equal task waits that this process queued, nothing is written. */
  enqueue(task: NewTask): void {
    const key = `${task.kind}:${task.subject}`;
    if (this.#queued.has(key) || this.#stopping.signal.aborted) return;
    this.#queued.add(key);
    this.#parts.tasks.enqueue(task).then(
      () => this.#wakeup.ring(),
      (error: unknown) => {
        this.#queued.delete(key);
        this.#parts.log.error("A task could not be queued.", { ...task, error: toMillraceError(error).toJSON() });
      },
    );
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const waitMs = await this.#leaseReady(signal);
        await this.#wakeup.wait(this.#parts.clock, { signal, ...(waitMs === undefined ? {} : { ms: waitMs }) });
      } catch (error) {
        this.#parts.log.error("Tasks could not be leased.", { error: toMillraceError(error).toJSON() });
        await this.#wakeup.wait(this.#parts.clock, { signal, ms: this.#parts.leaseMs });
      }
    }
  }

  /** Starts what is ready; returns how long nothing more can become ready by time alone. */
  async #leaseReady(signal: AbortSignal): Promise<number | undefined> {
    const { tasks, clock, instance, leaseMs, tasksMax } = this.#parts;
    const free = tasksMax - this.#running.size;
    if (free <= 0) return undefined;
    const leased = await tasks.lease({ instance, kinds: this.#kinds, leaseMs, max: free });
    for (const task of leased) {
      this.#queued.delete(`${task.kind}:${task.subject}`);
      const run = this.#execute(task, signal).finally(() => {
        this.#running.delete(run);
        this.#wakeup.ring();
      });
      this.#running.add(run);
    }
    if (leased.length === free) return undefined;
    const nextMs = await tasks.nextWakeMs(this.#kinds);
    return nextMs === undefined ? undefined : Math.max(1, nextMs - clock.nowMs());
  }

  async #execute(task: LeasedTask, stopping: AbortSignal): Promise<void> {
    const { tasks, log, metrics } = this.#parts;
    const lost = new AbortController();
    const stopRenewing = this.#keepLease(task, lost);
    let outcome = "done";
    try {
      const signal = AbortSignal.any([stopping, lost.signal]);
      await this.#parts.execute[task.kind]?.(task.subject, signal);
      stopRenewing();
      await tasks.complete(task);
    } catch (thrown) {
      stopRenewing();
      const error = toMillraceError(thrown);
      outcome = isMillraceError(error, "cancelled") ? "cancelled" : "failed";
      await tasks.fail(task, error.toJSON()).catch((failure: unknown) => {
        log.error("A task's end could not be stored.", { id: task.id, error: toMillraceError(failure).toJSON() });
      });
    }
    metrics.count("millrace_tasks_total", 1, { kind: task.kind, outcome });
  }

  #keepLease(task: LeasedTask, lost: AbortController): () => void {
    const { tasks, clock, leaseMs } = this.#parts;
    let stopped = false;
    let cancel = (): void => undefined;
    const arm = (): void => {
      if (!stopped) cancel = clock.after(leaseMs / 3, renew);
    };
    const renew = (): void => {
      const lose = (): void => lost.abort(new MillraceError("cancelled", "The task's lease was lost."));
      tasks.renew(task, leaseMs).then((held) => (held || stopped ? arm() : lose()), arm);
    };
    arm();
    return () => {
      stopped = true;
      cancel();
    };
  }
}
