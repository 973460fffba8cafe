// The queue between warehouse and client: order, bounds, an end that cannot be missed.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { SpillQueue } from "./spill-queue.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-spill-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function queue(fileBytesMax = 1_000): SpillQueue {
  return new SpillQueue({ folder, memoryBytesMax: 16, fileBytesMax });
}

async function drain(from: SpillQueue): Promise<string> {
  let text = "";
  for (let chunk = await from.pull(); chunk !== null; chunk = await from.pull()) text += Buffer.from(chunk).toString();
  return text;
}

it("gives every byte once and in order, however writer and reader take turns", async () => {
  const steps = fc.array(
    fc.record({
      text: fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 40 }),
      pulls: fc.nat(3),
    }),
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(20, 100, 1_000), async (all, fileBytesMax) => {
      const one = queue(fileBytesMax);
      let read = "";
      const reading = (async () => {
        for (const { pulls } of all)
          for (let pull = 0; pull < pulls; pull += 1) {
            const chunk = await one.pull();
            if (chunk === null) return;
            read += Buffer.from(chunk).toString();
          }
        read += await drain(one);
      })();
      for (const { text } of all) await one.push(Buffer.from(text));
      one.end();
      await reading;
      one.close();
      expect(read).toBe(all.map(({ text }) => text).join(""));
    }),
    { numRuns: 150 },
  );
});

it("holds the writer back when the file is full, and lets it go when the reader leaves", async () => {
  const one = queue(50);
  const pushed: boolean[] = [];
  const writing = (async () => {
    for (let at = 0; at < 10; at += 1) pushed.push(await one.push(Buffer.alloc(20)));
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(pushed.length).toBeLessThan(5);
  one.close();
  await writing;
  expect(pushed.at(-1)).toBe(false);
});

it("gives what was written before a failure, then the failure, and leaves no file", async () => {
  const one = queue();
  for (let at = 0; at < 3; at += 1) await one.push(Buffer.from("0123456789"));
  one.end({ error: new Error("broken off") });
  await expect(drain(one)).rejects.toThrow("broken off");
  one.close();
  expect(readdirSync(folder)).toEqual([]);
});

it("says so when it cannot write", async () => {
  const one = new SpillQueue({ folder: "/dev/null/nowhere", memoryBytesMax: 1, fileBytesMax: 100 });
  await one.push(Buffer.from("a"));
  await expect(one.push(Buffer.from("bc"))).rejects.toMatchObject({ code: "storage-failed" });
});
