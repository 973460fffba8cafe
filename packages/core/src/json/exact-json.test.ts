// Exact numbers out, untouched text beside them.
import { expect, test } from "vitest";
import { stringifyExact } from "./exact-json.ts";

test("int64 keeps every digit", () => {
  expect(stringifyExact({ id: 9_223_372_036_854_775_807n, list: [-1n] })).toBe(
    '{"id":9223372036854775807,"list":[-1]}',
  );
});

test("text that holds control characters stays text", () => {
  const text = "\u0001bigint:12";
  expect(JSON.parse(stringifyExact({ text, n: 5n }))).toEqual({ text, n: 5 });
});
