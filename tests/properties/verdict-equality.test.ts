// The verdict is one: whatever a record holds, the early answer of the ingress and the loader give it the same codes.
// 100,000 records of every type, half of them by each way of loading. MILLRACE_VERDICT_ROWS is another number, MILLRACE_VERDICT_SEED another run.
import { check, contract, rule, sql, stringifyExact, t } from "@millrace/core";
import { compileValidator, compileVerdict, describeRules, readRecord } from "@millrace/quality";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cases } from "./verdict-cases.ts";
import { openVerdictStage, type VerdictStage } from "./verdict-stage.ts";

const rowsPerCase = Number(process.env["MILLRACE_VERDICT_ROWS"] ?? 100_000);
const seed = Number(process.env["MILLRACE_VERDICT_SEED"] ?? 1);
const longRunMs = 600_000;
let stage: VerdictStage;

beforeAll(async () => {
  stage = await openVerdictStage();
});

afterAll(() => stage.close());

/** Small batches are staged, large ones go straight into their table; the size that is noted for the object decides. */
const ways = { staged: 1, direct: 64 * 1024 * 1024 } as const;

test.each(
  cases.flatMap(([name, ...rest]) => Object.entries(ways).map(([way, bytes]) => [name, way, bytes, ...rest] as const)),
)(
  "%s, %s: equal codes for every record",
  async (_name, way, bytes, definition, values) => {
    const records = fc.sample(values, { numRuns: rowsPerCase / 2, seed: way === "staged" ? seed : seed + 1 });
    const validator = compileValidator(definition);
    const { codes: loaded, trusted } = await stage.judge(definition, records, bytes);
    const alone = new Set(validator.loaderOnly);
    const differing = records
      .map((record, at) => ({
        record,
        early: validator.validate(readRecord(stringifyExact(record))),
        loader: (loaded[at] ?? []).filter((code) => !alone.has(code)),
      }))
      .filter((row) => JSON.stringify(row.early) !== JSON.stringify(row.loader));
    expect(differing.slice(0, 5)).toEqual([]);
    expect(trusted).toBe(BigInt(loaded.filter((codes) => codes.length === 0).length));
  },
  longRunMs,
);

test("nearly all rules of the cases are judged on both sides", () => {
  const alone = cases.flatMap(([, definition]) => describeRules(definition).map(({ code }) => code));
  expect(alone).toEqual([]);
});

const piece = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "é",
    "😀",
    ".",
    "\\s",
    "\\S",
    "\\d",
    "\\w",
    "\\W",
    "\\b",
    "^",
    "$",
    "[ab]",
    "[^a\\s]",
    "[\\d.]",
    "\\.",
    "\\x41",
  ),
  fc.constantFrom(
    "[a-c]*",
    "b+",
    "c?",
    "(ab|b)",
    "(?:a|é)",
    "a{2}",
    "b{1,3}",
    "|",
    "(?i)a",
    "(a+)+",
    "\\pL",
    "[[:alpha:]]",
  ),
);
const pattern = fc
  .array(piece, { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(""))
  .filter((text) => isExpression(text));
const shortText = fc.oneof(
  fc.stringMatching(/^[abcA1. \n\u00a0é😀]{0,6}$/u),
  fc.string({ unit: "grapheme", maxLength: 4 }).filter((text) => !text.includes("\0") && text.isWellFormed()),
);

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, "u").source !== "";
  } catch {
    return false;
  }
}

test(
  "a pattern means the same on both sides, or runs in the loader alone",
  async () => {
    const patterns = fc.sample(pattern, { numRuns: Math.max(60, rowsPerCase / 400), seed });
    const texts = fc.sample(shortText, { numRuns: 200, seed });
    const differing: unknown[] = [];
    let both = 0;
    for (const source of patterns) {
      const definition = contract("shapes", { x: t.string().pattern(source) });
      const validator = compileValidator(definition);
      if (validator.loaderOnly.length > 0) continue;
      both += 1;
      const sqlText = compileVerdict(definition, "p").rows[0]?.sql ?? "";
      const found = await stage.warehouse.query(`SELECT ${sqlText} FROM (SELECT unnest(?::VARCHAR[]) AS x)`, [texts]);
      texts.forEach((x, at) => {
        const early = validator.validate({ x }).length === 0;
        if (early !== found.rows[at]?.[0]) differing.push({ source, x, early });
      });
    }
    expect(differing.slice(0, 5)).toEqual([]);
    expect(both).toBeGreaterThan(patterns.length / 3);
  },
  longRunMs,
);

test("case changes mean the same for every code point", async () => {
  const definition = contract("cases", {
    x: t.string().casing("lower").casing("upper", { name: "upper" }),
  });
  const validator = compileValidator(definition);
  const [lower, upper] = compileVerdict(definition, "p").rows;
  const found = await stage.warehouse.query(
    `SELECT code, ${lower?.sql}, ${upper?.sql} FROM (SELECT code, chr(CAST(code AS INTEGER)) AS x FROM range(1, 1114112) AS c(code)
      WHERE code NOT BETWEEN 55296 AND 57343) WHERE lower(x) <> x OR upper(x) <> x OR code % 7 = 0`,
    [],
    { rowsMax: 1_200_000 },
  );
  const differing = found.rows.filter(([code, isLower, isUpper]) => {
    const failed = validator.validate({ x: String.fromCodePoint(Number(code)) });
    return failed.includes("cases.x.casing") === isLower || failed.includes("cases.x.upper") === isUpper;
  });
  expect(differing.slice(0, 10)).toEqual([]);
});

test("a pattern that only JavaScript knows is refused, with its place", () => {
  const definition = contract("c", { x: t.string().pattern(/^(?=a).*$/) });
  expect(() => compileVerdict(definition, "d")).toThrow(
    /verdict-equality\.test\.ts:\d+: contract "c": rule c\.x\.pattern/,
  );
});

test("what the loader alone judges, and what need not run, is told with its reason", () => {
  const definition = contract(
    "told",
    {
      x: t.string().pattern("(?i)abc"),
      y: t.timestamp().notFuture(),
      n: t.int32().min(0).min(5, { name: "more" }),
      z: t.timestamp({ zone: "Europe/Zurich" }),
    },
    [rule("sql", sql`x <> ''`), rule("zoned", check.oneOf("z", "2026-01-01T10:00:00Z"))],
  );
  expect(describeRules(definition)).toEqual([
    { code: "told.x.pattern", note: "loader-only", because: "flags inside a pattern are known to the warehouse alone" },
    { code: "told.y.notFuture", note: "loader-only", because: "the moment of receipt is known to the loader" },
    { code: "told.row.sql", note: "loader-only", because: "it is SQL text" },
    { code: "told.row.zoned", note: "loader-only", because: "its column's own time zone is known to the warehouse" },
    { code: "told.n.min", note: "dropped", because: "told.n.more says it already" },
  ]);
});
