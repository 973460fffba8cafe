// The mark of a stream: exact, and not moved by records that would hide later ones.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantNanos, lookBack, raiseHighWater } from "./high-water.ts";
import { parseJson } from "../rest-engine/decoders/decoders.ts";
import { sinceValues } from "./since-cursor.ts";

const nowMs = Date.UTC(2026, 10, 23);

describe("raiseHighWater", () => {
  it.each<[string, string | undefined, string[], string | undefined, number]>([
    [
      "instants across zones",
      undefined,
      ["2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"],
      "2026-01-01T09:00:00Z",
      0,
    ],
    [
      "microseconds",
      "2026-01-01T00:00:00.000001Z",
      ["2026-01-01T00:00:00.0000009Z", "2026-01-01T00:00:00.000002Z"],
      "2026-01-01T00:00:00.000002Z",
      0,
    ],
    ["dates", undefined, ["2026-01-09", "2026-01-10"], "2026-01-10", 0],
    ["integers by value, not by text", "9", ["10", "9"], "10", 0],
    ["integers beyond 2^53", undefined, ["9007199254740993", "9007199254740992"], "9007199254740993", 0],
    ["negative and decimal numbers", undefined, ["-2", "-1.5", "-1.25"], "-1.25", 0],
    ["other texts by code point", undefined, ["a-2", "a-10"], "a-2", 0],
    ["nothing new", "5", ["4"], "5", 0],
    ["no values", undefined, [], undefined, 0],
    [
      "a date far in the future is left out",
      undefined,
      ["9999-12-31T00:00:00Z", "2026-01-01T00:00:00Z"],
      "2026-01-01T00:00:00Z",
      1,
    ],
    [
      "a value of another kind is left out",
      undefined,
      ["not a date", "2026-01-01T00:00:00Z"],
      "2026-01-01T00:00:00Z",
      1,
    ],
    ["the mark's kind decides", "2026-01-01", ["77777"], "2026-01-01", 1],
  ])("%s", (_, mark, values, value, ignored) => {
    expect(raiseHighWater(mark, values, nowMs)).toEqual({ value, ignored });
  });

  it("is the highest of all values in whatever order they come", () => {
    const values = fc.array(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), { minLength: 1 });
    fc.assert(
      fc.property(values, (numbers) => {
        const highest = numbers.reduce((a, b) => (a > b ? a : b));
        expect(raiseHighWater(undefined, numbers.map(String), nowMs).value).toBe(String(highest));
      }),
    );
  });
});

describe("lookBack", () => {
  it.each<[string, string | number, string | undefined]>([
    ["2026-03-01T00:05:00Z", "10m", "2026-02-28T23:55:00Z"],
    ["2026-03-01 00:05:00.123456", "1s", "2026-03-01 00:04:59.123456"],
    ["2026-03-01T02:00:00+02:00", "1h", "2026-02-28T23:00:00Z"],
    ["2026-03-02", "1h", "2026-03-01"],
    ["1969-12-31T23:59:59.5Z", "1s", "1969-12-31T23:59:58.5Z"],
    ["100", 30, "70"],
    ["1.5", 0.25, "1.25"],
    ["100", "1h", undefined],
    ["2026-03-02", 5, undefined],
  ])("%s back by %s is %s", (mark, by, expected) => {
    expect(lookBack(mark, by)).toBe(expected);
  });

  it("never moves an instant forward, and by the lookback at least", () => {
    const instants = fc.date({
      min: new Date("1900-01-01T00:00:00Z"),
      max: new Date("2100-01-01T00:00:00Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 10 ** 7 }), (date, ms) => {
        const mark = date.toISOString();
        const back = instantNanos(lookBack(mark, `${ms}ms`) ?? "") ?? 0n;
        expect((instantNanos(mark) ?? 0n) - back).toBe(BigInt(ms) * 1_000_000n);
      }),
    );
  });
});

describe("sinceValues", () => {
  const seen = (json: string, field: string): Parameters<typeof sinceValues>[0] => {
    const records = parseJson(json) as Record<string, unknown>[];
    return { values: records.map((record) => record[field]), sample: records[0], place: "GET http://api/x" };
  };

  it("keeps every digit", () => {
    const values = sinceValues(seen('[{"v":9007199254740993},{"v":1.5},{"v":null},{}]', "v"), ["v"]);
    expect(values).toEqual(["9007199254740993", "1.5"]);
    expect(sinceValues(seen('[{"v":1e21}]', "v"), ["v"])).toEqual(["1000000000000000000000"]);
  });

  it("names the field that is nearest when none has it", () => {
    const records = seen('[{"update_at":1}]', "updated_at");
    expect(() => sinceValues(records, ["updated_at"])).toThrow(/did you mean "update_at"/);
  });
});
