// When batches close, with a clock of the test's own.
import { beforeEach, expect, it } from "vitest";
import { BatchPace } from "./batch-pace.ts";

let nowMs = 0;
let pace: BatchPace;

beforeEach(() => {
  nowMs = 1000;
  const clock = { monotonicMs: () => nowMs };
  pace = new BatchPace({ clock, ageMs: 50, eagerBytes: 1000 });
});

function commit(ms: number): void {
  pace.commitBegan();
  nowMs += ms;
  pace.commitEnded();
}

it("closes a large batch at once, a small one when it is old", () => {
  expect(pace.waitMs({ bytes: 1000, sinceMs: nowMs })).toBeLessThanOrEqual(0);
  expect(pace.waitMs({ bytes: 10, sinceMs: nowMs - 20 })).toBe(30);
  expect(pace.waitMs({ bytes: 10, sinceMs: nowMs - 50 })).toBeLessThanOrEqual(0);
});

it("while another batch commits, closes when that is likely to end, less the time that archiving takes", () => {
  for (let times = 0; times < 40; times += 1) {
    commit(200);
    pace.prepared(30);
  }
  pace.commitBegan();
  nowMs += 50;
  expect(pace.waitMs({ bytes: 5000, sinceMs: nowMs - 40 })).toBeCloseTo(120, 0);
  nowMs += 130;
  expect(pace.waitMs({ bytes: 5000, sinceMs: nowMs - 40 })).toBeLessThanOrEqual(0);
  expect(pace.waitMs({ bytes: 10, sinceMs: nowMs - 10 })).toBe(40);
  pace.commitEnded();
  expect(pace.waitMs({ bytes: 5000, sinceMs: nowMs - 5 })).toBeLessThanOrEqual(0);
});
