// What is wrong with a model is said with file and line, before anything runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, silentLogger, systemClock, t, type Warehouse } from "@millrace/core";
import { planModels, type ModelPlan } from "@millrace/transform";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "millrace-models-"));
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes: 256 * 1024 * 1024,
    threads: 1,
    clock: systemClock,
    log: silentLogger,
  });
  const Sale = contract("sales", { id: t.int64(), store: t.int32(), ts: t.timestamp() });
  await warehouse.write(["shop.sales", "shop.stores"], async (tx) => {
    for (const name of ["sales", "stores"])
      await tx.ensureTable({ domain: "shop", name, columns: Sale.columns, key: [] });
  });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

async function plan(...files: readonly (readonly [string, string])[]): Promise<ModelPlan> {
  const sources = files.map(([name, text]) => ({ domain: "shop", name, file: `models/${name}.sql`, text }));
  return planModels(sources, { engine: warehouse, tables: await warehouse.tables() });
}

test("models come after what they read; columns and types are known without a run", async () => {
  const { models, errors } = await plan(
    ["c", "SELECT n + 1 AS m FROM b"],
    ["a", "SELECT store, id FROM sales"],
    ["b", "WITH x AS (SELECT * FROM a) SELECT count(*) AS n, min(store) AS s FROM x"],
  );
  expect(errors).toEqual([]);
  expect(models.map((model) => [model.name, model.inputs])).toEqual([
    ["a", ["shop.sales"]],
    ["b", ["shop.a"]],
    ["c", ["shop.b"]],
  ]);
  expect(models[1]?.columns.map((column) => [column.name, column.type.kind])).toEqual([
    ["n", "int64"],
    ["s", "int32"],
  ]);
});

test.each([
  ["SELECT 1 AS a,\n  FROM FROM", "models/m.sql:2: model shop.m:"],
  ["SELECT\n  *\nFROM shop.sails", `models/m.sql:3: model shop.m: there is no table or model "shop.sails"`],
  ["SELECT store,\n  idd FROM sales", "models/m.sql:2:"],
  ["SELECT * FROM m", "the model reads itself"],
  ["/* ---\nmaterialise: table\n--- */\nSELECT 1", `models/m.sql:2: model shop.m: unknown field "materialise"`],
  [
    "/* ---\nmaterialize: tabel\n--- */\nSELECT 1",
    `models/m.sql:2: model shop.m: materialize is view, table, incremental; received "tabel"`,
  ],
  ["/* ---\nmaterialize: incremental\n--- */\nSELECT 1", "needs a key"],
  [
    "/* ---\nmaterialize: incremental\nkey: id\n--- */\nSELECT id, now() AS n FROM sales",
    "models/m.sql:5: model shop.m: now changes from one moment to the next",
  ],
  ["/* ---\nkey: nope\n--- */\nSELECT id FROM sales", `models/m.sql:2: model shop.m: key names the column "nope"`],
  ["/* ---\nchecks: [uniqe(id)]\n--- */\nSELECT id FROM sales", `unknown check "uniqe(id)"`],
  ["/* ---\nkey: id\nSELECT 1", "has no end"],
  ["  ;", "has no SELECT"],
  [
    "SELECT * FROM other.sales",
    'models/m.sql:1: model shop.m: there is no table or model "other.sales"; did you mean "shop.sales"?',
  ],
  ["SELECT 1 AS a\nFROM read_csv('x.csv')", "models/m.sql:2: model shop.m: read_csv in FROM is refused"],
  ["SELECT * FROM 'x.csv'", 'there is no table or model "x.csv"'],
  ["WITH millrace_x AS (SELECT 1) SELECT * FROM millrace_x", "is reserved"],
  ["SELECT 1; SELECT 2", "one SELECT is expected"],
  ["DELETE FROM sales", "Only SELECT statements"],
  [
    "/* ---\nmaterialize: incremental\nkey: id\n--- */\nSELECT id FROM sales WHERE ts > current_date",
    "models/m.sql:5: model shop.m: current_date changes",
  ],
  [
    "/* ---\nchecks:\n  - not_null(id)\n  - unique(id, stoer)\n--- */\nSELECT id, store FROM sales",
    'models/m.sql:4: model shop.m: check unique(id, stoer) names the column "stoer", which the model does not have; did you mean "store"?',
  ],
  [
    "/* ---\nchecks:\n  - not_null(id)\n  - sql(SELECT * FROM m WHERE idd < 0)\n--- */\nSELECT id FROM sales",
    "models/m.sql:4: model shop.m: Binder Error",
  ],
  [
    "/* ---\nchecks:\n  - sql(SELECT * FROM stores)\n--- */\nSELECT id FROM sales",
    "models/m.sql:3: model shop.m: a check reads shop.stores, which the model does not read; shop.m, shop.sales would be valid",
  ],
])("%j", async (text, message) => {
  const { models, errors } = await plan(["m", text]);
  expect(models).toEqual([]);
  expect(errors[0]?.error).toMatchObject({ code: "model-invalid" });
  expect(errors[0]?.error.message).toContain(message);
});

test("names are unique without regard to case, and apart from tables", async () => {
  const { models, errors } = await plan(
    ["Daily", "SELECT 1 AS a"],
    ["daily", "SELECT 1 AS a"],
    ["SALES", "SELECT 1 AS a"],
  );
  expect(models.map((model) => model.name)).toEqual(["Daily"]);
  expect(errors.map((error) => error.error.message)).toEqual([
    "models/daily.sql:1: model shop.daily: models/Daily.sql has this name too; names are unique without regard to case",
    "models/SALES.sql:1: model shop.SALES: a table of this name is written by channels; give the model another name",
  ]);
});

test("a column may be called like a volatile function, and in full by schema and table", async () => {
  const { models, errors } = await plan(
    ["a", "SELECT store AS uuid, id AS now FROM sales"],
    [
      "b",
      "/* ---\nmaterialize: incremental\nkey: uuid\n--- */\nSELECT uuid, max(now) AS today FROM shop.a GROUP BY uuid",
    ],
    ["c", "SELECT shop.sales.store, sales.id, s.ts FROM shop.sales JOIN stores AS s USING (id)"],
  );
  expect(errors).toEqual([]);
  expect(models.map((model) => model.fullBecause)).toEqual([
    undefined,
    "shop.a: it is a model, whose rows carry no batch",
    undefined,
  ]);
});

test("the fingerprint follows what rows depend on", async () => {
  const print = async (text: string): Promise<string | undefined> => (await plan(["m", text])).models[0]?.fingerprint;
  const first = await print("/* ---\nkey: id\n--- */\nSELECT id FROM sales");
  expect(await print("/* ---\ndescription: one\nkey: id\n--- */\n-- why\nselect   id from shop.sales")).toBe(first);
  expect(await print("/* ---\nkey: id\n--- */\nSELECT id + 1 AS id FROM sales")).not.toBe(first);
  expect(await print("/* ---\nmaterialize: table\nkey: id\n--- */\nSELECT id FROM sales")).not.toBe(first);
});

test("a chain of 3,000 models is planned in order", { timeout: 60_000 }, async () => {
  const files = Array.from({ length: 3000 }, (_, at) => {
    const before = at === 0 ? "sales" : `m${at - 1}`;
    return [`m${at}`, `SELECT id, store FROM ${before} WHERE id > ${at}`] as const;
  });
  const { models, errors } = await plan(...files.toReversed());
  expect(errors).toEqual([]);
  expect(models.map((model) => model.name)).toEqual(files.map(([name]) => name));
});

test("a circle names its members; models beside it are planned", async () => {
  const { models, errors } = await plan(["a", "SELECT * FROM b"], ["b", "SELECT * FROM a"], ["good", "SELECT 1 AS x"]);
  expect(models.map((model) => model.name)).toEqual(["good"]);
  expect(errors.map((error) => error.error.code)).toEqual(["model-cycle", "model-cycle"]);
  expect(errors[0]?.error.message).toContain("shop.a -> shop.b -> shop.a");
});

test("checks count failing rows", async () => {
  const { models } = await plan([
    "m",
    "/* ---\nchecks: [not_null(store), 'unique(id)', 'accepted_values(store, 1, 2)', {check: 'sql(SELECT * FROM m WHERE id < 0)', severity: warn}]\n--- */\nSELECT * FROM sales",
  ]);
  await warehouse.write(["shop.m"], (tx) =>
    tx.replaceTable(
      { domain: "shop", name: "m", key: [] },
      "SELECT * FROM (VALUES (1, 1), (1, 3), (-2, NULL)) v(id, store)",
    ),
  );
  const counts = await Promise.all(
    (models[0]?.compiledChecks ?? []).map(async (check) => [
      check.name,
      check.severity,
      (await warehouse.query(check.count)).rows[0]?.[0],
    ]),
  );
  expect(counts).toEqual([
    ["not_null(store)", "block", 1n],
    ["unique(id)", "block", 1n],
    ["accepted_values(store, 1, 2)", "block", 1n],
    ["sql(SELECT * FROM m WHERE id < 0)", "warn", 1n],
  ]);
});
