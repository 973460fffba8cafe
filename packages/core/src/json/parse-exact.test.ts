// What was written exactly is read exactly.
import fc from "fast-check";
import { expect, it } from "vitest";
import { stringifyExact } from "./exact-json.ts";
import { isRawNumber, parseExact } from "./parse-exact.ts";

it("keeps integers beyond 2^53 and trailing zeros of decimals", () => {
  expect(parseExact('{"a":9007199254740993,"b":1.5,"c":[-3]}')).toEqual({ a: 9007199254740993n, b: 1.5, c: [-3] });
  const decimal = parseExact("12.30");
  expect(isRawNumber(decimal)).toBe(true);
  expect(stringifyExact(decimal)).toBe("12.30");
});

it("a whole number that JavaScript spells as it came, but holds as its neighbour, is a bigint", () => {
  expect(parseExact("[3812682115477214000, 9007199254740991]")).toEqual([3812682115477214000n, 9007199254740991]);
  expect(isRawNumber(parseExact("1e+21"))).toBe(true);
});

it("gives back every text of numbers unchanged", () => {
  const digits = fc.tuple(fc.bigInt(), fc.option(fc.stringMatching(/^\d{1,20}$/)));
  fc.assert(
    fc.property(digits, ([whole, fraction]) => {
      const text = fraction === null ? String(whole) : `${whole}.${fraction}`;
      expect(stringifyExact(parseExact(`[${text}]`))).toBe(`[${text}]`);
    }),
  );
});
