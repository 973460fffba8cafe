// Incremental equals full: whatever arrives, is corrected or leaves, in whatever order, the rows of an incremental model are those of its statement over all rows.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contract,
  replacedRowsPrefix,
  silentLogger,
  systemClock,
  t,
  type RawObject,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { modelSteps, planModels, type InputStates, type PlannedModel } from "@millrace/transform";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

const Line = contract("lines", {
  id: t.int32().key(),
  store: t.int32().optional(),
  day: t.string(),
  amount: t.int32(),
});
const Shop = contract("shops", {
  id: t.int32().key(),
  store: t.int32().optional(),
  region: t.string(),
  amount: t.int32(),
});
const folder = mkdtempSync(join(tmpdir(), "millrace-incremental-"));
let warehouse: Warehouse;

beforeAll(async () => {
  mkdirSync(join(folder, "objects"));
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

/** Models with key (store, d), and the tables whose new rows they follow; a change of the other tables is a full build. */
const statements: readonly (readonly [name: string, follows: readonly string[], sql: string])[] = [
  ["sums", ["lines"], "SELECT store, upper(day) AS d, sum(amount) AS n, count(*) AS c FROM lines GROUP BY store, d"],
  [
    "having_drops_groups",
    ["lines"],
    "SELECT x.store, x.day AS d, max(x.amount) AS n FROM s.lines AS x WHERE amount > 3 GROUP BY ALL HAVING count(*) BETWEEN 2 AND 3",
  ],
  [
    "with_filters",
    ["lines"],
    "WITH big AS (SELECT store, day AS d, amount FROM lines WHERE amount > 4) SELECT store, d, sum(amount) AS n FROM big GROUP BY ALL",
  ],
  [
    "with_same_names",
    [],
    "WITH lines AS (SELECT store, day AS d, max(amount) AS n FROM lines GROUP BY ALL) SELECT store, d, n FROM lines",
  ],
  [
    "with_read_twice",
    [],
    "WITH x AS (SELECT store, day FROM lines) SELECT a.store, b.day AS d, count(*) AS n FROM x AS a JOIN x AS b ON a.store = b.store GROUP BY ALL",
  ],
  [
    "joined",
    ["lines", "shops"],
    "SELECT l.store, p.region AS d, sum(l.amount * p.amount) AS n FROM lines AS l JOIN shops AS p ON l.store IS NOT DISTINCT FROM p.store GROUP BY ALL",
  ],
  [
    "joined_using",
    ["lines", "shops"],
    "SELECT store, day AS d, count(*) AS n FROM lines JOIN shops USING (store) GROUP BY ALL",
  ],
  [
    "joined_to_itself",
    ["lines"],
    "SELECT a.store, b.day AS d, count(*) AS n FROM lines AS a, lines AS b WHERE a.amount = b.amount GROUP BY ALL",
  ],
  [
    "left_joined",
    ["lines"],
    "SELECT l.store, coalesce(p.region, 'none') AS d, count(*) AS n FROM lines AS l LEFT JOIN shops AS p ON l.store = p.store GROUP BY ALL",
  ],
  [
    "right_joined",
    ["shops"],
    "SELECT p.store, l.day AS d, count(*) AS n FROM lines AS l RIGHT JOIN shops AS p ON l.store = p.store GROUP BY ALL",
  ],
  [
    "outer_joined",
    [],
    "SELECT coalesce(l.store, p.store) AS store, l.day AS d, count(*) AS n FROM lines AS l FULL JOIN shops AS p ON l.store = p.store GROUP BY ALL",
  ],
  [
    "semi_joined",
    ["lines"],
    "SELECT store, day AS d, sum(amount) AS n FROM lines SEMI JOIN shops USING (store) GROUP BY ALL",
  ],
  [
    "without_shops",
    ["lines"],
    "SELECT store, day AS d, amount AS n FROM lines WHERE NOT EXISTS (SELECT 1 FROM shops WHERE shops.store = lines.store)",
  ],
  [
    "above_average",
    [],
    "SELECT store, day AS d, amount AS n FROM lines WHERE amount > (SELECT avg(amount) FROM lines)",
  ],
  [
    "union_all",
    ["lines", "shops"],
    "SELECT store, day AS d, sum(amount) AS n FROM lines GROUP BY ALL HAVING sum(amount) > 5 UNION ALL SELECT store, region, amount FROM shops ORDER BY 1",
  ],
  [
    "union_inside",
    ["lines", "shops"],
    "SELECT store, d, sum(a) AS n FROM (SELECT store, day AS d, amount AS a FROM lines UNION ALL SELECT * EXCLUDE (id, _batch, _row, _seq) FROM shops) GROUP BY ALL",
  ],
  ["except", [], "SELECT store, day AS d FROM lines EXCEPT SELECT store, region FROM shops"],
  [
    "latest",
    ["lines"],
    "SELECT store, day AS d, amount AS n FROM lines QUALIFY row_number() OVER (PARTITION BY store, day ORDER BY _batch DESC, _row DESC) = 1",
  ],
  [
    "ranked_in_store",
    [],
    "SELECT store, day AS d, amount AS n, rank() OVER (PARTITION BY store ORDER BY amount) AS r FROM lines",
  ],
  ["distinct_rows", ["lines"], "SELECT DISTINCT store, day AS d, amount AS n FROM lines"],
  [
    "distinct_on",
    ["lines"],
    "SELECT DISTINCT ON (store, day) store, day AS d, amount AS n FROM lines ORDER BY amount, _batch, _row",
  ],
  ["unnested", ["lines"], "SELECT store, unnest([day, upper(day), 'z']) AS d, amount AS n FROM lines"],
  ["rolled_up", ["lines"], "SELECT store, day AS d, sum(amount) AS n FROM lines GROUP BY ROLLUP (store, day)"],
  ["one_total", ["lines"], "SELECT 1 AS store, 'all' AS d, sum(amount) AS n, count(*) AS c FROM lines"],
  ["aggregated_key", [], "SELECT max(store) AS store, 'x' AS d, count(*) AS n FROM lines"],
  [
    "grouped_inside",
    [],
    "SELECT store, d, n FROM (SELECT store, day AS d, count(*) AS n FROM lines GROUP BY ALL) WHERE n > 1",
  ],
  ["first_rows", [], "SELECT store, day AS d, amount AS n FROM lines ORDER BY ALL LIMIT 3"],
];

async function plan(): Promise<readonly PlannedModel[]> {
  const sources = statements.map(([name, , sql]) => {
    const text = `/* ---\nmaterialize: incremental\nkey: [store, d]\n--- */\n${sql}`;
    return { domain: "s", name, file: `${name}.sql`, text };
  });
  const tables = (await warehouse.tables()).filter((table) => table.kind === "table");
  const { models, errors } = await planModels(sources, { engine: warehouse, tables });
  expect(errors).toEqual([]);
  // Plans are data: they survive being written down.
  return JSON.parse(JSON.stringify(models)) as PlannedModel[];
}

async function states(tx: WriteTransaction): Promise<InputStates> {
  const found = await tx.query(
    `SELECT t.domain || '.' || t.name, version, rewrites, batch, value FROM millrace.tables AS t
      LEFT JOIN millrace.meta AS m ON m.key = '${replacedRowsPrefix}' || t.domain || '.' || t.name`,
  );
  return new Map(
    found.rows.map(([name, version, rewrites, batch, kept]) => {
      const state = { version: version as bigint, rewrites: rewrites as bigint, batch: batch as bigint };
      if (kept === null) return [name as string, state];
      const replaced = JSON.parse(kept as string) as { relation: string; since: string };
      return [name as string, { ...state, replaced: { relation: replaced.relation, since: BigInt(replaced.since) } }];
    }),
  );
}

/** One arrival: rows are merged by id, and those of an earlier batch of lines are taken away, as a replay or a rewritten file does. */
interface Arrival {
  readonly lines: readonly Row[];
  readonly shops: readonly Row[];
  readonly removes: number | null;
  /** Whether rows that leave are kept beside their table. */
  readonly keeps: boolean;
}
type Row = readonly [id: number, store: number | null, text: string, amount: number];

async function arrive(number: bigint, arrival: Arrival): Promise<void> {
  await warehouse.write(["s.lines", "s.shops"], async (tx) => {
    for (const definition of [Line, Shop]) {
      const rows = definition === Line ? arrival.lines : arrival.shops;
      const removes = definition === Line && arrival.removes !== null ? [2n * BigInt(arrival.removes)] : [];
      if (rows.length === 0 && removes.length === 0) continue;
      const [, , third = ""] = definition.columns.map((column) => column.name);
      const text = rows.map(([id, store, word, amount]) => `${JSON.stringify({ id, store, [third]: word, amount })}\n`);
      const batch = definition === Line ? 2n * number : 2n * number + 1n;
      await tx.load({
        batch,
        channel: "s.way",
        domain: "s",
        contract: definition,
        verdict: { rows: [], references: [] },
        write: "merge",
        source: { kind: "objects", objects: [rawObject(text.join(""))], format: { kind: "ndjson" } },
        receivedSeq: batch,
        replacesBatches: removes,
        keepReplaced: arrival.keeps,
      });
    }
  });
}

let objects = 0;

function rawObject(text: string): RawObject {
  objects += 1;
  const path = join(folder, "objects", `${objects}.ndjson`);
  writeFileSync(path, text);
  const bytes = text.length;
  const ref = { key: `${objects}`, codec: "none", sha256: "", bytes, storedBytes: bytes, formatVersion: 1 } as const;
  return { ref, encoding: "none", local: { path, [Symbol.asyncDispose]: () => Promise.resolve() } };
}

/** Brings a model up to date as runtime does; returns the kinds of its steps. */
async function build(model: PlannedModel, seen: Map<string, InputStates>): Promise<string[]> {
  return warehouse.write([`s.${model.name}`], async (tx) => {
    const current = new Map([...(await states(tx))].filter(([name]) => model.inputs.includes(name)));
    const steps = modelSteps(model, seen.get(model.name), current);
    const spec = { domain: "s", name: model.name, key: model.key };
    for (const step of steps) {
      if (step.kind === "full") await tx.replaceTable(spec, step.select);
      if (step.kind === "keys") await tx.replaceKeys(spec, step.touched, step.select);
    }
    seen.set(model.name, current);
    return steps.map((step) => step.kind);
  });
}

const rows = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.constantFrom(1, 2, 3, null),
    fc.constantFrom("a", "A", "b"),
    fc.integer({ min: 0, max: 9 }),
  ),
  { maxLength: 5 },
);
const arrivals = fc.array(
  fc.record({
    lines: rows,
    shops: rows,
    removes: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 3 }),
    keeps: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
  }),
  { minLength: 1, maxLength: 4 },
);
/** Each sequence ends with rows for one table alone, so that every model that follows a table shows it. */
const oneByOne: readonly Arrival[] = [
  { lines: [[1, 2, "b", 7]], shops: [], removes: null, keeps: true },
  { lines: [], shops: [[1, 2, "b", 7]], removes: null, keeps: true },
];

test("incremental equals full after every arrival", { timeout: 120_000 }, async () => {
  const keyed = new Set<string>();
  const property = fc.asyncProperty(arrivals, async (sequence) => {
    await warehouse.write(["s.lines", "s.shops"], async (tx) => {
      for (const [name] of statements) await tx.dropTable("s", name);
      for (const { name, columns } of [Line, Shop]) {
        await tx.dropTable("s", name);
        await tx.ensureTable({ domain: "s", name, columns, key: ["id"] });
      }
    });
    const models = await plan();
    const seen = new Map<string, InputStates>();
    for (const [at, arrival] of [...sequence, ...oneByOne].entries()) {
      await arrive(BigInt(at + 1), arrival);
      for (const model of models) {
        const kinds = await build(model, seen);
        if (kinds.includes("keys")) keyed.add(model.name);
        const full = await warehouse.query(`SELECT * FROM (${model.select}) ORDER BY ALL`);
        const stored = await warehouse.query(`SELECT * FROM s.${model.name} ORDER BY ALL`);
        expect({ model: model.name, rows: stored.rows }).toEqual({ model: model.name, rows: full.rows });
      }
    }
  });
  await fc.assert(property, { numRuns: 8 });
  const following = statements.filter(([, follows]) => follows.length > 0).map(([name]) => name);
  expect([...keyed].sort()).toEqual(following.sort());
});

test("the plan says which inputs are followed, and why the others are not", async () => {
  const models = await plan();
  const followed = models.map((model) => {
    const inputs = model.touchedKeys?.followed.map(({ input }) => input.replace("s.", "")) ?? [];
    return [model.name, [...new Set(inputs)].sort()];
  });
  const expected = statements.map(([name, follows]) => [name, follows]);
  expect(Object.fromEntries(followed)).toEqual(Object.fromEntries(expected));
  const reasons = models.flatMap((model) => [
    ...(model.fullBecause === undefined ? [] : [model.fullBecause]),
    ...(model.touchedKeys?.fullFor.map(({ input, because }) => `${input}: ${because}`) ?? []),
  ]);
  expect([...new Set(reasons)].sort()).toEqual(
    expect.arrayContaining([
      "a window is not partitioned by the key columns",
      "it has LIMIT, OFFSET or a sample",
      "key column store is an aggregate, a window or a subquery",
      "s.lines: it is read inside a query that groups",
      "s.shops: it is on the side of a join whose new rows can take rows away",
      "s.shops: it is read in a subquery of an expression",
    ]),
  );
});

test("the scan is restricted where the key columns are expressions over one table", async () => {
  const models = new Map((await plan()).map((model) => [model.name, model]));
  const pushed = (name: string): unknown =>
    models.get(name)?.touchedKeys?.pushed.map(({ alias, keys }) => [alias, keys.map(({ column }) => column)]);
  expect(pushed("sums")).toEqual([["lines", ["store", "d"]]]);
  expect(pushed("joined")).toEqual([
    ["l", ["store"]],
    ["p", ["d"]],
  ]);
  expect(pushed("left_joined")).toEqual([["l", ["store"]]]);
  expect(pushed("unnested")).toEqual([["lines", ["store"]]]);
  expect(pushed("rolled_up")).toEqual([]);
});
