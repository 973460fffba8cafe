// The moment of receipt against days and wall clocks, in both ways of loading.
import { contract, t } from "@millrace/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVerdictStage, type VerdictStage } from "./verdict-stage.ts";

let stage: VerdictStage;

beforeAll(async () => {
  stage = await openVerdictStage();
});

afterAll(() => stage.close());

test.each([
  ["staged", 1],
  ["direct", 64 * 1024 * 1024],
] as const)("%s: days and wall clocks are compared with the moment of receipt in UTC", async (way, bytes) => {
  const name = `moments_${way}`;
  const table = contract(name, { day: t.date().notFuture(), clock: t.datetime().notFuture() });
  const rows = [
    { day: "2026-01-06", clock: "2026-01-06T12:00:00" },
    { day: "2026-01-07", clock: "2026-01-06T11:59:59" },
    { day: "2026-01-05", clock: "2026-01-06T12:30:00" },
  ];
  const { codes } = await stage.judge(table, rows, bytes);
  expect(codes).toEqual([[], [`${name}.day.notFuture`], [`${name}.clock.notFuture`]]);
});
