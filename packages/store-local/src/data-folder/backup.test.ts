// A backup is complete or not there; a restored folder has the same log, control store and objects, and replaces nothing unasked.
import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteControlStore } from "../control/control-store.ts";
import { openSqliteEventLog } from "../event-log/event-log.ts";
import { openFileObjectStore } from "../objects/file-object-store.ts";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { backUpDataFolder, type BackupPart } from "./backup.ts";
import { dataFolderPaths, openDataFolder } from "./data-folder.ts";
import { restoreInto } from "./restore.ts";

let root: TemporaryFolder;
let path: string;
let backup: string;
let incarnation: string;
beforeEach(async () => {
  root = await temporaryFolder();
  path = join(root.path, "data");
  backup = join(root.path, "backup");
});
afterEach(() => root.remove());

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const warehousePart: BackupPart = {
  name: "warehouse.duckdb",
  write: (target) => writeFile(target, "the warehouse's copy"),
};

/** Fills a data folder and backs it up while its stores are open. */
async function takeBackup(parts: readonly BackupPart[] = [warehousePart]): Promise<{ objects: number; bytes: number }> {
  await using folder = await openDataFolder(path);
  const log = await openSqliteEventLog(folder.files.log);
  const control = await openSqliteControlStore(folder.files.control);
  const objects = await openFileObjectStore(folder.files.objects);
  try {
    incarnation = log.incarnation;
    await log.append({ partition: "a", payload: text("1\n2\n"), count: 2 });
    await control.schedules.put({ subject: "a", every: "5m", nextMs: 1 });
    for (const name of ["x", "y"])
      await objects.put(text(name), { prefix: `raw/${name}`, extension: "csv", codec: "zstd" });
    return await backUpDataFolder(path, backup, {
      parts: [
        ...parts,
        { name: "control.sqlite", write: (target) => control.backup(target) },
        { name: "log.sqlite", write: (target) => log.backup(target) },
      ],
    });
  } finally {
    await log.close();
    await control.close();
  }
}

async function keysOf(folder: string): Promise<string[]> {
  const store = await openFileObjectStore(dataFolderPaths(folder).objects);
  return (await Array.fromAsync(store.list(""))).map((object) => object.key);
}

describe("backing up", () => {
  it("tells what it holds, and leaves nothing beside it", async () => {
    expect(await takeBackup()).toMatchObject({ objects: 2 });
    expect((await readdir(backup)).sort()).toEqual([
      "backup.json",
      "control.sqlite",
      "format.json",
      "log.sqlite",
      "objects",
      "warehouse.duckdb",
    ]);
    expect((await readdir(root.path)).sort()).toEqual(["backup", "data"]);
  });

  it("leaves nothing when a store fails", async () => {
    const failing: BackupPart = { name: "warehouse.duckdb", write: () => Promise.reject(new Error("no")) };
    await expect(takeBackup([failing])).rejects.toThrow("no");
    expect(await readdir(root.path)).toEqual(["data"]);
  });

  it("does not write over anything", async () => {
    await takeBackup();
    await expect(takeBackup()).rejects.toMatchObject({ code: "folder-not-empty" });
  });
});

describe("restoring", () => {
  it("gives a folder that opens with the same content and the same log", async () => {
    await takeBackup();
    const target = join(root.path, "restored");
    expect(await restoreInto(backup, target)).toMatchObject({ objects: 2 });
    await using folder = await openDataFolder(target);
    const log = await openSqliteEventLog(folder.files.log);
    const control = await openSqliteControlStore(folder.files.control);
    expect(log.incarnation).toBe(incarnation);
    expect((await log.range("a")).next).toBe(2n);
    expect(await control.schedules.list()).toHaveLength(1);
    expect(await keysOf(target)).toEqual(await keysOf(path));
    expect((await stat(folder.files.warehouse)).size).toBe(20);
    await log.close();
    await control.close();
  });

  it("keeps data that is there, unless it is given up", async () => {
    await takeBackup();
    const more = await openFileObjectStore(dataFolderPaths(path).objects);
    await more.put(text("later"), { prefix: "raw/later", extension: "csv", codec: "none" });
    await expect(restoreInto(backup, path)).rejects.toMatchObject({ code: "folder-not-empty" });
    expect(await keysOf(path)).toHaveLength(3);
    await restoreInto(backup, path, { replace: true });
    expect(await keysOf(path)).toHaveLength(2);
    expect((await readdir(root.path)).sort()).toEqual(["backup", "data"]);
    await (await openDataFolder(path)).release();
  });

  it("refuses a folder that somebody owns", async () => {
    await takeBackup();
    await using owned = await openDataFolder(path);
    await expect(restoreInto(backup, owned.path, { replace: true })).rejects.toMatchObject({
      code: "data-folder-locked",
    });
  });

  it("refuses a backup that is not whole, before it touches anything", async () => {
    await takeBackup();
    const damages: (() => Promise<void>)[] = [
      () => rm(join(backup, "objects", "raw", "x"), { recursive: true }),
      () => appendFile(join(backup, "log.sqlite"), "x"),
      () => rm(join(backup, "warehouse.duckdb")),
      () => writeFile(join(backup, "backup.json"), "{}"),
      () => rm(join(backup, "backup.json")),
      () => rm(backup, { recursive: true }),
    ];
    for (const damage of damages) {
      await damage();
      await expect(restoreInto(backup, path, { replace: true })).rejects.toMatchObject({ code: "backup-invalid" });
    }
    expect(await keysOf(path)).toHaveLength(2);
  });

  it("can run again after it was killed at any point of the swap", async () => {
    await takeBackup();
    await rename(path, `${path}.replaced`);
    await mkdir(`${path}.restoring`);
    await restoreInto(backup, path);
    expect(await keysOf(path)).toHaveLength(2);
    expect((await readdir(root.path)).sort()).toEqual(["backup", "data"]);
  });
});
