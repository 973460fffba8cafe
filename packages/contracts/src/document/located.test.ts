// Files of others are read with their lines, exactly, and in bounds: hostile ones end in a coded error.
import { expect, test } from "vitest";
import { readLocated } from "./located.ts";

test("values know their lines, and long numbers keep their digits", () => {
  const file = readLocated('a: 1\nb:\n  - c: 12345678901234567890\n    "__proto__": x\n', "x.yaml");
  const { b } = file.root as { readonly b: readonly Readonly<Record<string, unknown>>[] };
  expect(b[0]?.["c"]).toBe(12345678901234567890n);
  expect(Object.hasOwn(b[0] ?? {}, "__proto__")).toBe(true);
  expect([file.line(file.root, "b"), file.line(b, 0), file.line(b[0], "__proto__"), file.line("text")]).toEqual([
    2, 3, 4, 1,
  ]);
});

test.each([
  ["nesting that the parser's stack cannot take", "[".repeat(200_000), "x.yaml:1: "],
  ["nesting", `${"[".repeat(150)}${"]".repeat(150)}`, "x.yaml:1: parts are nested deeper than 100"],
  ["a cycle", "&a [*a]", "x.yaml:1: "],
  ["an unknown alias", "a: 1\nb: *nothing", "x.yaml:2: "],
  ["twice the same key", "a: 1\na: 2", "x.yaml:2: Map keys must be unique"],
  ["a file without end", "a".repeat(9 * 1024 * 1024), "x.yaml:1: the file has more than 8388608 characters"],
])("%s is refused with its line", (_what, text, problem) => {
  expect(() => readLocated(text, "x.yaml")).toThrow(problem);
});
