// Files that leave: renamed, deleted, archived. What the ledger hears of it, and what a crash in between costs.
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setFailpointHook, type KnownFile } from "@millrace/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { drop, fileChannel, header, paths } from "../testing/promotion-files.ts";
import { archive, files, marker } from "./files.ts";
import { Promotion } from "../testing/promotion-files.ts";

const one = `${header}a,1,\n`;

describe("a renamed file", () => {
  it("is not loaded again, by this process or the next, and replaces its own rows when it is rewritten", async () => {
    await using harness = await fileChannel();
    const path = await drop(harness, "drops/a.csv", one);
    await drop(harness, "drops/other.csv", `${header}o,1,\n`);
    await harness.drain();
    await rename(path, join(harness.folder, "drops/b.csv"));
    expect(await harness.drain()).toEqual([]);
    expect(harness.known.get("drops/a.csv")?.state).toBe("renamed");
    expect(harness.known.get("drops/b.csv")).toMatchObject({ state: "loaded", batch: 1n });
    await harness.restart();
    await rename(join(harness.folder, "drops/b.csv"), join(harness.folder, "drops/c.csv"));
    expect(await harness.drain()).toEqual([]);
    await drop(harness, "drops/c.csv", `${header}a,2,\n`, 10);
    const [again] = await harness.drain();
    expect(again).toMatchObject({ files: [{ path: "drops/c.csv" }], replacesBatches: [1n] });
  });

  it("with new content is a new file; a copy beside the original too", async () => {
    await using harness = await fileChannel();
    const path = await drop(harness, "drops/a.csv", one);
    await harness.drain();
    await drop(harness, "drops/copy.csv", one, 50);
    expect(paths(await harness.drain())).toEqual([["drops/copy.csv"]]);
    await rm(path);
    await drop(harness, "drops/new.csv", `${header}b,1,\n`, 40);
    expect(paths(await harness.drain())).toEqual([["drops/new.csv"]]);
  });
});

describe("a deleted file", () => {
  it("keeps its rows, is noted once, and is not loaded again when it comes back", async () => {
    await using harness = await fileChannel();
    const path = await drop(harness, "drops/a.csv", one);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`);
    await harness.drain();
    await rm(path);
    expect(await harness.drain()).toEqual([]);
    expect(harness.known.get("drops/a.csv")).toMatchObject({ state: "gone", batch: 1n });
    const version = harness.known.get("drops/a.csv")?.version;
    await harness.restart();
    await harness.drain();
    expect(harness.known.get("drops/a.csv")?.version).toBe(version);
    await drop(harness, "drops/a.csv", one, 5);
    expect(await harness.drain()).toEqual([]);
    expect(harness.known.get("drops/a.csv")?.state).toBe("loaded");
  });

  it("takes its rows with it where that is declared, and is loaded when it comes back", async () => {
    await using harness = await fileChannel({ onDelete: "remove", write: "append" });
    const path = await drop(harness, "drops/a.csv", one);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`);
    await harness.drain();
    await rm(path);
    const [removal, ...more] = await harness.drain();
    expect(more).toEqual([]);
    expect(removal).toMatchObject({ objects: [], removesFiles: ["drops/a.csv"], replacesBatches: [1n] });
    expect(harness.known.get("drops/a.csv")?.state).toBe("removed");
    await drop(harness, "drops/a.csv", one, 5);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });

  it("is none when the whole folder is empty or away, or a pattern was narrowed", async () => {
    await using harness = await fileChannel({ onDelete: "remove", write: "append" });
    await drop(harness, "drops/a.csv", one);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`);
    await harness.drain();
    await rename(join(harness.folder, "drops"), join(harness.folder, "away"));
    expect(await harness.drain()).toEqual([]);
    await mkdir(join(harness.folder, "drops"));
    await expect(harness.drain()).rejects.toMatchObject({ code: "files-vanished" });
    expect([...harness.known.values()].map(({ state }) => state)).toEqual(["loaded", "loaded"]);
    await using narrow = await fileChannel({ onDelete: "remove", write: "append", pattern: "drops/b*.csv" });
    await drop(narrow, "drops/a.csv", one);
    await drop(narrow, "drops/b.csv", `${header}b,1,\n`);
    narrow.known.set("drops/a.csv", { ...(harness.known.get("drops/a.csv") as KnownFile), batch: 9n });
    expect(paths(await narrow.drain())).toEqual([["drops/b.csv"]]);
    expect(narrow.known.get("drops/a.csv")?.state).toBe("loaded");
  });
});

describe("after the load", () => {
  const year = String(new Date().getUTCFullYear());

  it("files go to the archive with their path, and the same content again gets a number", async () => {
    await using harness = await fileChannel({ pattern: "drops/**/*.csv", after: archive("done/{yyyy}") });
    await drop(harness, "drops/x/a.csv", one);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`);
    expect(paths(await harness.drain()).flat()).toHaveLength(2);
    expect(await readFile(join(harness.folder, "done", year, "x/a.csv"), "utf8")).toBe(one);
    expect(await readdir(join(harness.folder, "drops"))).toEqual(["x"]);
    await drop(harness, "drops/x/a.csv", `${header}a,7,\n`, 5);
    expect(paths(await harness.drain())).toEqual([["drops/x/a.csv"]]);
    expect((await readdir(join(harness.folder, "done", year, "x"))).sort()).toEqual(["a.csv", "a~2.csv"]);
    expect([...harness.known.values()].map(({ state }) => state)).toEqual(["loaded", "loaded"]);
  });

  it("files are deleted where that is declared, markers are not", async () => {
    await using harness = await fileChannel({ after: "delete", ready: marker("_DONE") });
    await drop(harness, "drops/a.csv", one);
    await drop(harness, "drops/_DONE", "", 10);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
    expect(await readdir(join(harness.folder, "drops"))).toEqual(["_DONE"]);
  });

  it("a death between commit and move leaves the move to the next process, and loads nothing twice", async () => {
    await using harness = await fileChannel({ after: archive("done") });
    await drop(harness, "drops/a.csv", one);
    setFailpointHook((name) => {
      if (name === "file.move") throw new Error("killed");
    });
    onTestFinished(() => setFailpointHook(undefined));
    await expect(harness.drain()).rejects.toThrow("killed");
    setFailpointHook(undefined);
    expect(harness.known.get("drops/a.csv")?.state).toBe("loaded");
    await harness.restart();
    expect(await harness.drain()).toEqual([]);
    expect(await readdir(join(harness.folder, "done"))).toEqual(["a.csv"]);
    expect(await readdir(join(harness.folder, "drops"))).toEqual([]);
  });

  it("a death between the two names of a file ends with one", async () => {
    await using harness = await fileChannel({ after: archive("done") });
    await drop(harness, "drops/a.csv", one);
    await mkdir(join(harness.folder, "done"));
    await writeFile(join(harness.folder, "done/a.csv"), one);
    await harness.drain();
    expect(await readdir(join(harness.folder, "done"))).toEqual(["a.csv"]);
    expect(await readdir(join(harness.folder, "drops"))).toEqual([]);
  });

  it("an archive that cannot be made: loaded, told with both places, and tried again", async () => {
    await using harness = await fileChannel({ after: archive("done/here") });
    await drop(harness, "drops/a.csv", one);
    await writeFile(join(harness.folder, "done"), "a file where a folder should be");
    await expect(harness.drain()).rejects.toMatchObject({
      code: "file-not-moved",
      kind: "transient",
      message: expect.stringMatching(/drops\/a\.csv is loaded but could not be moved to .*done\/here\/a\.csv: /),
    });
    expect(harness.known.get("drops/a.csv")?.state).toBe("loaded");
    await rm(join(harness.folder, "done"));
    expect(await harness.drain()).toEqual([]);
    expect(await readdir(join(harness.folder, "done/here"))).toEqual(["a.csv"]);
  });

  it("an archive that leads back to the folder itself by a link loses nothing", async () => {
    await using harness = await fileChannel({ after: archive("done") });
    await drop(harness, "drops/a.csv", one);
    await symlink(join(harness.folder, "drops"), join(harness.folder, "done"));
    await harness.drain();
    expect(await readFile(join(harness.folder, "drops/a.csv"), "utf8")).toBe(one);
  });

  it.each([
    [{ after: archive("drops") }, "cannot be archived in the folder"],
    [{ after: archive("{yyyy}/done") }, "cannot be archived in the folder"],
    [{ after: archive("../done") }, "cannot be archived in the folder"],
    [{ after: "move" as never }, '"after" is made with archive('],
    [{ after: archive("done"), onDelete: "remove", write: "append" } as const, "would take their rows with them"],
    [{ onDelete: "remove" } as const, "rows that a deleted file replaced would not come back"],
  ])("refuses %j", (options, message) => {
    expect(() => files("drops/*.csv", { into: Promotion, ...options })).toThrow(message);
  });
});

it("a loop of links is reported, and the other files are loaded", async () => {
  await using harness = await fileChannel({ pattern: "drops/**" });
  await drop(harness, "drops/a.csv", one);
  await symlink(join(harness.folder, "drops/loop.csv"), join(harness.folder, "drops/loop.csv"));
  await symlink(join(harness.folder, "drops"), join(harness.folder, "drops/self"));
  await expect(harness.drain()).rejects.toMatchObject({ code: "file-inaccessible" });
  expect(harness.known.get("drops/a.csv")?.state).toBe("loaded");
  expect(harness.known.size).toBe(1);
});
