// A data folder has one owner, one format, and recovers from whatever ended the last owner.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { openDataFolder } from "./data-folder.ts";
import { bringUpToDate } from "./folder-format.ts";
import { isRunning, processStartOf, readOwner } from "./owner-record.ts";

let root: TemporaryFolder;
let path: string;
beforeEach(async () => {
  root = await temporaryFolder();
  path = join(root.path, "shop", ".millrace");
});
afterEach(() => root.remove());

async function otherOwner(): Promise<{ child: ChildProcess; pid: number; token: string }> {
  const script = fileURLToPath(new URL("../testing/own-folder.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { pid: number; token: string }) };
}

describe("opening", () => {
  it("creates the folder, its format and its places, for its owner's eyes only", async () => {
    await using folder = await openDataFolder(path);
    expect(folder.format).toBe(1);
    expect(JSON.parse(await readFile(join(path, "format.json"), "utf8"))).toEqual({ format: 1 });
    expect((await readdir(path)).sort()).toEqual(["format.json", "objects", "owner.guard", "owner.lock", "tmp"]);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, "owner.lock"))).mode & 0o777).toBe(0o600);
    expect(folder.files.log).toBe(join(path, "log.sqlite"));
  });

  it("empties what was temporary and keeps the rest", async () => {
    await (await openDataFolder(path)).release();
    await writeFile(join(path, "tmp", "spill"), "x");
    await writeFile(join(path, "objects", "kept"), "x");
    await using folder = await openDataFolder(path);
    expect(await readdir(folder.files.tmp)).toEqual([]);
    expect(await readdir(folder.files.objects)).toEqual(["kept"]);
  });

  it("refuses a newer format and changes nothing", async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "format.json"), '{"format":2}');
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: "data-folder-newer",
      details: { found: 2, known: 1 },
    });
    expect(await readFile(join(path, "format.json"), "utf8")).toBe('{"format":2}');
    expect(await readOwner(path)).toBeUndefined();
  });

  it.each(["", "{}", '{"format":0}', '{"format":"1"}', "[]", "null"])("refuses a format file with %j", async (text) => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "format.json"), text);
    await expect(openDataFolder(path)).rejects.toMatchObject({ code: "data-folder-invalid" });
  });

  it("refuses a folder with data whose format is unknown", async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "warehouse.duckdb"), "data");
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: "data-folder-invalid",
      details: { found: ["warehouse.duckdb"] },
    });
  });

  it("a path that is a file is a coded error", async () => {
    await writeFile(join(root.path, "shop"), "a file");
    await expect(openDataFolder(path)).rejects.toMatchObject({ code: "storage-failed" });
  });
});

describe("the format's steps", () => {
  it("run once each, in order, and go on after a crash where they stopped", async () => {
    await mkdir(path, { recursive: true });
    const done: string[] = [];
    const step = (name: string) => () => Promise.resolve(void done.push(name));
    expect(await bringUpToDate(path, [step("1 to 2")])).toBe(2);
    expect(done).toEqual([]);
    await writeFile(join(path, "format.json"), '{"format":1}');
    const crash = () => Promise.reject(new Error("crash"));
    await expect(bringUpToDate(path, [step("1 to 2"), crash, step("3 to 4")])).rejects.toThrow("crash");
    expect(await bringUpToDate(path, [step("1 to 2"), step("2 to 3"), step("3 to 4")])).toBe(4);
    expect(done).toEqual(["1 to 2", "2 to 3", "3 to 4"]);
    expect(await bringUpToDate(path, [step("1 to 2"), step("2 to 3"), step("3 to 4")])).toBe(4);
    expect(done).toHaveLength(3);
  });
});

describe("owning", () => {
  it("refuses a second owner in the same process, and tells clients where the first is", async () => {
    const folder = await openDataFolder(path);
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: "data-folder-locked",
      details: { pid: process.pid },
    });
    expect(await readOwner(path)).toEqual(folder.owner);
    expect(Buffer.from(folder.owner.token, "base64url")).toHaveLength(32);
    await folder.release();
    expect(await readOwner(path)).toBeUndefined();
    const again = await openDataFolder(path);
    expect(again.owner.token).not.toBe(folder.owner.token);
    await again.release();
  });

  it("refuses a folder that another process owns, naming its pid, until that process is killed", async () => {
    const { child, pid, token } = await otherOwner();
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: "data-folder-locked",
      message: expect.stringContaining(`process ${pid}`) as string,
      details: { pid },
    });
    expect(await readOwner(path)).toMatchObject({ pid, token });
    child.kill("SIGKILL");
    await once(child, "close");
    expect(await readOwner(path)).toBeUndefined();
    await using folder = await openDataFolder(path);
    expect(folder.owner.pid).toBe(process.pid);
  });

  it("gives the folder to one of several that want it at the same moment", async () => {
    const settled = await Promise.allSettled(Array.from({ length: 8 }, () => openDataFolder(path)));
    const owners = settled.filter((one) => one.status === "fulfilled");
    expect(owners).toHaveLength(1);
    for (const one of settled) {
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "data-folder-locked" });
      else await one.value.release();
    }
  });

  it("does not take a process that has the pid of a dead owner for the owner", async () => {
    const folder = await openDataFolder(path);
    await folder.release();
    const record = { ...folder.owner, processStart: "1" };
    await writeFile(join(path, "owner.lock"), JSON.stringify(record));
    expect(isRunning({ pid: process.pid })).toBe(true);
    // Where there is no /proc, the pid alone decides.
    expect(await readOwner(path)).toEqual(processStartOf(process.pid) === undefined ? record : undefined);
    await (await openDataFolder(path)).release();
  });

  it("takes over whatever a dead owner left, and says so when a client cannot understand it", async () => {
    await (await openDataFolder(path)).release();
    await writeFile(join(path, "owner.lock"), '{"pid":');
    await expect(readOwner(path)).rejects.toMatchObject({ code: "data-folder-invalid" });
    await using folder = await openDataFolder(path);
    expect(await readOwner(path)).toEqual(folder.owner);
  });

  it("names a socket that can be listened on, however deep the folder lies", async () => {
    for (const folder of [path, join(root.path, "deep".repeat(20), "deeper".repeat(20), ".millrace")]) {
      await using opened = await openDataFolder(folder);
      const server = createServer();
      server.listen(opened.owner.socketPath);
      await once(server, "listening");
      expect(server.listening).toBe(true);
      server.close();
      await once(server, "close");
    }
  });
});
