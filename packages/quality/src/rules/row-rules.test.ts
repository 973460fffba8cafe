// Which rules run, which are said twice, and which cannot be compiled.
import { check, contract, rule, t } from "@millrace/core";
import { expect, test } from "vitest";
import { compileVerdict } from "../sql/compile-verdict.ts";
import { rowRules } from "./row-rules.ts";

test("what no row can fail and what another rule says already does not run", () => {
  const { rules, dropped } = rowRules(
    contract(
      "c",
      {
        a: t.int32().min(-2_147_483_648).max(10).max(5, { name: "tight" }),
        b: t.enum("x", "y").oneOf("x", "y", "x"),
        c: t.string().optional().email().email({ name: "again" }).email({ name: "warning", severity: "warn" }),
      },
      [rule("present", check.atLeastOne("a", "c")), rule("both", check.allOrNone("b", "c"))],
    ),
  );
  expect(rules.map(({ code }) => code)).toEqual(["c.a.tight", "c.c.email", "c.row.both"]);
  expect(dropped).toEqual([
    { code: "c.a.min", because: "no row can fail it" },
    { code: "c.a.max", because: "c.a.tight says it already" },
    { code: "c.b.oneOf", because: "no row can fail it" },
    { code: "c.c.again", because: "c.c.email says it already" },
    { code: "c.c.warning", because: "c.c.email says it already" },
    { code: "c.row.present", because: "no row can fail it" },
  ]);
});

test("text is ordered as text, and a wide contract is compared in no time", () => {
  const { dropped } = rowRules(
    contract("c", { s: t.string() }, [
      rule("a", check.compare("s", ">=", check.value("1000"))),
      rule("b", check.compare("s", ">=", check.value("999"))),
    ]),
  );
  expect(dropped).toEqual([]);
  const columns = Array.from({ length: 1000 }, (_, at) => [`c${at}`, t.string().currencyCode().notBlank()] as const);
  const start = performance.now();
  expect(rowRules(contract("wide", Object.fromEntries(columns))).rules).toHaveLength(2000);
  expect(performance.now() - start).toBeLessThan(3000);
});

test("rules go where their severity says", () => {
  const verdict = compileVerdict(
    contract("c", { a: t.int32().min(0).max(9, { severity: "warn" }) }, [
      rule("odd", check.compare("a", "<>", check.value(4)), { severity: "block" }),
    ]),
    "d",
  );
  expect(verdict.rows.map(({ code }) => code)).toEqual(["c.a.min"]);
  expect(verdict.watched?.map(({ code, severity }) => [code, severity])).toEqual([
    ["c.a.max", "warn"],
    ["c.row.odd", "block"],
  ]);
});

test.each([
  [() => contract("c", { a: t.int32().min("x") }), 'rule c.a.min: "x" is no value of type int32'],
  [() => contract("c", { a: t.date().max("2026-02-30") }), '"2026-02-30" is no value of type date'],
  [
    () => contract("c", { a: t.enum("x") }, [rule("r", check.oneOf("a", "y"))]),
    '"y" is none of the values of enum("x")',
  ],
  [() => contract("c", { a: t.decimal(38, 0).min("0.5") }), "need 39 digits together; at most 38 stay exact"],
  [() => contract("c", { a: t.string().pattern(/(a)\1/) }), "which only JavaScript knows"],
  [
    () => contract("c", { a: t.int32() }, [rule("r", check.exists("a", "p.id", { when: check.oneOf("a", "x") }))]),
    'rule c.set.r: "x" is no value of type int32',
  ],
])("a constant or pattern that cannot be compiled is refused: %#", (declare, problem) => {
  expect(() => compileVerdict(declare(), "d")).toThrow(problem);
});

test.each([
  [() => contract("c", { a: t.int32() }, [rule("r", check.compare("b" as "a", "=", "a"))]), 'there is no column "b"'],
  [
    () => contract("c", { a: t.int32(), b: t.string() }, [rule("r", check.compare("a", "=", "b"))]),
    "int32 cannot be compared with string",
  ],
  [() => contract("c", { a: t.json() }, [rule("r", check.compare("a", "=", "a"))]), "have no order"],
  [() => contract("c", { a: t.int32() }, [rule("r", check.sum("a"))]), "a rule is true or false"],
  [
    () =>
      contract("c", { a: t.decimal(30, 2), b: t.int64() }, [
        rule("r", check.compare(check.product("a", "b"), ">", "a")),
      ]),
    "may have 49 digits",
  ],
  [() => contract("c", { a: t.string().pattern("a").pattern("b") }), "the code c.a.pattern is taken"],
  [() => contract("c", { row: t.int32().min(1) }, [rule("min", check.present("row"))]), "the code c.row.min is taken"],
  [() => contract("c", { a: t.string().oneOf() }), "a list needs at least one value"],
  [() => contract("c", { a: t.int32() }, [rule("r", check.any())]), "needs at least one condition"],
  [() => contract("c", { a: t.json() }, [rule("r", check.oneOf("a", "1"))]), "are not compared with a list"],
  [() => contract("c", { a: t.string().length({}) }), "length() needs min, max or both"],
  [() => contract("c", { a: t.string().length({ min: 3, max: 2 }) }), "length() needs min, max or both"],
  [() => t.int32().severity("warn"), "stand after the check"],
])("a contract that makes no sense is refused where it is written: %#", (declare, problem) => {
  expect(declare).toThrow(problem);
});
