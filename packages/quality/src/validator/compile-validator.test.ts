// What the validator refuses and lets pass, type by type.
import { contract, t } from "@millrace/core";
import { expect, test } from "vitest";
import { compileValidator } from "./compile-validator.ts";
import { compileVerdict } from "../sql/compile-verdict.ts";

const Row = contract("rows", {
  id: t.int64().key(),
  price: t.decimal(5, 2).min(0).optional(),
  kind: t.enum("a", "b").optional(),
  at: t.timestamp().optional(),
  on: t.date().optional(),
  flag: t.bool().optional(),
  parent: t.string().optional().references("others.id"),
});
const validator = compileValidator(Row);

test.each([
  [{ id: 1 }, []],
  [
    {
      id: "9223372036854775807",
      price: "999.99",
      kind: "a",
      at: "2026-02-28T23:59:59.999999+02",
      on: "2024-02-29",
      flag: "yes",
    },
    [],
  ],
  [{}, ["rows.id.required"]],
  [{ id: "1.5" }, ["rows.id.type"]],
  [{ id: "9223372036854775808" }, ["rows.id.type"]],
  [{ id: 1, price: "1.234" }, ["rows.price.type"]],
  [{ id: 1, price: "1000.00" }, ["rows.price.type"]],
  [{ id: 1, price: -0.01 }, ["rows.price.min"]],
  [
    { id: 1, kind: "c", at: "2026-02-30T00:00:00Z", on: "2026-2-1", flag: "maybe" },
    ["rows.kind.type", "rows.at.type", "rows.on.type", "rows.flag.type"],
  ],
  [{ id: null, price: "-1" }, ["rows.id.required", "rows.price.min"]],
  ["text", ["rows.record.malformed"]],
  [[1], ["rows.record.malformed"]],
])("%j", (record, codes) => {
  expect(validator.validate(record)).toEqual(codes);
});

test("what only the loader can judge is named", () => {
  expect(validator.loaderOnly).toEqual(["rows.parent.references"]);
  expect(compileVerdict(Row, "shop").references).toEqual([
    {
      code: "rows.parent.references",
      column: "parent",
      parentDomain: "shop",
      parentTable: "others",
      parentColumn: "id",
    },
  ]);
});

test("names of fields are names and nothing else", () => {
  const names = ['a"];throw new Error("ran");//', "`${1}`", "constructor", "__proto__", "\u2028", "row", "'\\"];
  const columns = Object.fromEntries(names.map((name, at) => [`c${at}`, t.int32().min(1).from(name)]));
  const judge = compileValidator(contract("hostile", columns));
  const record = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:1`).join(",")}}`) as unknown;
  expect(judge.validate(record)).toEqual([]);
  expect(judge.validate({})).toEqual(names.map((_name, at) => `hostile.c${at}.required`));
});
