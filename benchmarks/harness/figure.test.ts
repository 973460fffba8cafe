// How figures come out of runs.
import { expect, it } from "vitest";
import { againstBaseline, median, quantile, rounded } from "./figure.ts";

it("takes the middle run, and the nearest rank", () => {
  expect(median([9, 1, 5])).toBe(5);
  const values = Array.from({ length: 200 }, (_none, at) => 200 - at);
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).toEqual([100, 198, 200]);
  expect(quantile([7], 0.99)).toBe(7);
  expect(rounded(123_456)).toBe(123_000);
});

it("holds only when the ratio reaches the goal", () => {
  const figure = { suite: "s", name: "n", unit: "rows/s" };
  const rates = { subject: 79, baseline: 100, baselineName: "bare" };
  expect(againstBaseline(figure, { ...rates, goal: 0.8 })).toMatchObject({ ratio: 0.79, goal: ">= 0.8", holds: false });
  expect(againstBaseline(figure, { ...rates, goal: 0.79 }).holds).toBe(true);
  expect(againstBaseline(figure, rates)).not.toHaveProperty("holds");
});
