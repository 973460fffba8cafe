// Avro out and in: types come back as they were, and what Avro or a column cannot say is told.
import { contract, t, type ContractDefinition } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLocated } from "../document/located.ts";
import { Losses } from "../document/loss.ts";
import { arbitraryContract } from "../testing/arbitrary-contract.ts";
import { exportAvro } from "./export-avro.ts";
import { importAvro } from "./import-avro.ts";

function read(text: string): { readonly contract: ContractDefinition; readonly losses: readonly string[] } {
  const losses = new Losses();
  const imported = importAvro(readLocated(text, "a.avsc"), losses.report);
  return { contract: imported, losses: losses.list.map(({ of, what, line }) => `${line} ${of}: ${what}`) };
}

test("types that went through Avro are the same", () => {
  fc.assert(
    fc.property(arbitraryContract, (original) => {
      const again = read(exportAvro(original, "shop", () => undefined)).contract;
      const facts = ({ columns }: ContractDefinition) =>
        columns
          // Told as lost: JSON and values that are no names become text, zones go.
          .filter(({ type }) => !["json", "enum", "struct"].includes(type.kind))
          .map(({ name, type, required, description }) => ({
            name,
            type: type.kind === "timestamp" ? "timestamp" : type,
            required,
            description,
          }));
      const left = facts(original);
      expect(facts(again).filter(({ name }) => left.some((one) => one.name === name))).toEqual(left);
    }),
    { numRuns: 200 },
  );
});

test("nested values and lists of names have types of their own", () => {
  const Row = contract("rows", {
    kind: t.enum("new", "used"),
    place: t.struct({ kind: t.enum("a"), at: t.struct({ x: t.float() }) }).optional(),
    tags: t.list(t.struct({ a: t.int32() })),
  });
  const text = exportAvro(Row, "shop", () => undefined);
  const names = [...text.matchAll(/"name": "(\w+)",\s*"(?:symbols|fields)"/g)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(read(text).contract.columns.map(({ type }) => type)).toEqual(Row.columns.map(({ type }) => type));
});

test("what Avro cannot say is told", () => {
  const losses = new Losses();
  exportAvro(
    contract("rows", { a: t.string().key().min === undefined ? t.string() : t.json(), b: t.enum("a b").pii() }),
    "shop",
    losses.report,
  );
  expect(losses.list).toEqual([
    { of: "a", what: "JSON becomes text" },
    { of: "b", what: "Avro does not say that it is personal data" },
    { of: "b", what: "its values are no names that Avro takes; it becomes text" },
  ]);
});

test("a schema of another system becomes columns", () => {
  const { contract: found, losses } = read(`{
  "type": "record", "name": "com.shop.Order", "doc": "An order.",
  "fields": [
    { "name": "id", "type": "long" },
    { "name": "state", "type": { "type": "enum", "name": "State", "symbols": ["NEW", "DONE"] }, "default": "NEW" },
    { "name": "before", "type": ["null", "State"] },
    { "name": "price", "type": { "type": "fixed", "size": 8, "name": "Price", "logicalType": "decimal", "precision": 12, "scale": 2 } },
    { "name": "extra", "type": { "type": "map", "values": "string" } },
    { "name": "value", "type": ["null", "string", "int"] },
    { "name": "node", "type": { "type": "record", "name": "Node", "fields": [{ "name": "next", "type": ["null", "Node"] }] } },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" }, "aliases": ["time"] }
  ]
}`);
  expect([found.name, found.description, found.columns.map(({ name, type, required }) => [name, type, required])])
    .toMatchInlineSnapshot(`
    [
      "Order",
      "An order.",
      [
        [
          "id",
          {
            "kind": "int64",
          },
          true,
        ],
        [
          "state",
          {
            "kind": "enum",
            "values": [
              "NEW",
              "DONE",
            ],
          },
          true,
        ],
        [
          "before",
          {
            "kind": "enum",
            "values": [
              "NEW",
              "DONE",
            ],
          },
          false,
        ],
        [
          "price",
          {
            "kind": "decimal",
            "precision": 12,
            "scale": 2,
          },
          true,
        ],
        [
          "extra",
          {
            "kind": "json",
          },
          true,
        ],
        [
          "value",
          {
            "kind": "json",
          },
          false,
        ],
        [
          "node",
          {
            "fields": {
              "next": {
                "kind": "json",
              },
            },
            "kind": "struct",
          },
          true,
        ],
        [
          "at",
          {
            "kind": "timestamp",
          },
          true,
        ],
      ],
    ]
  `);
  expect(losses).toMatchInlineSnapshot(`
    [
      "5 state: its default "NEW" is what readers of Avro fill in; it is left out",
      "8 extra: a map with any keys; JSON is taken",
      "9 value: a union of several types; any JSON is taken",
      "10 node: a record that holds itself; any JSON is taken",
      "11 at: its aliases time are left out",
    ]
  `);
});

test.each([
  ['{"type": "string"}', 'a.avsc:1: an Avro schema of type "record" with fields is expected'],
  [
    '{"type": "record", "name": "r",\n "fields": [\n {"name": "a", "type": "Unknown"}]}',
    'a.avsc:3: the type "Unknown" is not known in this file',
  ],
  ['{"type": "record", "name": "r", "fields": [{"name": "a"}]}', "a field has a name and a type"],
  [
    '{"type": "record", "name": "r", "fields": [{"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 99}}]}',
    "decimal(99,0) is not valid",
  ],
])("a schema that makes no sense is refused: %s", (text, problem) => {
  expect(() => read(text)).toThrow(problem);
});
