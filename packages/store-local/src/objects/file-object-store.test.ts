// What FileObjectStore adds to the port: the order of its syncs, what a failed sync does, and what a crash leaves behind.
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setFailpointHook } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { diskSync, type DiskSync } from "../files/disk-sync.ts";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { openFileObjectStore } from "./file-object-store.ts";

const options = { prefix: "raw/shop/2026", extension: "csv", codec: "zstd" } as const;
const content = new TextEncoder().encode("a,b\n1,2\n");
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe("durability", () => {
  it("syncs the file before it gets its name, then every new folder's entry, and the folder before it answers", async () => {
    const order: string[] = [];
    const sync: DiskSync = {
      async file(handle) {
        order.push(`file of ${(await handle.stat()).size} bytes`);
        await handle.sync();
      },
      async folder(path) {
        const names = (await readdir(path))
          .filter((name) => name !== ".tmp")
          .map((name) => name.replace(/^[0-9a-f]{64}/, "<hash>"));
        order.push(`${relative(folder.path, path)}/ with ${names.join()}`);
        await diskSync.folder(path);
      },
    };
    const store = await openFileObjectStore(folder.path, { sync });
    const ref = await store.put(content, options);
    expect(order).toEqual([
      `file of ${ref.storedBytes} bytes`,
      "/ with raw",
      "raw/ with shop",
      "raw/shop/ with 2026",
      "raw/shop/2026/ with <hash>.csv.zst",
    ]);
    await store.put(content, options);
    expect(order.slice(5)).toEqual([`file of ${ref.storedBytes} bytes`, "raw/shop/2026/ with <hash>.csv.zst"]);
  });

  it("shares folder syncs among puts at the same time", async () => {
    let syncs = 0;
    const counting: DiskSync = { ...diskSync, folder: (path) => ((syncs += 1), diskSync.folder(path)) };
    const store = await openFileObjectStore(folder.path, { sync: counting });
    await store.put(content, options);
    syncs = 0;
    await Promise.all(Array.from({ length: 40 }, (_, at) => store.put(new Uint8Array([at]), options)));
    expect(syncs).toBeGreaterThan(0);
    expect(syncs).toBeLessThan(30);
  });

  it("removes what a crash left unfinished, and only that", async () => {
    const store = await openFileObjectStore(folder.path);
    const ref = await store.put(content, options);
    await writeFile(join(folder.path, ".tmp", "half"), "half");
    const again = await openFileObjectStore(folder.path);
    expect(await readdir(join(folder.path, ".tmp"))).toEqual([]);
    expect((await Array.fromAsync(again.list(""))).map((object) => object.key)).toEqual([ref.key]);
  });

  it("has nothing under a final name at its failpoint", async () => {
    const store = await openFileObjectStore(folder.path);
    setFailpointHook((name) => {
      expect(name).toBe("raw.put");
      throw new Error("stopped here");
    });
    onTestFinished(() => setFailpointHook(undefined));
    await expect(store.put(content, options)).rejects.toThrow("stopped here");
    expect(await Array.fromAsync(store.list(""))).toEqual([]);
    expect(await readdir(join(folder.path, ".tmp"))).toEqual([]);
  });

  it("keeps its files to their owner", async () => {
    const store = await openFileObjectStore(folder.path);
    const ref = await store.put(content, options);
    expect((await stat(join(folder.path, ref.key))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder.path, "raw"))).mode & 0o777).toBe(0o700);
  });

  it("finds its way when somebody removes its folders", async () => {
    const store = await openFileObjectStore(folder.path);
    await store.put(content, options);
    await rm(join(folder.path, "raw"), { recursive: true });
    const ref = await store.put(content, options);
    expect(await store.exists(ref)).toBe(true);
  });
});

describe("failures", () => {
  const failing = (part: "file" | "folder", code: string): DiskSync => ({
    ...diskSync,
    [part]: () => Promise.reject(Object.assign(new Error(`${code}: no`), { code })),
  });

  it.each([
    ["file", "EIO", "storage-failed"],
    ["folder", "EIO", "storage-failed"],
    ["file", "ENOSPC", "storage-full"],
  ] as const)(
    "a failed sync of a %s with %s stops the store: %s, then storage-poisoned",
    async (part, code, expected) => {
      const store = await openFileObjectStore(folder.path, { sync: failing(part, code) });
      await expect(store.put(content, options)).rejects.toMatchObject({ code: expected });
      await expect(store.put(content, options)).rejects.toMatchObject({
        code: "storage-poisoned",
        details: { first: expected },
      });
      expect(await readdir(join(folder.path, ".tmp"))).toEqual([]);
      await (await openFileObjectStore(folder.path)).put(content, options);
    },
  );

  it("a folder that cannot be made is a coded error", async () => {
    const store = await openFileObjectStore(folder.path);
    await mkdir(join(folder.path, "raw"));
    await writeFile(join(folder.path, "raw", "shop"), "a file where a folder should be");
    await expect(store.put(content, options)).rejects.toMatchObject({ code: "storage-failed" });
    await expect(openFileObjectStore(join(folder.path, "raw", "shop"))).rejects.toMatchObject({
      code: "storage-failed",
    });
  });
});
