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
  await warehouse.write(["shop.sales"], (tx) =>
    tx.ensureTable({ domain: "shop", name: "sales", columns: Sale.columns, key: [] }),
  );
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
  ["/* ---\nkey: nope\n--- */\nSELECT id FROM sales", `name the column "nope"`],
  ["/* ---\nchecks: [uniqe(id)]\n--- */\nSELECT id FROM sales", `unknown check "uniqe(id)"`],
  ["/* ---\nkey: id\nSELECT 1", "has no end"],
  ["  ;", "has no SELECT"],
])("%j", async (text, message) => {
  const { models, errors } = await plan(["m", text]);
  expect(models).toEqual([]);
  expect(errors[0]?.error).toMatchObject({ code: "model-invalid" });
  expect(errors[0]?.error.message).toContain(message);
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
    "/* ---\nchecks: [not_null(store), 'unique(id)', 'accepted_values(store, 1, 2)', {check: 'sql(SELECT * FROM shop.m WHERE id < 0)', severity: warn}]\n--- */\nSELECT * FROM sales",
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
    ["sql(SELECT * FROM shop.m WHERE id < 0)", "warn", 1n],
  ]);
});
