// Bodies become NDJSON without losing a byte of a value.
import fc from "fast-check";
import { expect, it } from "vitest";
import { elementsOf } from "./json-elements.ts";
import { readPayload, recordsOf } from "./payload.ts";

const bounds = { ingestBytesMax: 1024 * 1024, ingestEventsMax: 1000 };

it("cuts every JSON array at its elements, whatever they hold", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.constantFrom(0, 2), (values, indent) => {
      const text = JSON.stringify(values, undefined, indent);
      const elements = [...elementsOf(Buffer.from(text))].map((element) => JSON.parse(element.toString()) as unknown);
      expect(elements).toEqual(JSON.parse(text));
    }),
  );
});

it("writes one line per element, with the value's own digits and escapes", () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 6 }), (records) => {
      const body = Buffer.from(JSON.stringify(records, undefined, 1).replaceAll("\n", "\r\n"));
      const payload = readPayload({ body, format: "json" }, bounds);
      const lines = [...recordsOf(payload.bytes)].map((line) => line.toString());
      expect(payload.count).toBe(records.length);
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(body.toString()));
    }),
  );
  const exact = readPayload({ body: Buffer.from('[{"n":123456789012345678901.50}]'), format: "json" }, bounds);
  expect(Buffer.from(exact.bytes).toString()).toBe('{"n":123456789012345678901.50}\n');
});

it("passes NDJSON on as the same bytes, and counts only lines with something on them", () => {
  const body = Buffer.from('{"a":1}\n{"a":2}\n');
  const payload = readPayload({ body, format: "ndjson" }, bounds);
  expect(payload).toEqual({ bytes: body, count: 2 });
  const loose = readPayload({ body: Buffer.from('\ufeff{"a":1}\n \n\t\r\n{"a":2}'), format: "ndjson" }, bounds);
  expect(loose.count).toBe(2);
  expect(Buffer.from(loose.bytes).toString()).toBe('{"a":1}\n{"a":2}\n');
});
