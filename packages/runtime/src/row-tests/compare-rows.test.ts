// Rows as people write them against rows as the warehouse gives them.
import { expect, test } from "vitest";
import { compareRows, sameValue } from "./compare-rows.ts";

test.each([
  [12.5, "12.50", true],
  ["012.50", "12.5", true],
  [-0, "0.00", true],
  [7, 7n, true],
  ["9007199254740993", 9007199254740993n, true],
  [9007199254740992, 9007199254740993n, false],
  ["2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000000Z", true],
  ["2026-01-05 09:00:00", "2026-01-05T09:00:00.000000", true],
  ["2026-01-05T09:00:00.5Z", "2026-01-05T09:00:00.000000Z", false],
  ["2026-01-05", "2026-01-05", true],
  [null, null, true],
  [null, "", false],
  ["", null, false],
  [true, true, true],
  ["true", true, true],
  [["a", 1], ["a", 1n], true],
  [{ b: 1, a: "x" }, { a: "x", b: 1n }, true],
  [{ a: "x" }, { a: "y" }, false],
])("%s and %s: %s", (expected, actual, same) => {
  expect(sameValue(expected, actual)).toBe(same);
});

test("equal rows in any order differ in nothing; the named columns alone count", () => {
  const actual = [
    { a: 1n, b: "x", _seq: 5n },
    { a: 2n, b: "y", _seq: 6n },
  ];
  expect(compareRows([{ a: 2 }, { b: "x" }], actual, { ordered: false })).toEqual([]);
  expect(compareRows([{ a: 2 }, { b: "x" }], actual, { ordered: true })).toEqual([
    "row 1: a: expected 2, is 1",
    "row 2: b: expected x, is y",
  ]);
});

test("a difference names the row that comes nearest, what is missing and what is too much", () => {
  const actual = [
    { store: "north", revenue: "10.00" },
    { store: "west", revenue: "1.00" },
  ];
  const expected = [
    { store: "north", revenue: 12 },
    { store: "south", revenue: 3 },
  ];
  expect(compareRows(expected, actual, { ordered: false })).toEqual([
    "differs       store=north  revenue=12",
    "                revenue: expected 12, is 10.00",
    "missing       store=south  revenue=3",
    "not expected  store=west  revenue=1.00",
  ]);
  expect(compareRows([{ shop: 1 }], actual.slice(0, 1), { ordered: true })).toEqual([
    "row 1: shop: there is no such column; there are store, revenue",
  ]);
});
