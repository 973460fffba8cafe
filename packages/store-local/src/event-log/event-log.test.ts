// What SqliteEventLog adds to the port: bounds in space and time, coded failures, backups, and a disk that may fill up.
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setFailpointHook, systemClock, type Appended, type Clock } from "@millrace/core";
import { ManualClock } from "@millrace/core/testing";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { openSqliteEventLog, type SqliteEventLog, type SqliteEventLogOptions } from "./event-log.ts";

const KiB = 1024;
let folder: TemporaryFolder;
let file: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, "log.sqlite");
});
afterEach(() => folder.remove());

async function open(options: SqliteEventLogOptions = {}): Promise<SqliteEventLog> {
  const log = await openSqliteEventLog(file, options);
  onTestFinished(() => log.close());
  return log;
}

function append(log: SqliteEventLog, bytes = 100, idempotencyKey?: string): Promise<Appended> {
  const request = { partition: "a", payload: new Uint8Array(bytes).fill(120), count: 1 };
  return log.append(idempotencyKey === undefined ? request : { ...request, idempotencyKey });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

describe("space", () => {
  it("is used again after trims: the file does not grow with what passes through", async () => {
    const log = await open({ walBytesMax: 1024 * KiB });
    const sizes: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => append(log, 50 * KiB)));
      await log.trim("a", (await log.range("a")).next);
      sizes.push((await sizeOf(file)) + (await sizeOf(`${file}-wal`)));
    }
    // 12 MB passed through; 1 MB was there at any time.
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * KiB);
    expect(sizes.at(-1)).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 6)));
  });

  it("is given back when a large backlog was worked off", async () => {
    const log = await open({ walBytesMax: 256 * KiB, freeBytesMax: 1024 * KiB });
    await Promise.all(Array.from({ length: 60 }, () => append(log, 100 * KiB)));
    await log.close();
    expect(await sizeOf(file)).toBeGreaterThan(5000 * KiB);
    const again = await open({ walBytesMax: 256 * KiB, freeBytesMax: 1024 * KiB });
    await again.trim("a", 60n);
    expect(await sizeOf(file)).toBeLessThan(1000 * KiB);
    expect((await append(again)).offset).toBe(60n);
  });

  it("keeps the write-ahead log short under load", async () => {
    const log = await open({ walBytesMax: 1024 * KiB, groupBytesMax: 100 * KiB });
    let longest = 0;
    for (let round = 0; round < 15; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => append(log, 50 * KiB)));
      longest = Math.max(longest, await sizeOf(`${file}-wal`));
    }
    expect(longest).toBeLessThan(8 * 1024 * KiB);
    expect((await log.range("a")).next).toBe(300n);
  });

  it("is moved from the write-ahead log into the file once the log falls idle", async () => {
    const clock = new ManualClock();
    const log = await open({ clock });
    await append(log, 500 * KiB);
    await log.range("a");
    expect(await sizeOf(file)).toBeLessThan(400 * KiB);
    await clock.advance(1000);
    await log.range("a");
    expect(await sizeOf(file)).toBeGreaterThan(500 * KiB);
  });

  it("that was forgotten in a trim cut short by a crash goes with the next trim", async () => {
    const log = await open();
    for (let at = 0; at < 4; at += 1) await append(log);
    await log.close();
    const db = new DatabaseSync(file);
    db.exec("UPDATE partitions SET first = 2, next = 4");
    db.close();
    const again = await open();
    expect(await again.range("a")).toEqual({ first: 2n, next: 4n });
    await again.trim("a", 3n);
    await again.close();
    const after = new DatabaseSync(file);
    expect(
      after
        .prepare("SELECT offset FROM entries_1")
        .all()
        .map((row) => row["offset"]),
    ).toEqual([3]);
    after.close();
  });
});

describe("failures", () => {
  it("a full disk refuses the append, stops the writer, loses nothing, and passes with a restart", async () => {
    const log = await open({ fileBytesMax: 1024 * KiB });
    const settled: PromiseSettledResult<Appended>[] = [];
    for (let at = 0; at < 30; at += 1) settled.push(...(await Promise.allSettled([append(log, 90 * KiB)])));
    const codes = settled.map((one) => (one.status === "fulfilled" ? "ok" : (one.reason as { code: string }).code));
    const taken = codes.filter((code) => code === "ok").length;
    expect(taken).toBeGreaterThan(3);
    expect(codes.slice(taken)).toEqual([
      "storage-full",
      ...Array.from({ length: 29 - taken }, () => "storage-poisoned"),
    ]);
    await expect(log.trim("a", 1n)).rejects.toMatchObject({
      code: "storage-poisoned",
      details: { first: "storage-full" },
    });
    expect(await log.read("a", 0n, { bytesMax: 10_000 * KiB })).toHaveLength(taken);
    await log.close();
    const again = await open();
    expect((await append(again)).offset).toBe(BigInt(taken));
  });

  it("a failed group fails every append in it and every one that waits", async () => {
    const log = await open({ fileBytesMax: 600 * KiB, groupBytesMax: 500 * KiB });
    const settled = await Promise.allSettled(Array.from({ length: 40 }, () => append(log, 60 * KiB)));
    const refused = settled
      .filter((one) => one.status === "rejected")
      .map((one) => (one.reason as { code: string }).code);
    const taken = settled.length - refused.length;
    expect(new Set(refused)).toEqual(new Set(["storage-full", "storage-poisoned"]));
    await log.close();
    expect((await (await open()).range("a")).next).toBe(BigInt(taken));
  });

  it("a file that is open elsewhere is refused, and free again afterwards", async () => {
    const log = await open();
    await expect(openSqliteEventLog(file)).rejects.toMatchObject({ code: "data-folder-locked" });
    await log.close();
    await (await open()).partitions();
  });

  it("a file of a newer format is refused and left alone", async () => {
    await (await open()).close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(openSqliteEventLog(file)).rejects.toMatchObject({ code: "data-folder-newer", details: { found: 99 } });
  });

  it("a file that is no database is refused", async () => {
    await writeFile(file, "this is not a database, but long enough to be read as one".repeat(20));
    await expect(openSqliteEventLog(file)).rejects.toMatchObject({ code: "data-folder-invalid" });
  });

  it("a folder that does not exist is a coded error", async () => {
    const nowhere = join(folder.path, "none", "log.sqlite");
    await expect(openSqliteEventLog(nowhere)).rejects.toMatchObject({ code: "storage-failed" });
  });
});

describe("idempotency keys", () => {
  it("are forgotten after their age, by the log's clock", async () => {
    const clock = new ManualClock();
    const log = await open({ clock, idempotencyAgeMs: 60_000 });
    await append(log, 10, "k");
    await clock.advance(59_000);
    expect((await append(log, 10, "k")).repeated).toBe(true);
    await clock.advance(2000);
    expect((await append(log, 10, "k")).repeated).toBe(false);
    expect((await append(log, 10, "k")).repeated).toBe(true);
  });

  it("are bounded in number, oldest first, in the file as well", async () => {
    const options = { idempotencyKeysMax: 50 };
    const log = await open(options);
    for (let at = 0; at < 120; at += 1) await append(log, 10, `k${at}`);
    expect((await append(log, 10, "k119")).repeated).toBe(true);
    expect((await append(log, 10, "k70")).repeated).toBe(true);
    await log.close();
    const db = new DatabaseSync(file);
    expect(db.prepare("SELECT count(*) AS rows FROM receipts").get()).toMatchObject({ rows: 50 });
    db.close();
    const again = await open(options);
    expect((await append(again, 10, "k70")).repeated).toBe(true);
    expect((await append(again, 10, "k69")).repeated).toBe(false);
  });

  it("of an impossible length are refused", async () => {
    const log = await open();
    for (const key of ["", "k".repeat(256)]) {
      await expect(append(log, 10, key)).rejects.toMatchObject({ code: "request-invalid" });
    }
  });
});

describe("time and tests", () => {
  it("receive times grow although the clock is set back, also over a restart", async () => {
    let nowMicros = 5_000_000n;
    const clock: Clock = { ...systemClock, nowMicros: () => nowMicros };
    const log = await open({ clock });
    const first = await append(log);
    nowMicros = 1_000_000n;
    const second = await append(log);
    await log.trim("a", 2n);
    await log.close();
    const third = await append(await open({ clock }));
    expect(first.receivedAtMicros).toBe(5_000_000n);
    expect(second.receivedAtMicros).toBeGreaterThan(first.receivedAtMicros);
    expect(third.receivedAtMicros).toBeGreaterThan(second.receivedAtMicros);
  });

  it("passes the failpoints of sync and trim", async () => {
    const passed: string[] = [];
    setFailpointHook((name) => passed.push(name));
    onTestFinished(() => setFailpointHook(undefined));
    const log = await open();
    await append(log);
    expect(new Set(passed)).toEqual(new Set(["log.sync"]));
    await log.trim("a", 1n);
    expect(new Set(passed)).toEqual(new Set(["log.sync", "log.trim"]));
  });
});

describe("backup", () => {
  it("copies everything that was acknowledged, with the log's identity, while appends go on", async () => {
    const log = await open();
    for (let at = 0; at < 5; at += 1) await append(log, 1000, `k${at}`);
    const target = join(folder.path, "copy.sqlite");
    await Promise.all([log.backup(target), ...Array.from({ length: 20 }, () => append(log))]);
    const copy = await openSqliteEventLog(target);
    onTestFinished(() => copy.close());
    expect(copy.incarnation).toBe(log.incarnation);
    expect(await copy.read("a", 0n, { bytesMax: 5000 })).toEqual(await log.read("a", 0n, { bytesMax: 5000 }));
    expect((await append(copy, 1000, "k2")).repeated).toBe(true);
  });

  it("can hold trims off for as long as it takes", async () => {
    const log = await open();
    await append(log);
    await append(log);
    const release = log.holdTrims();
    await log.trim("a", 1n);
    expect((await log.range("a")).first).toBe(0n);
    release();
    release();
    await log.trim("a", 1n);
    expect((await log.range("a")).first).toBe(1n);
  });
});
