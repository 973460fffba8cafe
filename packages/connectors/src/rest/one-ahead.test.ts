// One arrival ahead, in order, and nothing left behind.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { oneAhead } from "./one-ahead.ts";

const never = new AbortController().signal;

it("prepares the next while one is used, and one only", async () => {
  const made: number[] = [];
  const read = async function* (): AsyncGenerator<number> {
    for (let at = 0; at < 4; at += 1) {
      made.push(at);
      yield at;
    }
  };
  const used: [number, number][] = [];
  for await (const at of oneAhead(read, never)) {
    await sleep(1);
    used.push([at, made.length]);
  }
  expect(used).toEqual([
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 4],
  ]);
});

it("gives up and waits for what is not asked for, and hands errors out in their turn", async () => {
  let ended = false;
  const endless = async function* (signal: AbortSignal): AsyncGenerator<number> {
    try {
      yield 0;
      await sleep(60_000, undefined, { signal });
    } finally {
      ended = true;
    }
  };
  for await (const at of oneAhead(endless, never)) {
    expect(at).toBe(0);
    break;
  }
  expect(ended).toBe(true);
  const failing = async function* (): AsyncGenerator<number> {
    yield 0;
    await sleep(0);
    throw new Error("later");
  };
  const seen: number[] = [];
  const all = async (): Promise<void> => {
    for await (const at of oneAhead(failing, never)) seen.push(at);
  };
  await expect(all()).rejects.toThrow("later");
  expect(seen).toEqual([0]);
});
