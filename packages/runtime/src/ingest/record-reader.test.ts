// Fields as JSON.parse gives them, numbers as their spelling asks for.
import { isRawNumber, parseExact } from "@millrace/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { RecordReader, type BodyText, type RecordFields } from "./record-reader.ts";

const names = ["id", "price", "größe", "a b", "__proto__", 'q"'];

function bodyOf(text: string): BodyText {
  const bytes = Buffer.from(`${text}\0`);
  return { bytes, text: bytes.toString("latin1", 0, bytes.length - 1) };
}

function read(text: string): RecordFields | undefined {
  const body = bodyOf(text);
  const reader = new RecordReader(names);
  expect(reader.read(body, 0)).toBe(body.text.length);
  return reader.record;
}

/** The same fields out of the whole record; of a name that comes twice the last. */
function expected(text: string): RecordFields {
  const all = parseExact(text) as RecordFields;
  return Object.fromEntries(names.map((name) => [name, Object.hasOwn(all, name) ? all[name] : undefined]));
}

it("gives the fields that a contract has, whatever else a record holds", () => {
  const name = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 3 }));
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.boolean(), (members, escaped) => {
      const spelled = (text: string): string =>
        escaped ? JSON.stringify(text).replace(/[^ -~]|b/g, hexEscape) : JSON.stringify(text);
      const text = `{${members.map(([key, one]) => `${spelled(key)} :${JSON.stringify(one)}`).join(" ,")}}`;
      expect(read(text)).toEqual(expected(text));
    }),
    { numRuns: 1_000 },
  );
});

const hexEscape = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

it("keeps the spelling of numbers where it decides, and is exact where it does not", () => {
  const number = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,12})?([eE][+-]?\d{1,3})?$/);
  fc.assert(
    fc.property(number, (spelling) => {
      const found = read(`{"price":${spelling}}`)?.["price"];
      const exact = parseExact(spelling);
      if (isRawNumber(exact) && typeof found === "number") {
        expect([found, Number.isInteger(found)]).toEqual([Number(spelling), false]);
        expect(spelling).not.toMatch(/e/i);
      } else expect(found).toEqual(exact);
    }),
    { numRuns: 1_000 },
  );
  for (const spelling of ["1.0", "-0", "-0.0", "1e3", "0.0000001", "12.00"])
    expect(isRawNumber(read(`{"price":${spelling}}`)?.["price"])).toBe(true);
  expect(read('{"price":12.30}')?.["price"]).toBe(12.3);
});

it("says when there is no object", () => {
  expect(read("[1]")).toBeUndefined();
  expect(new RecordReader(names).read(bodyOf('{"id":1'), 0)).toBe(-1);
});
