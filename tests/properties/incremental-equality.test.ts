// Incremental equals full: whatever arrives in whatever order, the rows of an incremental model are those of its statement over all rows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, silentLogger, systemClock, t, type Warehouse, type WriteTransaction } from "@millrace/core";
import { modelSteps, planModels, type InputStates, type PlannedModel } from "@millrace/transform";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

const Line = contract("lines", { store: t.int32().optional(), day: t.string(), amount: t.int32() });
const folder = mkdtempSync(join(tmpdir(), "millrace-incremental-"));
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes: 512 * 1024 * 1024,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const statements = {
  sums: "SELECT store, upper(day) AS d, sum(amount) AS total, count(*) AS n FROM lines GROUP BY store, d",
  filtered:
    "SELECT x.store, x.day AS d, max(x.amount) AS total, count(*) AS n FROM s.lines AS x WHERE amount > 3 GROUP BY ALL HAVING count(*) > 1",
};

async function plan(sql: string): Promise<PlannedModel> {
  const text = `/* ---\nmaterialize: incremental\nkey: [store, d]\n--- */\n${sql}`;
  const { models, errors } = await planModels([{ domain: "s", name: "result", file: "result.sql", text }], {
    engine: warehouse,
    tables: (await warehouse.tables()).filter((table) => table.kind === "table"),
  });
  expect(errors).toEqual([]);
  return models[0] as PlannedModel;
}

async function states(tx: WriteTransaction): Promise<InputStates> {
  const found = await tx.query("SELECT domain || '.' || name, version, rewrites, batch FROM millrace.tables");
  return new Map(
    found.rows.map(([name, version, rewrites, batch]) => [
      name as string,
      { version: version as bigint, rewrites: rewrites as bigint, batch: batch as bigint },
    ]),
  );
}

/** One arrival: rows are appended, or those of an earlier batch are taken away, as a replay or a rewritten file does. */
type Arrival = {
  readonly rows: readonly { store: number | null; day: string; amount: number }[];
  readonly removes: number | null;
};

async function arrive(batch: bigint, arrival: Arrival): Promise<void> {
  await warehouse.write(["s.lines"], async (tx) => {
    const { rows } = await tx.query("SELECT physical FROM millrace.tables WHERE name = 'lines'");
    const table = `store."${rows[0]?.[0] as string}"`;
    for (const [at, row] of arrival.rows.entries())
      await tx.run(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?)`, [
        row.store,
        row.day,
        row.amount,
        batch,
        BigInt(at + 1),
        batch,
      ]);
    const removed =
      arrival.removes === null ? 0 : await tx.run(`DELETE FROM ${table} WHERE _batch = ?`, [BigInt(arrival.removes)]);
    await tx.run(
      "UPDATE millrace.tables SET version = version + 1, rewrites = rewrites + ?, batch = greatest(batch, ?) WHERE name = 'lines'",
      [removed > 0 ? 1n : 0n, batch],
    );
  });
}

const arrivals = fc.array(
  fc.record({
    rows: fc.array(
      fc.record({
        store: fc.constantFrom(1, 2, null),
        day: fc.constantFrom("a", "A", "b"),
        amount: fc.integer({ min: 0, max: 9 }),
      }),
      { maxLength: 6 },
    ),
    removes: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 5 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test.each(Object.entries(statements))(
  "%s: incremental equals full after every arrival",
  async (_name, sql) => {
    let keyed = 0;
    await fc.assert(
      fc.asyncProperty(arrivals, async (sequence) => {
        await warehouse.write(["s.lines", "s.result"], async (tx) => {
          await tx.dropTable("s", "result");
          await tx.dropTable("s", "lines");
          await tx.ensureTable({ domain: "s", name: "lines", columns: Line.columns, key: [] });
        });
        const model = await plan(sql);
        let seen: InputStates | undefined;
        for (const [at, arrival] of sequence.entries()) {
          await arrive(BigInt(at + 1), arrival);
          seen = await warehouse.write(["s.result"], async (tx) => {
            const current = new Map([...(await states(tx))].filter(([name]) => model.inputs.includes(name)));
            for (const step of modelSteps(model, seen, current)) {
              if (step.kind === "keys") keyed += 1;
              if (step.kind === "full")
                await tx.replaceTable({ domain: "s", name: "result", key: model.key }, step.select);
              if (step.kind === "keys")
                await tx.replaceKeys({ domain: "s", name: "result", key: model.key }, step.touched, step.select);
            }
            return current;
          });
          const order = "ORDER BY ALL";
          const full = await warehouse.query(`SELECT * FROM (${model.select}) ${order}`);
          expect((await warehouse.query(`SELECT * FROM s.result ${order}`)).rows).toEqual(full.rows);
        }
      }),
      { numRuns: 25 },
    );
    expect(keyed).toBeGreaterThan(10);
  },
  60_000,
);

test.each([
  ["SELECT store, d, n FROM (SELECT store, day AS d, count(*) AS n FROM lines GROUP BY ALL)", "more than one table"],
  ["SELECT store, day AS d, row_number() OVER (ORDER BY amount) AS n FROM lines", "window"],
  ["SELECT max(store) AS store, 'x' AS d FROM lines", "one row"],
])("what cannot be pushed into the scan is built in full: %s", async (sql, why) => {
  const model = await plan(sql);
  expect(model.touchedKeys).toBeUndefined();
  expect(model.fullBecause).toContain(why);
});
