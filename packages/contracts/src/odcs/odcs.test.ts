// Open Data Contracts: everything that a contract says comes back, documents of others keep what they say, and what is wrong is refused with its line.
import type { ContractDefinition } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readLocated } from "../document/located.ts";
import { Losses } from "../document/loss.ts";
import { arbitraryContract, comparable } from "../testing/arbitrary-contract.ts";
import { exportOdcs } from "./export-odcs.ts";
import { importOdcs } from "./import-odcs.ts";

function read(text: string): { readonly contracts: readonly ContractDefinition[]; readonly losses: Losses["list"] } {
  const losses = new Losses();
  return { contracts: importOdcs(readLocated(text, "a.odcs.yaml"), losses.report), losses: losses.list };
}

test("a contract that went through ODCS is the same, and its document has the standard's structure", () => {
  fc.assert(
    fc.property(arbitraryContract, (original) => {
      const { contracts, losses } = read(exportOdcs(original, "shop"));
      expect(losses).toEqual([]);
      expect(contracts.map(comparable)).toEqual([comparable(original)]);
    }),
    { numRuns: 300 },
  );
});

const foreign = `
apiVersion: v3.1.0
kind: DataContract
id: "53581432"
version: 1.1.0
status: active
domain: seller
description: {purpose: Payments of sellers.}
team: {name: payments, members: [{username: eva, role: owner}]}
slaProperties: [{property: latency, value: 4, unit: d}]
servers: [{server: lake, type: s3, location: "s3://lake/x", format: parquet}]
schema:
  - name: payments
    physicalName: pay_1
    description: One row per payment.
    tags: [finance]
    dataGranularityDescription: per payment
    properties:
      - name: paid_on
        logicalType: date
        logicalTypeOptions: {format: dd.MM.yyyy, minimum: "2000-01-01"}
        examples: [03.10.2022]
        classification: public
      - name: payer
        logicalType: string
        physicalType: varchar(18)
        primaryKey: true
        primaryKeyPosition: 1
        tags: [uid, pii]
        transformLogic: upper(payer)
      - name: Country Code
        logicalType: string
        logicalTypeOptions: {minLength: 2, maxLength: 2}
        quality:
          - {metric: nullValues, mustBeLessOrEqualTo: 1, unit: percent, severity: warning}
          - {type: custom, engine: soda, implementation: "type: duplicate_percent"}
          - {type: text, description: As the register has it.}
      - name: amount
        logicalType: number
        physicalType: numeric(12, 2)
        logicalTypeOptions: {exclusiveMinimum: 0, multipleOf: 0.05}
        relationships: [{to: orders.total}]
      - name: parts
        logicalType: array
        items: {logicalType: object, properties: [{name: n, logicalType: integer, required: true}]}
    quality:
      - {metric: rowCount, mustBeGreaterThan: 100}
      - {name: Amount is sane, type: sql, query: "SELECT COUNT(*) FROM {object} WHERE amount > 1e9", mustBe: 0}
      - {type: sql, query: "SELECT AVG(amount) FROM {object}", mustBeLessThan: 9}
`;

test("a document of another system becomes columns and rules; the rest is kept and told", () => {
  const { contracts, losses } = read(foreign);
  const [payments] = contracts;
  expect(payments).toMatchInlineSnapshot(`
    {
      "columns": [
        {
          "checks": [
            {
              "check": "min",
              "value": "2000-01-01",
            },
          ],
          "cleansing": [
            {
              "formats": [
                "DD.MM.YYYY",
              ],
              "step": "date",
            },
          ],
          "key": false,
          "name": "paid_on",
          "pii": false,
          "required": false,
          "type": {
            "kind": "date",
          },
          "version": false,
        },
        {
          "checks": [],
          "key": true,
          "name": "payer",
          "pii": true,
          "required": true,
          "type": {
            "kind": "string",
          },
          "version": false,
        },
        {
          "checks": [
            {
              "check": "length",
              "max": 2,
              "min": 2,
            },
          ],
          "key": false,
          "name": "Country_Code",
          "pii": false,
          "required": false,
          "source": "Country Code",
          "type": {
            "kind": "string",
          },
          "version": false,
        },
        {
          "checks": [
            {
              "check": "min",
              "exclusive": true,
              "value": "0",
            },
            {
              "check": "multipleOf",
              "step": "0.05",
            },
          ],
          "key": false,
          "name": "amount",
          "pii": false,
          "references": {
            "column": "total",
            "table": "orders",
          },
          "required": false,
          "type": {
            "kind": "decimal",
            "precision": 12,
            "scale": 2,
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
              "fields": {
                "n": {
                  "kind": "int64",
                },
              },
              "kind": "struct",
            },
            "kind": "list",
          },
          "version": false,
        },
      ],
      "description": "One row per payment.",
      "kind": "contract",
      "location": {
        "file": "a.odcs.yaml",
        "line": 13,
      },
      "name": "payments",
      "odcs": {
        "columns": {
          "Country_Code": {
            "quality": [
              {
                "engine": "soda",
                "implementation": "type: duplicate_percent",
                "type": "custom",
              },
              {
                "description": "As the register has it.",
                "type": "text",
              },
            ],
          },
          "amount": {
            "physicalType": "numeric(12, 2)",
          },
          "paid_on": {
            "classification": "public",
            "examples": [
              "03.10.2022",
            ],
          },
          "payer": {
            "physicalType": "varchar(18)",
            "tags": [
              "uid",
            ],
            "transformLogic": "upper(payer)",
          },
        },
        "document": {
          "description": {
            "purpose": "Payments of sellers.",
          },
          "domain": "seller",
          "id": "53581432",
          "servers": [
            {
              "format": "parquet",
              "location": "s3://lake/x",
              "server": "lake",
              "type": "s3",
            },
          ],
          "slaProperties": [
            {
              "property": "latency",
              "unit": "d",
              "value": 4,
            },
          ],
          "status": "active",
          "team": {
            "members": [
              {
                "role": "owner",
                "username": "eva",
              },
            ],
            "name": "payments",
          },
          "version": "1.1.0",
        },
        "table": {
          "dataGranularityDescription": "per payment",
          "physicalName": "pay_1",
          "quality": [
            {
              "mustBeLessThan": 9,
              "query": "SELECT AVG(amount) FROM {object}",
              "type": "sql",
            },
          ],
          "tags": [
            "finance",
          ],
        },
      },
      "rules": [
        {
          "condition": {
            "op": "sql",
            "sql": "(amount > 1e9) IS NOT TRUE",
          },
          "name": "amount_is_sane",
        },
      ],
      "sets": [
        {
          "name": "Country_Code_missing",
          "set": {
            "column": "Country_Code",
            "max": 0.01,
            "of": "nullShare",
            "scope": "table",
            "set": "aggregate",
          },
          "severity": "warn",
        },
        {
          "name": "row_count",
          "set": {
            "min": 101,
            "scope": "table",
            "set": "rowCount",
          },
        },
      ],
    }
  `);
  expect(losses).toMatchInlineSnapshot(`
    [
      {
        "line": 8,
        "of": "document",
        "what": "kept as they are, without effect: description, team, slaProperties, servers",
      },
      {
        "line": 36,
        "of": "payments.Country_Code",
        "what": "a quality check (soda) is kept, not enforced",
      },
      {
        "line": 44,
        "of": "payments.parts",
        "what": "its part n: required not enforced inside nested values",
      },
      {
        "line": 48,
        "of": "payments",
        "what": "the SQL of "amount_is_sane" is taken as it is; the dialect is DuckDB's",
      },
      {
        "line": 49,
        "of": "payments",
        "what": "a quality check (sql) is kept, not enforced",
      },
    ]
  `);
});

test("a document of another system says the same again after it was a contract", () => {
  const again = parse(exportOdcs(read(foreign).contracts[0]!, "elsewhere")) as Record<string, unknown>;
  const { schema, ...document } = parse(foreign) as Record<string, unknown>;
  expect(again).toMatchObject(document);
  const [table] = again["schema"] as readonly Record<string, unknown>[];
  const { quality: _rules, properties: _columns, ...kept } = (schema as readonly Record<string, unknown>[])[0]!;
  expect(table).toMatchObject(kept);
  expect(read(exportOdcs(read(foreign).contracts[0]!, "elsewhere")).contracts.map(comparable)).toEqual(
    read(foreign).contracts.map(comparable),
  );
});

const head = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: '1'\nstatus: draft\n";

test.each([
  [
    "an unknown field",
    `${head}schema:\n  - name: t\n    propertes: []\n`,
    'a.odcs.yaml:8: schema[0]: a table of the schema has no field "propertes"; did you mean',
  ],
  [
    "a field of the author's own",
    `${head}owner: me\n`,
    'a.odcs.yaml:6: the contract has no field "owner"; facts of your own belong in customProperties.',
  ],
  [
    "a wrong type",
    `${head}schema:\n  - name: t\n    properties:\n      - {name: a, required: "yes"}\n`,
    'a.odcs.yaml:9: schema[0].properties[0].required: a boolean is expected; received "yes"',
  ],
  [
    "a missing field",
    "apiVersion: v3.1.0\nkind: DataContract\n",
    'a.odcs.yaml:1: the contract needs the field "version"',
  ],
  ["another version", "apiVersion: v2.2.2\n", 'a.odcs.yaml:1: apiVersion "v2.2.2" is not read; v3.0.x and v3.1.x are'],
  ["no tables", head, "the contract has no schema with tables"],
  [
    "an alias bomb",
    `${head}tags: &a [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, at) => `k${at}: &${"bcdefghij"[at]} [${Array(10).fill(`*${"abcdefghij"[at]}`).join(", ")}]`).join("\n")}\n`,
    "the file stands for more than 500000 parts",
  ],
  ["broken YAML", `${head}schema: [\n`, "a.odcs.yaml:"],
  [
    "a wrong word",
    `${head}schema:\n  - name: t\n    properties: [{name: a, logicalType: text}]\n`,
    "one of string, date, timestamp",
  ],
  [
    "a hand-made condition",
    `${head}schema:\n  - name: t\n    properties: [{name: a, logicalType: string}]\n    quality:\n      - {type: custom, engine: millrace, name: r, implementation: {condition: {op: evil}}}\n`,
    "a.odcs.yaml:10: t.op: one of column, value",
  ],
])("%s is refused with its line", (_what, text, problem) => {
  expect(() => read(text)).toThrow(problem);
});

test("version 3.0 is read: a team as a list, metrics as rules", () => {
  const text = `${head.replace("v3.1.0", "v3.0.2")}team: [{username: eva}]\nschema:\n  - name: t\n    properties: [{name: a, logicalType: string, quality: [{rule: duplicateValues, mustBe: 0}]}]\n`;
  expect(read(text).contracts[0]?.sets).toEqual([
    { name: "a_unique", set: { set: "unique", columns: ["a"], keep: "first" } },
  ]);
});
