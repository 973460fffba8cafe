// What every adapter of the port ControlStore must show. Runs under vitest: an adapter's test calls it with a way to open stores.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlStore, LeasedTask, NewTask } from "../ports/control-store.ts";
import { MillraceError } from "../errors/millrace-error.ts";
import { ManualClock } from "./manual-clock.ts";

export interface ControlStoreUnderTest {
  readonly store: ControlStore;
  /** Another store on the same storage, as a second instance has it. `dispose` closes it too. */
  another(): Promise<ControlStore>;
  dispose(): Promise<void>;
}

const error = new MillraceError("upstream-unavailable", "away").toJSON();

/** @param open opens an empty store that goes by this clock */
export function controlStoreConformance(
  name: string,
  open: (clock: ManualClock) => Promise<ControlStoreUnderTest>,
): void {
  describe(`ControlStore: ${name}`, () => {
    let clock: ManualClock;
    let subject: ControlStoreUnderTest;
    let store: ControlStore;
    beforeEach(async () => {
      clock = new ManualClock();
      subject = await open(clock);
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    const lease = (
      options: { from?: ControlStore; kinds?: string[]; max?: number; leaseMs?: number } = {},
    ): Promise<readonly LeasedTask[]> =>
      (options.from ?? store).tasks.lease({
        instance: "i",
        kinds: options.kinds ?? ["poll"],
        leaseMs: options.leaseMs ?? 1000,
        max: options.max ?? 10,
      });
    const leaseOne = async (from = store): Promise<LeasedTask> => {
      const [task] = await lease({ from, max: 1 });
      if (task === undefined) throw new Error("nothing to lease");
      return task;
    };
    const subjects = (tasks: readonly LeasedTask[]): string[] => tasks.map((task) => task.subject);

    describe("leasing", () => {
      it("takes moments with parts of a millisecond, as jitter makes them, and is never early", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: null, readyAtMs: clock.nowMs() + 10.3 });
        await clock.advance(10);
        expect(await lease()).toEqual([]);
        await clock.advance(1);
        const task = await leaseOne();
        expect(await store.tasks.fail(task, error, clock.nowMs() + 0.7)).toBe(true);
        expect(await lease()).toEqual([]);
        await clock.advance(1);
        expect(subjects(await lease())).toEqual(["a"]);
      });

      it("gives a task to its kind, as it was enqueued, once", async () => {
        const id = await store.tasks.enqueue({
          kind: "poll",
          subject: "a",
          input: { page: [1, null] },
          priority: 3,
          runId: "r",
        });
        expect(await lease({ kinds: ["build"] })).toEqual([]);
        const [task] = await lease();
        expect(task).toEqual({
          id,
          kind: "poll",
          subject: "a",
          input: { page: [1, null] },
          state: "leased",
          attempt: 1,
          priority: 3,
          readyAtMs: clock.nowMs(),
          runId: "r",
          fence: 1,
          leaseUntilMs: clock.nowMs() + 1000,
        });
        expect(await lease()).toEqual([]);
      });

      it("orders by priority, then by time, across kinds, up to the maximum", async () => {
        const start = clock.nowMs();
        const add = (kind: string, name: string, priority: number, readyAtMs = start): Promise<number> =>
          store.tasks.enqueue({ kind, subject: name, input: null, priority, readyAtMs });
        await add("poll", "low", 0);
        await add("build", "high", 9);
        await add("poll", "late", 5, start - 1);
        await add("poll", "early", 5, start - 5);
        expect(subjects(await lease({ kinds: ["poll", "build"], max: 3 }))).toEqual(["high", "early", "late"]);
        expect(subjects(await lease({ kinds: ["poll", "build"], max: 3 }))).toEqual(["low"]);
      });

      it("waits for the time of a task, whatever its priority", async () => {
        await store.tasks.enqueue({
          kind: "poll",
          subject: "later",
          input: null,
          priority: 9,
          readyAtMs: clock.nowMs() + 500,
        });
        await store.tasks.enqueue({ kind: "poll", subject: "now", input: null });
        expect(subjects(await lease())).toEqual(["now"]);
        await clock.advance(499);
        expect(await lease()).toEqual([]);
        await clock.advance(1);
        expect(subjects(await lease())).toEqual(["later"]);
      });

      it("never gives one task to two", async () => {
        const other = await subject.another();
        const names = Array.from({ length: 60 }, (_, at) => `s${at}`);
        await Promise.all(names.map((name) => store.tasks.enqueue({ kind: "poll", subject: name, input: null })));
        const taken = await Promise.all(
          Array.from({ length: 30 }, (_, at) => lease({ from: at % 2 === 0 ? store : other, max: 3 })),
        );
        expect(taken.flatMap(subjects).sort()).toEqual([...names].sort());
      });

      it("gives an abandoned task to another when its lease has expired, under a higher fence", async () => {
        const other = await subject.another();
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: 7 });
        const first = await leaseOne();
        await clock.advance(999);
        expect(await lease({ from: other })).toEqual([]);
        await clock.advance(1);
        const second = await leaseOne(other);
        expect(second).toMatchObject({ id: first.id, input: 7, attempt: 2 });
        expect(second.fence).toBeGreaterThan(first.fence);
        expect(await store.tasks.complete(first)).toBe(false);
        expect(await store.tasks.renew(first, 1000)).toBe(false);
        expect(await store.tasks.fail(first, error, clock.nowMs())).toBe(false);
        expect(await other.tasks.complete(second)).toBe(true);
        expect(await other.tasks.complete(second)).toBe(false);
      });

      it("renews a lease from the time of the renewal", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: null });
        const task = await leaseOne();
        await clock.advance(900);
        expect(await store.tasks.renew(task, 1000)).toBe(true);
        await clock.advance(999);
        expect(await lease()).toEqual([]);
        await clock.advance(1);
        expect(subjects(await lease())).toEqual(["a"]);
      });
    });

    describe("coalescing", () => {
      it("keeps one ready task per kind and subject: newest input, higher priority, earlier time", async () => {
        const task = (input: number, priority: number, afterMs: number): NewTask => ({
          kind: "poll",
          subject: "a",
          input,
          priority,
          readyAtMs: clock.nowMs() + afterMs,
        });
        const first = await store.tasks.enqueue(task(1, 5, 100));
        expect(await store.tasks.enqueue(task(2, 1, 50))).toBe(first);
        expect(await store.tasks.enqueue(task(3, 2, 900))).toBe(first);
        expect(await store.tasks.enqueue({ kind: "build", subject: "a", input: null })).not.toBe(first);
        await clock.advance(50);
        expect(await lease()).toMatchObject([{ id: first, input: 3, priority: 5 }]);
        expect((await store.tasks.counts()).ready).toBe(1);
      });

      it("keeps one ready beside one leased, and leases it only when the first has ended", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: 1 });
        const running = await leaseOne();
        const next = await store.tasks.enqueue({ kind: "poll", subject: "a", input: 2 });
        expect(next).not.toBe(running.id);
        expect(await store.tasks.enqueue({ kind: "poll", subject: "a", input: 3 })).toBe(next);
        expect(await lease()).toEqual([]);
        await store.tasks.complete(running);
        expect(await lease()).toMatchObject([{ id: next, input: 3 }]);
      });

      it("lets a newer ready task go on in place of a retry", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: 1 });
        const running = await leaseOne();
        const next = await store.tasks.enqueue({ kind: "poll", subject: "a", input: 2 });
        expect(await store.tasks.fail(running, error, clock.nowMs() + 10)).toBe(true);
        expect(await lease()).toMatchObject([{ id: next, input: 2, attempt: 2 }]);
        expect(await store.tasks.counts()).toMatchObject({ cancelled: 1, leased: 1, ready: 0 });
      });
    });

    describe("ending", () => {
      it("retries a failed task at its time and counts the attempts", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: null });
        expect(await store.tasks.fail(await leaseOne(), error, clock.nowMs() + 200)).toBe(true);
        expect(await lease()).toEqual([]);
        await clock.advance(200);
        const again = await leaseOne();
        expect(again.attempt).toBe(2);
        expect(await store.tasks.fail(again, error)).toBe(true);
        await clock.advance(10_000);
        expect(await lease()).toEqual([]);
        expect(await store.tasks.counts()).toEqual({ ready: 0, leased: 0, done: 0, failed: 1, cancelled: 0 });
      });

      it("cancels ready and leased tasks, whose owner then finds out", async () => {
        const ready = await store.tasks.enqueue({ kind: "poll", subject: "a", input: null });
        expect(await store.tasks.cancel(ready)).toBe(true);
        expect(await store.tasks.cancel(ready)).toBe(false);
        expect(await lease()).toEqual([]);
        await store.tasks.enqueue({ kind: "poll", subject: "b", input: null });
        const leased = await leaseOne();
        expect(await store.tasks.cancel(leased.id)).toBe(true);
        expect(await store.tasks.complete(leased)).toBe(false);
        expect(await store.tasks.cancel(123_456)).toBe(false);
        expect((await store.tasks.counts()).cancelled).toBe(2);
      });

      it("tells when there is something to lease next", async () => {
        const wake = (): Promise<number | undefined> => store.tasks.nextWakeMs(["poll"]);
        const start = clock.nowMs();
        expect(await wake()).toBeUndefined();
        await store.tasks.enqueue({ kind: "build", subject: "a", input: null });
        expect(await wake()).toBeUndefined();
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: null, readyAtMs: start + 700 });
        await store.tasks.enqueue({ kind: "poll", subject: "b", input: null, readyAtMs: start + 300 });
        expect(await wake()).toBe(start + 300);
        await clock.advance(300);
        const running = await leaseOne();
        expect(await wake()).toBe(start + 700);
        // Ready, but not to be leased before the running one ends.
        await store.tasks.enqueue({ kind: "poll", subject: "b", input: null });
        await clock.advance(500);
        expect(subjects(await lease())).toEqual(["a"]);
        expect(await wake()).toBe(running.leaseUntilMs);
        await store.tasks.complete(running);
        expect(await wake()).toBeLessThanOrEqual(clock.nowMs());
      });

      it("drops finished history beyond its bounds, oldest first, and nothing that is open", async () => {
        for (let at = 0; at < 12; at += 1) {
          await store.tasks.enqueue({ kind: "poll", subject: `s${at}`, input: null });
          await store.tasks.complete(await leaseOne());
          const run = await store.runs.start({ kind: "run", subject: `s${at}` });
          await store.runs.finish(run, { state: "done" });
          await clock.advance(1);
        }
        await store.tasks.enqueue({ kind: "poll", subject: "open", input: null });
        await store.runs.start({ kind: "run", subject: "open" });
        await store.retain({ finishedTasksMax: 5, finishedRunsMax: 2 });
        expect(await store.tasks.counts()).toMatchObject({ done: 5, ready: 1 });
        const left = await store.runs.list({ limit: 100 });
        expect(left.map((run) => run.subject)).toEqual(["open", "s11", "s10"]);
        expect(subjects(await lease())).toEqual(["open"]);
      });
    });

    describe("runs, instances, schedules", () => {
      it("keeps runs newest first, by subject, with how they ended", async () => {
        const first = await store.runs.start({ kind: "batch", subject: "a" });
        await clock.advance(5);
        const second = await store.runs.start({ kind: "batch", subject: "b" });
        await store.runs.finish(first, { state: "failed", error, summary: { rows: 3 } });
        await store.runs.finish(first, { state: "done" });
        const runs = await store.runs.list({ limit: 10 });
        const startedMs = clock.nowMs() - 5;
        expect(runs).toEqual([
          { id: second, kind: "batch", subject: "b", state: "running", startedMs: startedMs + 5 },
          {
            id: first,
            kind: "batch",
            subject: "a",
            state: "failed",
            startedMs,
            finishedMs: startedMs + 5,
            error,
            summary: { rows: 3 },
          },
        ]);
        expect(await store.runs.list({ subject: "a", limit: 10 })).toEqual([runs[1]]);
        expect(await store.runs.list({ limit: 1 })).toEqual([runs[0]]);
      });

      it("keeps instances with their last sign of life, for all to see", async () => {
        const other = await subject.another();
        const startedMs = clock.nowMs();
        await store.instances.register({ id: "one", roles: ["worker", "gateway"], address: "http://one" });
        await clock.advance(10);
        await other.instances.register({ id: "two", roles: ["worker"] });
        await store.instances.heartbeat("one");
        await store.instances.heartbeat("unknown");
        expect(await other.instances.list()).toEqual([
          { id: "one", roles: ["worker", "gateway"], startedMs, seenMs: startedMs + 10, address: "http://one" },
          { id: "two", roles: ["worker"], startedMs: startedMs + 10, seenMs: startedMs + 10 },
        ]);
        await store.instances.remove("one");
        expect((await other.instances.list()).map((instance) => instance.id)).toEqual(["two"]);
      });

      it("keeps one schedule per subject", async () => {
        await store.schedules.put({ subject: "b", every: "5m", nextMs: 1 });
        await store.schedules.put({ subject: "a", every: "30s", nextMs: 2 });
        await store.schedules.put({ subject: "b", every: "0 3 * * *", nextMs: 9 });
        expect(await store.schedules.list()).toEqual([
          { subject: "a", every: "30s", nextMs: 2 },
          { subject: "b", every: "0 3 * * *", nextMs: 9 },
        ]);
        await store.schedules.remove("a");
        expect(await store.schedules.list()).toHaveLength(1);
      });

      it("shows everything to a store that is opened later", async () => {
        await store.tasks.enqueue({ kind: "poll", subject: "a", input: "kept" });
        await store.schedules.put({ subject: "a", every: "5m", nextMs: 1 });
        const run = await store.runs.start({ kind: "batch", subject: "a" });
        await store.close();
        const later = await subject.another();
        expect(await lease({ from: later })).toMatchObject([{ input: "kept" }]);
        expect(await later.schedules.list()).toHaveLength(1);
        expect((await later.runs.list({ limit: 1 }))[0]?.id).toBe(run);
      });
    });
  });
}
