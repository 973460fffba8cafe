// What hostile text may cost a pattern at the ingress, and which patterns are read as they stand.
import { check, contract, rule, t } from "@millrace/core";
import { expect, test } from "vitest";
import { compileValidator } from "../validator/compile-validator.ts";
import { sharedPattern, unknownToWarehouse, warehousePattern } from "./regular-expression.ts";

test.each([
  ["^(?:(?:a|aa){6}){8}$"],
  ["^(?:a{1,3}){8}(?:a{1,3}){8}(?:a{1,3}){8}$"],
  [`${"a?".repeat(30)}b`],
  [".{0,1000}.{0,1000}x"],
])("%s has too many readings for JavaScript", (pattern) => {
  expect(sharedPattern(pattern)).toBe("it may be read in too many ways by JavaScript");
});

test("an alternative that may begin anywhere is tried at every place", () => {
  const within = (pattern: string) => {
    const shared = sharedPattern(pattern);
    return typeof shared === "string" ? 0 : shared.textMax;
  };
  expect(within("^a|.*x.*y")).toBe(within("a|.*x.*y"));
  expect(within("^a|^.*x.*y")).toBeGreaterThan(within("^a|.*x.*y"));
  expect(within("^.*x.*y")).toBeGreaterThan(within(".*x.*y"));
});

test("escapes and classes are no look-around, back references or groups", () => {
  expect(unknownToWarehouse(String.raw`\\1\(?=5`)).toBeUndefined();
  expect(unknownToWarehouse(String.raw`\\\1`)).toBe(String.raw`\1`);
  expect(warehousePattern(String.raw`^[(?<a\]](?<b>\(?<c)$`)).toBe(String.raw`^[(?<a\]](?P<b>\(?<c)$`);
});

test("flags of an expression go to the warehouse, or are refused", () => {
  const Row = contract("c", { x: t.string().pattern(/^sku/gi) }, [rule("r", check.matches("x", /a.b/su))]);
  expect(Row.columns[0]?.checks[0]).toMatchObject({ pattern: "(?i)^sku" });
  expect(Row.rules[0]?.condition).toMatchObject({ pattern: "(?s)a.b" });
  expect(compileValidator(Row).validate({ x: "SKU-1" })).toEqual([]);
  expect(() => t.string().pattern(/a/y)).toThrow("has the flag y");
});
