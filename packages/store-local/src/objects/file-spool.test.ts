// A spool keeps whole parts through the end of a process, drops what is torn, and belongs to whoever opened it last.
import { open, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Spool } from "@millrace/core";
import { temporaryFolder, type TemporaryFolder } from "../testing/temporary-folder.ts";
import { openFileObjectStore } from "./file-object-store.ts";

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const spool = async (): Promise<Spool> => (await openFileObjectStore(folder.path)).spool("shop.api/sales/0");
const contentOf = async (one: Spool): Promise<string> =>
  Buffer.concat(await Array.fromAsync(one.content(), (piece) => Buffer.from(piece))).toString("utf8");
const fileOf = async (): Promise<string> =>
  join(folder.path, ".spool", (await readdir(join(folder.path, ".spool")))[0] ?? "");

it("comes back with its parts, goes on behind them, and is no object", async () => {
  await using first = await spool();
  await first.append([bytes("a,"), bytes("b\n")], "1");
  await first.append([], "2");
  await using second = await spool();
  expect([second.notes, second.bytes, await contentOf(second)]).toEqual([["1", "2"], 4, "a,b\n"]);
  await second.append([bytes("c\n")], "3");
  const store = await openFileObjectStore(folder.path);
  await using third = await store.spool("shop.api/sales/0");
  expect([third.notes, await contentOf(third)]).toEqual([["1", "2", "3"], "a,b\nc\n"]);
  expect(await Array.fromAsync(store.list(""))).toEqual([]);
});

it("is empty under another name, and after everything was cut off", async () => {
  await using first = await spool();
  await first.append([bytes("x")], "1");
  await first.append([bytes("y")], "2");
  await first.truncate(1);
  await first.append([bytes("z")], "3");
  expect([first.notes, await contentOf(first)]).toEqual([["1", "3"], "xz"]);
  await using other = await (await openFileObjectStore(folder.path)).spool("shop.api/sales/1");
  expect(other.notes).toEqual([]);
  await first.truncate(0);
  expect(await readdir(join(folder.path, ".spool"))).toEqual([]);
});

it("drops what is torn and what follows it, wherever it was cut or damaged", async () => {
  const parts = [
    ["first", "1"],
    ["", "2"],
    ["third part", "3"],
  ] as const;
  for (let cut = 0; cut < 70; cut += 1)
    for (const damage of [false, true]) {
      await using whole = await spool();
      await whole.truncate(0);
      for (const [content, note] of parts) await whole.append([bytes(content)], note);
      const file = await fileOf();
      if (damage) await flip(file, cut);
      else await truncate(file, cut);
      await using left = await spool();
      const kept = left.notes.length;
      expect(left.notes).toEqual(["1", "2", "3"].slice(0, kept));
      expect(await contentOf(left)).toBe(
        parts
          .slice(0, kept)
          .map(([content]) => content)
          .join(""),
      );
      if (cut < 60) expect(kept).toBeLessThan(3);
    }
});

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  const one = Buffer.alloc(1);
  if ((await handle.read(one, 0, 1, at)).bytesRead === 1)
    await handle.write(Buffer.from([(one[0] ?? 0) ^ 0x41]), 0, 1, at);
  await handle.close();
}

it("leaves an owner before to write where nobody reads", async () => {
  await using before = await spool();
  await before.append([bytes("kept")], "1");
  await using after = await spool();
  await before.append([bytes("late")], "2");
  await after.append([bytes("own")], "3");
  await before.append([bytes("late")], "4");
  await using third = await spool();
  expect([third.notes, await contentOf(third)]).toEqual([["1", "3"], "keptown"]);
});

it("takes any file for an empty spool that is none", async () => {
  await using first = await spool();
  await first.append([bytes("x")], "1");
  const file = await fileOf();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (noise) => {
      await writeFile(file, noise);
      await using left = await spool();
      expect(left.notes).toEqual([]);
      await left.append([bytes("x")], "1");
    }),
    { numRuns: 30 },
  );
});
