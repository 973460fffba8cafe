// Records keep the spelling of their numbers, whatever it is.
import { stringifyExact } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRecord } from "./read-record.ts";

test("every spelling of a number stays what it is", () => {
  const number = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,3})?$/);
  fc.assert(
    fc.property(number, number, fc.constantFrom("", " ", "\t"), (first, second, blank) => {
      const text = `{"a":${blank}${first},"b":{"c":[1,${blank}${second}]}}`;
      expect(stringifyExact(readRecord(text))).toBe(text.replaceAll(/[ \t]/g, ""));
    }),
    { numRuns: 3000 },
  );
});

test("ordinary records hold ordinary values", () => {
  expect(readRecord('{"n": 12.5, "id": "0198c0de-0000-7000-8e00-000000000001", "at": "2026-01-06T10:00:00Z"}')).toEqual(
    {
      n: 12.5,
      id: "0198c0de-0000-7000-8e00-000000000001",
      at: "2026-01-06T10:00:00Z",
    },
  );
});
