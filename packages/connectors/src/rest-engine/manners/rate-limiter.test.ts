// The limiter's promise, in simulated time: no span of the limit's length ever holds more requests than the limit, as the upstream sees them.
import { ManualClock, SeededRandom } from "@millrace/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createRateLimiter } from "./rate-limiter.ts";

interface Scene {
  readonly requests: number;
  readonly perMs: number;
  readonly calls: number;
  readonly callers: number;
  readonly latencyMsMax: number;
  readonly seed: number;
}

/** Runs calls through the limiter; returns when the upstream saw each: somewhere between sending and answer. */
async function simulate(scene: Scene): Promise<number[]> {
  const clock = new ManualClock();
  const random = new SeededRandom(scene.seed);
  const limiter = createRateLimiter({ clock, limit: scene });
  const seen: number[] = [];
  let left = scene.calls;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const release = await limiter.acquire(new AbortController().signal);
      const travelMs = random.next() * scene.latencyMsMax;
      seen.push(Math.floor(clock.nowMs() + random.next() * travelMs));
      await clock.sleep(travelMs);
      release();
      if (random.next() < 0.2) await clock.sleep(random.next() * scene.perMs);
    }
  };
  const done = Promise.all(Array.from({ length: scene.callers }, caller)).then(() => true);
  for (let round = 0; round < 10_000; round += 1) {
    await clock.advance(scene.perMs / 2);
    if (await Promise.race([done, Promise.resolve(false)])) break;
  }
  expect(seen).toHaveLength(scene.calls);
  return seen.sort((a, b) => a - b);
}

const scenes = fc.record({
  requests: fc.integer({ min: 1, max: 6 }),
  perMs: fc.integer({ min: 5, max: 1000 }),
  calls: fc.integer({ min: 1, max: 40 }),
  callers: fc.integer({ min: 1, max: 8 }),
  latencyMsMax: fc.integer({ min: 0, max: 1500 }),
  seed: fc.nat(),
});

it("never lets more than the limit through in any span, whatever the network does", async () => {
  const property = fc.asyncProperty(scenes, async (scene) => {
    const seen = await simulate(scene);
    for (const [at, ms] of seen.entries()) {
      const first = seen[at - scene.requests];
      if (first !== undefined) expect(ms - first).toBeGreaterThanOrEqual(scene.perMs);
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

it("uses what the limit allows: ten per second with quick answers take about one second per ten", async () => {
  const seen = await simulate({ requests: 10, perMs: 1000, calls: 50, callers: 10, latencyMsMax: 5, seed: 1 });
  expect((seen.at(-1) ?? 0) - (seen[0] ?? 0)).toBeLessThan(5500);
});

it("a pause holds everybody back, in order, and an abort gives its place up", async () => {
  const clock = new ManualClock(0);
  const limiter = createRateLimiter({ clock });
  limiter.pause(500);
  const order: string[] = [];
  const abort = new AbortController();
  const wait = (name: string, signal: AbortSignal): Promise<void> =>
    limiter.acquire(signal).then(
      () => void order.push(`${name} ${clock.nowMs()}`),
      () => void order.push(`${name} aborted`),
    );
  const all = [
    wait("a", new AbortController().signal),
    wait("b", abort.signal),
    wait("c", new AbortController().signal),
  ];
  abort.abort(new Error("stop"));
  await clock.advance(400);
  expect(order).toEqual([]);
  await clock.advance(200);
  await Promise.all(all);
  expect(order).toEqual(["a 500", "b aborted", "c 500"]);
});
