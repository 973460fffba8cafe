// Bodies become NDJSON without losing a byte of a value, and what is no JSON is refused.
import fc from "fast-check";
import { expect, it } from "vitest";
import { readPayload, recordsOf, type RecordJudge } from "./payload.ts";
import { lateJudge } from "./record-judge.ts";

const bounds = { ingestBytesMax: 1024 * 1024, ingestEventsMax: 1000 };
const read = (text: string, format: "json" | "ndjson"): ReturnType<typeof readPayload> =>
  readPayload({ body: Buffer.from(text), format }, bounds, lateJudge);
const parse = (line: string): unknown => JSON.parse(line) as unknown;
const linesOf = (bytes: Uint8Array): string[] => [...recordsOf(bytes)].map((line) => line.toString());

it("writes one line per element of an array, whatever they hold, with the value's own digits and escapes", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 2), (values, indent) => {
      const text = JSON.stringify(values, undefined, indent).replaceAll("\n", "\r\n");
      const payload = read(text, "json");
      expect(payload.count).toBe(values.length);
      expect(linesOf(payload.bytes).map(parse)).toEqual(JSON.parse(text));
    }),
  );
  const exact = read('[{"n":123456789012345678901.50}]', "json");
  expect(Buffer.from(exact.bytes).toString()).toBe('{"n":123456789012345678901.50}\n');
  expect(linesOf(read('{"a":\n1}', "json").bytes)).toEqual(['{"a": 1}']);
});

it("leaves the caller's body as it is", () => {
  const body = Buffer.from('[{"a":1},\n{"a":2}]');
  const before = Buffer.from(body);
  readPayload({ body, format: "json" }, bounds, lateJudge);
  expect(body).toEqual(before);
});

it("refuses what JSON.parse refuses", () => {
  for (const text of ['[{"a":"x\ny"}]', "[{}", "[{}]]", "[{},]", "{} {}", '[{"a":01}]', "[{'a':1}]", '[{"a":1}}'])
    expect(() => read(text, "json")).toThrow(/is not JSON/);
  expect(() => read("5", "json")).toThrow(/neither an object nor an array/);
});

it("passes NDJSON on as the same bytes, and counts only lines with something on them", () => {
  const body = Buffer.from('{"a":1}\n{"a":2}\n');
  const payload = readPayload({ body, format: "ndjson" }, bounds, lateJudge);
  expect(payload).toEqual({ bytes: body, count: 2, rejected: [] });
  const loose = read('\ufeff{"a":1}\n \n\t\r\n{"a":2}', "ndjson");
  expect(loose.count).toBe(2);
  expect(Buffer.from(loose.bytes).toString()).toBe('{"a":1}\n{"a":2}\n');
});

it("lets the reader see no further than the line, so that hostile lines cost one pass", () => {
  const seen: number[] = [];
  const watching: RecordJudge = {
    ...lateJudge,
    malformed: ["visits.record.malformed"],
    read: (body, at) => {
      seen.push(body.bytes.indexOf(0, at) - at);
      return lateJudge.read(body, at);
    },
  };
  const payload = readPayload({ body: Buffer.from("[\n[1,\n[2]\n["), format: "ndjson" }, bounds, watching);
  expect(payload.rejected.map(({ index }) => index)).toEqual([0, 1, 3]);
  expect(Buffer.from(payload.bytes).toString()).toBe("[\n[1,\n[2]\n[\n");
  expect(seen).toEqual([1, 3, 3, 1]);
});
