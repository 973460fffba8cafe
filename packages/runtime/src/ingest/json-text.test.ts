// The grammar agrees with JSON.parse about every text, well-formed or not.
import fc from "fast-check";
import { expect, it } from "vitest";
import { endOfValue, skipBlanks } from "./json-text.ts";

function accepts(text: string): boolean {
  const bytes = Buffer.from(`${text}\0`);
  const end = endOfValue(bytes, skipBlanks(bytes, 0));
  return end >= 0 && skipBlanks(bytes, end) === bytes.length - 1;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const brackets = ["{", "}", "[", "]", ",", ":", '"', "\\", "\n", " ", "\t", "\u0001", "ä", "'"];
const texts = ['"a"', "\\u00e4", "\\u00", "\\x", "\\n", "true", "false", "null", "nul"];
const numbers = ["0", "1", "-", "-0", "01", "1.", ".5", "1.5", "e", "1e5", "1E+2", "1e-"];
const piece = fc.constantFrom(...brackets, ...texts, ...numbers);

it("takes what JSON.parse takes and refuses the rest", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join("");
      expect(accepts(text)).toBe(parses(text));
    }),
    { numRuns: 5_000 },
  );
});

it("takes every value, also with one character changed or gone exactly as JSON.parse does", () => {
  const edit = fc.tuple(fc.nat(), fc.constantFrom("", '"', ",", "}", "]", "\\", "0", "-", "e", "\u0000"));
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1), edit, (value, indent, [place, character]) => {
      const text = JSON.stringify(value, undefined, indent);
      expect(accepts(text)).toBe(true);
      const at = place % text.length;
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      expect(accepts(changed)).toBe(parses(changed));
    }),
    { numRuns: 5_000 },
  );
});

it("takes values of any depth", () => {
  const depth = 200_000;
  expect(accepts("[".repeat(depth) + "]".repeat(depth))).toBe(true);
  expect(accepts('{"a":'.repeat(depth))).toBe(false);
});
