// When work starts: durations, cron expressions, restarts, leases and rests.
import { MillraceError, silentLogger, silentMetrics, systemClock, type ChannelDefinition } from "@millrace/core";
import { ManualClock } from "@millrace/core/testing";
import { openSqliteControlStore, type SqliteControlStore } from "@millrace/store-local";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newFolder, removeFolder } from "../testing/embedded-stage.ts";
import { CoalescedWork } from "./coalesced-work.ts";
import { TaskWorker } from "./task-worker.ts";
import { Timers } from "./timers.ts";
import { nextMoment, validateTrigger } from "./trigger.ts";

let folder: string;
let control: SqliteControlStore;

beforeEach(async () => {
  folder = newFolder();
  control = await openSqliteControlStore(join(folder, "control.sqlite"));
});

afterEach(async () => {
  await control.close();
  removeFolder(folder);
});

it("knows the next moment of durations and of cron expressions in UTC", () => {
  const noon = Date.UTC(2026, 5, 1, 12);
  expect(nextMoment("30s", noon)).toBe(noon + 30_000);
  expect(nextMoment("0 22 * * *", noon)).toBe(Date.UTC(2026, 5, 1, 22));
  expect(nextMoment("on-arrival", noon)).toBeUndefined();
});

it.for(["10ms", "every day", "61 * * * *"])("refuses the trigger %j with file and line", (every) => {
  const channel = {
    domain: "shop",
    name: "x",
    every,
    location: { file: "/p/channels.ts", line: 7 },
  } as ChannelDefinition;
  expect(() => validateTrigger(channel)).toThrow(
    expect.objectContaining({
      code: "channel-invalid",
      message: expect.stringContaining("/p/channels.ts:7: channel shop.x"),
    }),
  );
});

it("fires in time, keeps stored moments over a restart, and catches up once on what was missed", async () => {
  const clock = new ManualClock();
  const due: string[] = [];
  const open = (): Timers =>
    new Timers({ schedules: control.schedules, clock, log: silentLogger, onDue: (subject) => due.push(subject) });
  const first = open();
  await first.adopt(
    new Map([
      ["a", "10s"],
      ["b", "1m"],
    ]),
  );
  await clock.advance(25_000);
  expect(due).toEqual(["a", "a"]);
  first.stop();
  await clock.advance(120_000);
  const second = open();
  await second.adopt(new Map([["a", "10s"]]));
  await clock.advance(1);
  expect(due).toEqual(["a", "a", "a"]);
  second.stop();
  expect((await control.schedules.list()).map(({ subject }) => subject)).toEqual(["a"]);
});

function worker(run: (subject: string, signal: AbortSignal) => Promise<void>, leaseMs = 10_000): TaskWorker {
  const shared = { tasks: control.tasks, clock: systemClock, log: silentLogger, metrics: silentMetrics };
  return new TaskWorker({ ...shared, instance: "i", leaseMs, tasksMax: 2, execute: { work: run } });
}

it("runs one task of a subject at a time, and coalesces what waits", async () => {
  let running = 0;
  let most = 0;
  const ran: string[] = [];
  const tasks = worker(async (subject) => {
    most = Math.max(most, (running += 1));
    await systemClock.sleep(20);
    running -= 1;
    ran.push(subject);
  });
  tasks.start();
  for (let at = 0; at < 10; at += 1) tasks.enqueue({ kind: "work", subject: "s", input: null });
  await expect.poll(() => ran.length).toBeGreaterThanOrEqual(1);
  tasks.enqueue({ kind: "work", subject: "s", input: null });
  await expect.poll(async () => (await control.tasks.counts()).ready + (await control.tasks.counts()).leased).toBe(0);
  expect(most).toBe(1);
  expect(ran.length).toBeLessThanOrEqual(3);
  await tasks.stop();
});

it("waits for a later moment and records failures", async () => {
  const ran: number[] = [];
  const tasks = worker(() => {
    ran.push(systemClock.nowMs());
    return Promise.reject(new MillraceError("upstream-refused", "no"));
  });
  tasks.start();
  const readyAtMs = systemClock.nowMs() + 150;
  tasks.enqueue({ kind: "work", subject: "s", input: null, readyAtMs });
  await expect.poll(async () => (await control.tasks.counts()).failed).toBe(1);
  expect(ran[0]).toBeGreaterThanOrEqual(readyAtMs);
  await tasks.stop();
});

it("keeps the lease of long work, and abandons work whose lease was taken", async () => {
  const ended = Promise.withResolvers<unknown>();
  const tasks = worker(async (_subject, signal) => {
    await systemClock.sleep(30_000, signal).catch(ended.resolve);
  }, 90);
  tasks.start();
  tasks.enqueue({ kind: "work", subject: "s", input: null });
  await expect.poll(async () => (await control.tasks.counts()).leased).toBe(1);
  await systemClock.sleep(300);
  expect(await control.tasks.lease({ instance: "j", kinds: ["work"], leaseMs: 1000, max: 1 })).toEqual([]);
  await control.tasks.cancel(1);
  expect(await ended.promise).toMatchObject({ code: "cancelled" });
  await tasks.stop();
});

it("coalesces work that is asked for while it runs, and survives its errors", async () => {
  let runs = 0;
  const errors: string[] = [];
  const work = new CoalescedWork({
    clock: systemClock,
    log: silentLogger,
    onError: (error) => errors.push(error.code),
    run: async () => {
      runs += 1;
      await systemClock.sleep(5);
      if (runs === 1) throw new MillraceError("query-failed", "once");
    },
  });
  for (let at = 0; at < 5; at += 1) work.request("s");
  await systemClock.sleep(1);
  for (let at = 0; at < 5; at += 1) work.request("s");
  await work.idle();
  expect(runs).toBe(2);
  expect(errors).toEqual(["query-failed"]);
  await work.stop();
});
