// JSON Schema out and in: columns come back as they were, schemas of others become columns, and what a column cannot say is told.
import { check, clean, contract, rule, t, type ContractDefinition } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLocated } from "../document/located.ts";
import { Losses } from "../document/loss.ts";
import { arbitraryContract } from "../testing/arbitrary-contract.ts";
import { exportJsonSchema } from "./export-json-schema.ts";
import { importJsonSchema } from "./import-json-schema.ts";

function read(text: string): { readonly contract: ContractDefinition; readonly losses: readonly string[] } {
  const losses = new Losses();
  const imported = importJsonSchema(readLocated(text, "a.json"), "file name", losses.report);
  return { contract: imported, losses: losses.list.map(({ of, what, line }) => `${line} ${of}: ${what}`) };
}

test("columns that went through JSON Schema are the same but for checks that it has no words for", () => {
  fc.assert(
    fc.property(
      // Two columns of one source field are one property.
      arbitraryContract.filter(
        ({ columns }) => new Set(columns.map((one) => one.source ?? one.name)).size === columns.length,
      ),
      (original) => {
        const again = read(exportJsonSchema(original, "shop", () => undefined)).contract;
        const facts = ({ columns }: ContractDefinition) =>
          columns.map(({ checks: _checks, type, ...rest }) => ({ ...rest, type: comparableType(type) }));
        // A list of texts, and a text that is a UUID, are types there.
        const typed = (one: ContractDefinition["columns"][number]) =>
          one.checks.some(({ check: kind }) => kind === "oneOf" || kind === "uuidText");
        const plain = original.columns.filter((one) => !typed(one)).map((one) => one.name);
        const only = (list: ReturnType<typeof facts>) => list.filter((one) => plain.includes(one.name));
        expect(only(facts(again))).toEqual(only(facts(original)));
        expect([again.name, again.description]).toEqual([original.name, original.description]);
      },
    ),
    { numRuns: 200 },
  );
});

/** Nested dates without a zone, times and JSON have no word of their own inside. */
function comparableType(type: unknown): unknown {
  return JSON.parse(JSON.stringify(type).replaceAll('"kind":"timestamp","zone":"Europe/Zurich"', '"kind":"timestamp"'));
}

test("checks that JSON Schema has words for come back", () => {
  const Row = contract("rows", {
    a: t.string().length({ min: 1, max: 5 }).pattern(/^a/),
    b: t.int32().min(1).max(9, { exclusive: true }).multipleOf(3),
    c: t.string().email().optional(),
    d: t.string().notOneOf("x").notBlank().casing("upper"),
    e: t.int64().oneOf(1, 2).notOneOf(3),
    f: t.decimal(9, 2).min("0.5"),
    g: t.timestamp().min("2020-01-01T00:00:00Z").notFuture(),
  });
  const { contract: again, losses } = read(exportJsonSchema(Row, "shop", () => undefined));
  const sorted = ({ columns }: ContractDefinition) =>
    columns.map(({ name, checks }) => [name, checks.toSorted((x, y) => x.check.localeCompare(y.check))]);
  expect(sorted(again)).toEqual(sorted(Row));
  expect(losses).toEqual([]);
});

test("what the schema cannot say is told when it is written", () => {
  const losses = new Losses();
  const Row = contract(
    "rows",
    { a: t.string().clean(clean.trim()).key(), b: t.string().notBlank().email({ severity: "warn" }) },
    [rule("r", check.compare("a", "<>", "b")), rule("s", check.unique("b"))],
  );
  exportJsonSchema(Row, "shop", losses.report);
  expect(losses.list.map(({ of, what }) => `${of}: ${what}`)).toMatchInlineSnapshot(`
    [
      "rows: its rules are not enforced by the schema: r, s",
      "a: its text is cleansed before it is judged, so the schema takes any text",
      "a: keys and references are only named (x-key, x-references)",
      "b: the check notBlank is only named (x-notBlank)",
      "b: the check email only warns, so the schema does not have it",
    ]
  `);
});

test("a schema of another system becomes columns", () => {
  const { contract: found, losses } = read(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Order line",
  "type": "object",
  "additionalProperties": false,
  "required": ["id", "address", "Qty"],
  "dependentRequired": { "paid": ["Qty"] },
  "properties": {
    "id": { "$ref": "#/$defs/id" },
    "Qty": { "type": "integer", "minimum": 0, "maximum": 100 },
    "price": { "anyOf": [{ "type": "number", "multipleOf": 0.01 }, { "type": "null" }] },
    "paid": { "type": ["string", "null"], "format": "date-time" },
    "kind": { "oneOf": [{ "const": "new" }, { "const": "used" }] },
    "address": { "allOf": [{ "$ref": "#/$defs/place" }, { "properties": { "floor": { "type": "integer" } } }] },
    "parts": { "type": "array", "items": { "type": "string", "maxLength": 5 }, "minItems": 1 },
    "tree": { "$ref": "#/$defs/node" },
    "either": { "type": ["string", "boolean"] },
    "host name": { "type": "string", "format": "hostname", "default": "localhost" }
  },
  "$defs": {
    "id": { "type": "string", "format": "uuid", "description": "Of the line." },
    "place": { "type": "object", "properties": { "street": { "type": "string" } } },
    "node": { "type": "object", "properties": { "value": { "type": "number" }, "next": { "$ref": "#/$defs/node" } } }
  }
}`);
  expect(found).toMatchInlineSnapshot(`
    {
      "columns": [
        {
          "checks": [],
          "description": "Of the line.",
          "key": false,
          "name": "id",
          "pii": false,
          "required": true,
          "type": {
            "kind": "uuid",
          },
          "version": false,
        },
        {
          "checks": [
            {
              "check": "min",
              "value": "0",
            },
            {
              "check": "max",
              "value": "100",
            },
          ],
          "key": false,
          "name": "Qty",
          "pii": false,
          "required": true,
          "type": {
            "kind": "int32",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "price",
          "pii": false,
          "required": false,
          "type": {
            "kind": "decimal",
            "precision": 18,
            "scale": 2,
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "paid",
          "pii": false,
          "required": false,
          "type": {
            "kind": "timestamp",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "kind",
          "pii": false,
          "required": false,
          "type": {
            "kind": "enum",
            "values": [
              "new",
              "used",
            ],
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "address",
          "pii": false,
          "required": true,
          "type": {
            "fields": {
              "floor": {
                "kind": "int64",
              },
              "street": {
                "kind": "string",
              },
            },
            "kind": "struct",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "parts",
          "pii": false,
          "required": false,
          "type": {
            "item": {
              "kind": "string",
            },
            "kind": "list",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "tree",
          "pii": false,
          "required": false,
          "type": {
            "fields": {
              "next": {
                "kind": "json",
              },
              "value": {
                "kind": "float",
              },
            },
            "kind": "struct",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": false,
          "name": "either",
          "pii": false,
          "required": false,
          "type": {
            "kind": "json",
          },
          "version": false,
        },
        {
          "checks": [],
          "cleansing": [
            {
              "step": "default",
              "value": "localhost",
            },
          ],
          "key": false,
          "name": "host_name",
          "pii": false,
          "required": true,
          "source": "host name",
          "type": {
            "kind": "string",
          },
          "version": false,
        },
      ],
      "kind": "contract",
      "location": {
        "file": "a.json",
        "line": 1,
      },
      "name": "order_line",
      "rules": [
        {
          "condition": {
            "of": [
              {
                "of": {
                  "of": {
                    "of": {
                      "column": "paid",
                      "op": "column",
                    },
                    "op": "missing",
                  },
                  "op": "not",
                },
                "op": "not",
              },
              {
                "of": {
                  "of": {
                    "column": "Qty",
                    "op": "column",
                  },
                  "op": "missing",
                },
                "op": "not",
              },
            ],
            "op": "any",
          },
          "name": "paid_needs_Qty",
        },
      ],
    }
  `);
  expect(losses).toMatchInlineSnapshot(`
    [
      "5 document: other fields are not refused: they are no columns",
      "15 parts: its items: maxLength not enforced inside nested values",
      "15 parts: minItems is not enforced",
      "23 tree: value: it is a number without digits; float is taken",
      "23 tree: next: it holds itself; any JSON is taken",
      "17 either: several types (string, boolean); any JSON is taken",
      "18 host_name: the format hostname is not enforced",
    ]
  `);
});

test.each([
  ['{"type": "string"}', "a.json:1: a schema of objects with properties is expected"],
  [
    '{"type": "object",\n "properties": {\n "a": {"$ref": "https://x/y.json"}}}',
    'a.json:3: $ref "https://x/y.json" leads out of the file',
  ],
  ['{"properties": {"a": {"$ref": "#/$defs/b"}}}', 'a.json:1: $ref "#/$defs/b" names nothing in this file'],
  ['{"properties": {"a": {"$ref": "#/properties/a"}}}', "a.json:1: $ref leads in a circle"],
  ['{"properties": {"a": {"x-type": {"kind": "decimal", "precision": "9"}}}}', "a whole number is expected"],
  ['{"properties": {"a": 1}}', "a schema is a mapping, or true"],
  ['{"properties": {"a": {}', "a.json:1: "],
])("a schema that makes no sense is refused: %s", (text, problem) => {
  expect(() => read(text)).toThrow(problem);
});
