// What SqliteControlStore adds to the port: costs that do not grow with history, calls that fail alone, backups, formats.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@millrace/core/testing";
import type { Kysely } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { controlMigrations, type ControlSchema } from "./control-schema.ts";
import { openSqliteControlStore, type SqliteControlStore } from "./control-store.ts";
import { kyselyOn } from "./node-sqlite-dialect.ts";
import { complete, counts, enqueue, fail, lease, nextWakeMs, renew } from "./task-queries.ts";

async function open(options: { waitingCallsMax?: number } = {}): Promise<{ store: SqliteControlStore; file: string }> {
  const folder = await temporaryFolder();
  const file = join(folder.path, "control.sqlite");
  const store = await openSqliteControlStore(file, options);
  onTestFinished(async () => {
    await store.close();
    await folder.remove();
  });
  return { store, file };
}

it("never reads finished tasks to find, renew, end or count work", async () => {
  const db = new DatabaseSync(":memory:");
  for (const migration of controlMigrations) migration(db);
  const asked = new Set<string>();
  const prepare = db.prepare.bind(db);
  db.prepare = (sql: string) => {
    asked.add(sql);
    return prepare(sql);
  };
  const store: Kysely<ControlSchema> = kyselyOn(db);
  const clock = new ManualClock();
  const options = { instance: "i", kinds: ["poll"], leaseMs: 10, max: 5 };
  for (let at = 0; at < 4; at += 1)
    await enqueue(
      store,
      { kind: "poll", subject: `s${at}`, input: null, readyAtMs: clock.nowMs() + at },
      clock.nowMs(),
    );
  const [first, second, third] = await lease(store, options, clock.nowMs() + 10);
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("three tasks were to be leased");
  await renew(store, first, 10, clock.nowMs());
  await complete(store, first, clock.nowMs());
  await fail(store, second, { error: { code: "internal", kind: "bug", message: "", hint: "" } }, clock.nowMs());
  await fail(
    store,
    third,
    { error: { code: "internal", kind: "bug", message: "", hint: "" }, retryAtMs: 1 },
    clock.nowMs(),
  );
  await nextWakeMs(store, ["poll"]);
  await counts(store);
  expect(asked.size).toBeGreaterThan(8);
  for (const sql of asked) {
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(
      ...Array.from({ length: sql.split("?").length - 1 }, () => 1),
    );
    const steps = plan.map((step) => String(step["detail"]));
    expect({ sql, scans: steps.filter((step) => /^SCAN (tasks|sibling)/.test(step)) }).toEqual({ sql, scans: [] });
    const foreign = steps
      .filter((step) => /^SEARCH (tasks|sibling)/.test(step))
      .filter((step) => !/INTEGER PRIMARY KEY|INDEX tasks_(one|by)_/.test(step));
    expect({ sql, foreign }).toEqual({ sql, foreign: [] });
  }
});

it("undoes a call that fails without the others of its transaction", async () => {
  const { store } = await open();
  const add = (subject: string, input: unknown): Promise<number> =>
    store.tasks.enqueue({ kind: "poll", subject, input });
  // A bigint has no JSON text.
  const settled = await Promise.allSettled([add("a", 1), add("b", 2n), add("c", 3)]);
  expect(settled.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await store.tasks.counts()).ready).toBe(2);
  await expect(add("d", 4n)).rejects.toMatchObject({ code: "internal" });
  expect((await store.tasks.counts()).ready).toBe(2);
});

it("refuses calls beyond its bound and answers those that it took", async () => {
  const { store } = await open({ waitingCallsMax: 10 });
  const settled = await Promise.allSettled(
    Array.from({ length: 30 }, (_, at) => store.tasks.enqueue({ kind: "poll", subject: `s${at}`, input: null })),
  );
  const refused = settled.filter((one) => one.status === "rejected");
  expect(refused).toHaveLength(20);
  expect(refused.every((one) => (one.reason as { code: string }).code === "overloaded")).toBe(true);
  expect((await store.tasks.counts()).ready).toBe(10);
});

it("takes a backup that opens as a store", async () => {
  const { store, file } = await open();
  await store.tasks.enqueue({ kind: "poll", subject: "a", input: "kept" });
  await store.backup(`${file}.copy`);
  await store.tasks.enqueue({ kind: "poll", subject: "b", input: null });
  const copy = await openSqliteControlStore(`${file}.copy`);
  expect((await copy.tasks.counts()).ready).toBe(1);
  await copy.close();
});

it("refuses a file of a newer format, and calls after it was closed", async () => {
  const { store, file } = await open();
  await store.close();
  await expect(store.tasks.counts()).rejects.toMatchObject({ code: "cancelled" });
  const db = new DatabaseSync(file);
  db.exec("PRAGMA user_version = 7");
  db.close();
  await expect(openSqliteControlStore(file)).rejects.toMatchObject({ code: "data-folder-newer" });
});

it("can be created by two at the same time", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "control.sqlite");
  const stores = await Promise.all([openSqliteControlStore(file), openSqliteControlStore(file)]);
  await Promise.all(stores.map((store, at) => store.tasks.enqueue({ kind: "poll", subject: `s${at}`, input: null })));
  expect((await stores[0].tasks.counts()).ready).toBe(2);
  for (const store of stores) await store.close();
});
