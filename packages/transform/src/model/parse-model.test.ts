// Front matter of model files: checks as authors write them, and the file's line in every fault.
import { isMillraceError } from "@millrace/core";
import { expect, it, test } from "vitest";
import { parseModel } from "./parse-model.ts";

const parse = (text: string) => parseModel({ domain: "shop", name: "m", file: "models/m.sql", text });
const withChecks = (checks: string) => parse(`/* ---\nchecks: ${checks}\n--- */\nSELECT 1`).config.checks;

function fault(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (isMillraceError(error, "model-invalid")) return error.message;
    throw error;
  }
  return "none";
}

it("puts calls together that YAML split at their commas", () => {
  const names = (list: string): string[] => withChecks(list).map((check) => check.name);
  expect(names("[not_null(store), unique(store, day), accepted_values(n, 1, 2)]")).toEqual([
    "not_null(store)",
    "unique(store, day)",
    "accepted_values(n, 1, 2)",
  ]);
  expect(names("[sql(SELECT f(a, b) FROM t), not_null(a)]")).toEqual(["sql(SELECT f(a, b) FROM t)", "not_null(a)"]);
  expect(names(`["unique(a, b)", { check: "not_null(a)", severity: warn }, "sql(SELECT 1 WHERE a = '(')"]`)).toEqual([
    "unique(a, b)",
    "not_null(a)",
    "sql(SELECT 1 WHERE a = '(')",
  ]);
});

it("reads arguments with commas, quotes and other severities", () => {
  const text = `\n  - accepted_values(state, new, 'paid, late', "x'y")\n  - {check: unique(a), severity: warn, name: one}\n  - sql("SELECT 1")`;
  expect(withChecks(text)).toEqual([
    {
      kind: "accepted_values",
      column: "state",
      values: ["new", "paid, late", "x'y"],
      severity: "block",
      name: `accepted_values(state, new, 'paid, late', "x'y")`,
      line: 3,
    },
    { kind: "unique", columns: ["a"], severity: "warn", name: "one", line: 4 },
    { kind: "sql", sql: "SELECT 1", severity: "block", name: 'sql("SELECT 1")', line: 5 },
  ]);
});

it("knows where key and statement stand", () => {
  const parsed = parse("\n/* ---\n# who buys what\nkey: [a]\n--- */\n\nSELECT 1;\n");
  expect(parsed).toMatchObject({ keyLine: 4, config: { materialize: "view", key: ["a"] } });
  expect(parsed.sql.trim()).toBe("SELECT 1");
  expect(parsed.sqlLine + parsed.sql.split("\n").indexOf("SELECT 1")).toBe(7);
});

test.each([
  [
    "/* ---\nmaterialize: view\nchecks:\n  - not_null(a)\n  - uniqe(b)\n--- */\nSELECT 1",
    ":5:",
    'did you mean "unique"?',
  ],
  ["/* ---\nchecks:\n  - {check: unique(a), severty: warn}\n--- */\nSELECT 1", ":3:", 'did you mean "severity"?'],
  ["/* ---\nchecks:\n  - {check: unique(a), severity: stop}\n--- */\nSELECT 1", ":3:", 'received "stop"'],
  ["/* ---\nchecks: [unique(a, b]\n--- */\nSELECT 1", ":2:", 'unknown check "unique(a, b"'],
  ["/* ---\nchecks: [unique(a,)]\n--- */\nSELECT 1", ":2:", "has an empty argument"],
  ["/* ---\nchecks: [accepted_values(a, 'x', 'y')]\n--- */\nSELECT 1", ":2:", "each check on a line of its own"],
  ["/* ---\nmaterialize: tabel\n--- */\nSELECT 1", ":2:", 'did you mean "table"?'],
  ["/* ---\nkey: 3\n--- */\nSELECT 1", ":2:", "key is a column or a list of columns; received 3"],
  ["/* ---\ndescription: [a]\n--- */\nSELECT 1", ":2:", "description is text"],
  ["/* ---\nchecks: unique(a)\n--- */\nSELECT 1", ":2:", "checks is a list"],
])("%j is wrong at its line", (text, line, message) => {
  expect(fault(text)).toContain(`models/m.sql${line}`);
  expect(fault(text)).toContain(message);
});
