// Each kind of change between two versions of a contract, and whom it breaks.
import { describe, expect, it } from "vitest";
import { contract } from "./builder.ts";
import { check } from "./check.ts";
import { classify, contractChanges } from "./contract-changes.ts";
import { withDiscovered } from "./evolution.ts";
import { t } from "./column-builder.ts";
import { rule } from "./builder.ts";

const columns = { id: t.int64().key(), price: t.decimal(12, 2).min(0), note: t.string().optional() };
const before = contract("items", columns);

const cases: readonly (readonly [string, ReturnType<typeof contract>, string, readonly string[]])[] = [
  ["column-added", contract("items", { ...columns, kind: t.string().optional() }), "compatible", []],
  ["column-added", contract("items", { ...columns, kind: t.string() }), "breaking", ["senders", "stored"]],
  ["column-removed", contract("items", { id: columns.id, price: columns.price }), "breaking", ["readers"]],
  [
    "column-removed",
    contract("items", { id: columns.id, price: columns.price }, [], { dropped: ["note"] }),
    "breaking",
    ["readers", "stored"],
  ],
  ["type-widened", contract("items", { ...columns, price: t.decimal(14, 2).min(0) }), "compatible", []],
  [
    "type-changed",
    contract("items", { ...columns, price: t.decimal(10, 2).min(0) }),
    "breaking",
    ["senders", "readers", "stored"],
  ],
  ["required", contract("items", { ...columns, note: t.string() }), "breaking", ["senders", "stored"]],
  ["optional", contract("items", { ...columns, price: columns.price.optional() }), "breaking", ["readers"]],
  ["source", contract("items", { ...columns, note: columns.note.from("text") }), "breaking", ["senders"]],
  ["personal-data", contract("items", { ...columns, note: columns.note.pii() }), "breaking", ["readers"]],
  ["key", contract("items", { ...columns, id: t.int64() }), "breaking", ["readers", "stored"]],
  ["rule-added", contract("items", { ...columns, note: columns.note.length({ max: 9 }) }), "breaking", ["senders"]],
  [
    "rule-added",
    contract("items", { ...columns, note: columns.note.length({ max: 9, severity: "warn" }) }),
    "compatible",
    [],
  ],
  ["rule-changed", contract("items", { ...columns, price: t.decimal(12, 2).min(-5) }), "compatible", []],
  ["rule-changed", contract("items", { ...columns, price: t.decimal(12, 2).min(5) }), "breaking", ["senders"]],
  ["rule-removed", contract("items", { ...columns, price: t.decimal(12, 2) }), "compatible", []],
  ["evolution", contract("items", columns, [], { evolution: "freeze" }), "breaking", ["senders"]],
  ["evolution", contract("items", columns, [], { evolution: "evolve" }), "compatible", []],
  ["deduplication", contract("items", columns, [], { deduplicate: { by: ["note"] } }), "breaking", ["readers"]],
  ["description", contract("items", { ...columns, note: columns.note.describe("remark") }), "compatible", []],
];

it.for(cases)("%s", ([change, after, expected, breaks]) => {
  const found = contractChanges(before, after);
  expect(found.map((one) => one.change)).toEqual([change]);
  expect(found[0]?.breaks).toEqual(breaks);
  expect(classify(found)).toBe(expected);
});

it("a rename is one change, also of a key, and its rules go along", () => {
  const after = contract("items", {
    number: t.int64().key().renamedFrom("id"),
    price: columns.price,
    note: columns.note,
  });
  expect(contractChanges(before, after).map(({ change, subject }) => [change, subject])).toEqual([
    ["column-renamed", "number"],
    ["source", "number"],
  ]);
});

it("the same contract changes nothing", () => {
  expect(classify(contractChanges(before, contract("items", columns)))).toBe("none");
  const rules = [rule("cheap", check.compare("price", "<", check.value(5)))];
  expect(contractChanges(contract("items", columns, rules), before).map(({ summary }) => summary)).toEqual([
    "rule items.row.cheap is gone",
  ]);
});

describe("columns that were found in the data", () => {
  const [, , note] = before.columns;
  const found = { ...(note as NonNullable<typeof note>), name: "colour", discovered: true } as const;
  const stored = { ...before, columns: [...before.columns, found] };

  it("stay until the author says something about them", () => {
    expect(withDiscovered(before, stored).columns.map(({ name }) => name)).toEqual(["id", "price", "note", "colour"]);
    const declared = contract("items", { ...columns, colour: t.string().optional() });
    expect(withDiscovered(declared, stored)).toBe(declared);
    const renamed = contract("items", { ...columns, tint: t.string().optional().renamedFrom("colour") });
    expect(withDiscovered(renamed, stored)).toBe(renamed);
    const retired = contract("items", columns, [], { retired: ["colour"] });
    expect(withDiscovered(retired, stored)).toBe(retired);
  });

  it("are a compatible change", () => {
    expect(contractChanges(before, stored)).toMatchObject([
      { change: "column-discovered", subject: "colour", breaks: [] },
    ]);
  });
});

it.for([
  [{ retired: ["note"] }, '"note" is retired and declared'],
  [{ retired: ["x"], dropped: ["x"] }, "say which"],
  [{ deduplicate: { by: [] } }, "at least one column"],
  [{ deduplicate: { by: ["id"], keep: "last", within: "table" } }, "keeps the row that is there"],
] as const)("refuses %j", ([facts, problem]) => {
  expect(() => contract("items", columns, [], facts)).toThrow(problem);
});

it("refuses renames and side columns that contradict themselves", () => {
  expect(() => contract("items", { a: t.string(), b: t.string().renamedFrom("a") })).toThrow("declared as well");
  expect(() => contract("items", { a: t.rest(), b: t.rest() })).toThrow("one takes all");
  expect(() => contract("items", { a: t.rest() }, [], { evolution: "evolve" })).toThrow("does as well");
});
