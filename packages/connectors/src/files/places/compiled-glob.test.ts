// A compiled glob says what the system's matcher says, for every pattern and every path.
import { matchesGlob } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { compiledGlob } from "./compiled-glob.ts";

const segment = fc.string({
  unit: fc.constantFrom("a", "b", ".", "*", "?", "-", "é", "1"),
  minLength: 1,
  maxLength: 5,
});
const glob = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: segment }, { weight: 1, arbitrary: fc.constantFrom("**", "{a,b}", "[ab]") }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => parts.join("/"));
const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "é", "1"), minLength: 1, maxLength: 5 });
const path = fc
  .array(
    name.filter((part) => part !== "." && part !== ".."),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join("/"));

it("equals the system's matcher", () => {
  fc.assert(
    fc.property(glob, path, (pattern, file) => {
      expect({ pattern, file, matches: compiledGlob(pattern)(file) }).toEqual({
        pattern,
        file,
        matches: matchesGlob(file, pattern),
      });
    }),
    { numRuns: 3000 },
  );
});

it.each([
  ["*.csv", "a.csv", true],
  ["*.csv", ".csv", false],
  ["*.csv", "x/a.csv", false],
  ["**/*.csv", "x/y/a.csv", true],
  ["**/*.csv", "a.csv", true],
  ["**/*.csv", ".x/a.csv", false],
  ["data-??.json", "data-01.json", true],
  ["a+b.csv", "aab.csv", false],
])("%s of %s: %s", (pattern, file, matches) => {
  expect(compiledGlob(pattern)(file)).toBe(matches);
});
