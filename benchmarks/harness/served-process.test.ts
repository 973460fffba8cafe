// A served process answers, and its end is known at once on both sides.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { ServedProcess } from "./served-process.ts";

const folder = mkdtempSync(join(tmpdir(), "served-"));
const harness = new URL("./served-process.ts", import.meta.url).href;

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const served = script(
  "served.mjs",
  `import { serveAsked } from ${JSON.stringify(harness)};
  setInterval(() => undefined, 1000);
  serveAsked({ pid: process.pid }, { twice: (n) => n * 2, die: () => process.exit(3) }, async () => undefined);`,
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it("answers until it is disposed of", async () => {
  const process = new ServedProcess<{ readonly pid: number }>(served, {});
  const { pid } = await process.ready();
  expect(await process.ask("twice", 21)).toBe(42);
  expect((await process.spent()).peakBytes).toBeGreaterThan(0);
  await process[Symbol.asyncDispose]();
  expect(lives(pid)).toBe(false);
});

it("refuses questions to a process that has ended, those to come as well", async () => {
  const process = new ServedProcess(served, {});
  await process.ready();
  await expect(process.ask("die")).rejects.toThrow("ended with code 3");
  await expect(process.ask("twice", 1)).rejects.toThrow("ended with code 3");
});

it("says that it never came up, whenever it is asked", async () => {
  const process = new ServedProcess(script("dead.mjs", "process.exit(4)"), {});
  await expect(process.ask("twice", 1)).rejects.toThrow("ended with code 4");
  await expect(process.ready()).rejects.toThrow("ended with code 4");
});

it("ends with the process that started it", async () => {
  const parent = fork(
    script(
      "parent.mjs",
      `import { ServedProcess } from ${JSON.stringify(harness)};
      process.send(await new ServedProcess(${JSON.stringify(served)}, {}).ready(), () => process.exit(1));`,
    ),
  );
  const [{ pid }] = (await once(parent, "message")) as [{ readonly pid: number }];
  try {
    await vi.waitFor(() => expect(lives(pid)).toBe(false), { timeout: 5000 });
  } finally {
    if (lives(pid)) process.kill(pid, "SIGKILL");
  }
});
