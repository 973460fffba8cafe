// Checks in a YAML list, as authors write them without quotes.
import { expect, it } from "vitest";
import { parse } from "yaml";
import { rejoinCalls } from "./parse-check.ts";

const whole = (list: string): unknown[] => rejoinCalls(parse(list) as unknown[]);

it("puts calls together that YAML split at their commas", () => {
  expect(whole("[not_null(store), unique(store, day), accepted_values(n, 1, 2)]")).toEqual([
    "not_null(store)",
    "unique(store, day)",
    "accepted_values(n, 1, 2)",
  ]);
  expect(whole("[sql(SELECT f(a, b) FROM t), not_null(a)]")).toEqual(["sql(SELECT f(a, b) FROM t)", "not_null(a)"]);
});

it("leaves whole calls and objects alone", () => {
  const list = `["unique(a, b)", { check: "not_null(a)", severity: warn }, "sql(SELECT 1 WHERE a = '(')", not_null(c)]`;
  expect(whole(list)).toEqual(parse(list));
});

it("keeps a call that is never closed, so that its error names it", () => {
  expect(whole("[unique(a, b]")).toEqual(["unique(a, b"]);
});
