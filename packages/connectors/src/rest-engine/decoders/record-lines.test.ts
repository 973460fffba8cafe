// Records are taken apart by their bytes exactly as a parser finds them, and whatever is not plain is refused.
import fc from "fast-check";
import { expect, it } from "vitest";
import { asDocument, recordExtents, toLines } from "./record-lines.ts";

const indents = fc.constantFrom(0, 2, "\t");
const objects = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()));

function linesAt(text: string, path: readonly string[]): unknown[] | undefined {
  const bytes = Buffer.from(text);
  const found = recordExtents(bytes, path);
  if (found === undefined) return undefined;
  const lines = toLines(bytes, found).toString("utf8");
  expect(JSON.parse(asDocument(bytes, found).toString("utf8"))).toEqual(JSON.parse(text));
  return lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line) as unknown);
}

it("finds what a parser finds, whatever stands around the records", () => {
  fc.assert(
    fc.property(objects, fc.jsonValue(), indents, (records, other, indent) => {
      const plain = JSON.parse(JSON.stringify(records)) as unknown[];
      const text = JSON.stringify({ other, 'a"b': { records, other } }, undefined, indent);
      expect(linesAt(text, ['a"b', "records"])).toEqual(plain);
      expect(linesAt(JSON.stringify(records, undefined, indent), [])).toEqual(plain);
    }),
  );
});

it("leaves every byte of a record as it came, and takes one object for one record", () => {
  const record = '{"price": 1.0, "id":12345678901234567890,"text":"a\\u00e9\\n\\"},{"}';
  const bytes = Buffer.from(`{"data":[${record} , ${record}]}`);
  const found = recordExtents(bytes, ["data"]);
  const lines = found === undefined ? "" : toLines(bytes, found).toString("utf8");
  expect(lines.split("\n").map((line) => line.trim())).toEqual([record, record]);
  expect(linesAt('{"id":1}', [])).toEqual([{ id: 1 }]);
});

it("agrees with the parser on what is JSON, byte by byte", () => {
  const whole = Buffer.from('{"a":[{"b":-1.5e+3,"c":[true,false,null,"\\u00e9\\\\"],"d":{}},{"b":0}],"next":"x"}');
  const bytes = fc.tuple(
    fc.nat(whole.length - 1),
    fc.constantFrom(...Buffer.from('{}[]",:\\0159.eE+-tn \n\u0001\u007fé')),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 2 }), (changes) => {
      const changed = Buffer.from(whole);
      for (const [at, byte] of changes) changed[at] = byte;
      const parsed = attempt(() => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(changed)) as unknown);
      const found = recordExtents(changed, ["a"]);
      // A control character in a short text is seen; in a long one it is left to the reader of the lines.
      if (found !== undefined) expect(parsed).toBeDefined();
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ['{"a":[1]}', "elements that are no objects"],
  ['{"a":null}', "no list"],
  ['{"b":[]}', "no such name"],
  ['{"a":[{}],"a":[{}]}', "a name that stands twice"],
  ['[{"a":[]}]', "a list where names lead on"],
  ['{"a":[{}]} {}', "more than a document"],
  ['{"a":[{},]}', "a comma too many"],
  ['{"a":[{"b":01}]}', "a number with a zero in front"],
  ['{"a":[{"b":"\\x"}]}', "an escape that is none"],
])("refuses %s: %s", (text) => {
  expect(recordExtents(Buffer.from(text), ["a"])).toBeUndefined();
});

it("ends where documents are nested without end", () => {
  const deep = `{"a":[{"b":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`;
  expect(recordExtents(Buffer.from(deep), ["a"])).toBeUndefined();
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}
