// Column lineage never names too little: when the values of a source column change and a result column changes with them, the source is in its lineage.
// What it names exactly is said for each statement too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, silentLogger, stringifyExact, systemClock, t, type Warehouse } from "@millrace/core";
import { planModels, type PlannedModel } from "@millrace/transform";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { afterAll, beforeAll, expect, test } from "vitest";

const Line = contract("lines", {
  id: t.int32(),
  store: t.int32(),
  day: t.string(),
  amount: t.int32(),
  tags: t.list(t.string()),
  place: t.struct({ city: t.string(), zip: t.string() }),
});
const Shop = contract("shops", { store: t.int32(), region: t.string(), size: t.int32() });

/** Model columns with their direct sources (`name<how`), then after `|` what else the column depends on, then after `||` what decides the rows. */
const statements: readonly (readonly [name: string, sql: string, lineage: readonly string[]])[] = [
  [
    "plain",
    "SELECT id, day AS d, amount * 2 AS twice, 1 AS one FROM lines WHERE store > 1",
    [
      "id: lines.id=identity",
      "d: lines.day=identity",
      "twice: lines.amount=transformation",
      "one:",
      "rows: lines.store=filter",
    ],
  ],
  [
    "grouped",
    "SELECT store, sum(amount) AS total, count(*) FILTER (WHERE day = 'a') AS n FROM lines GROUP BY store HAVING max(id) > 1",
    [
      "store: lines.store=identity",
      "total: lines.amount=aggregation",
      "n: lines.day=conditional",
      "rows: lines.id=filter lines.store=group_by",
    ],
  ],
  [
    "group_all",
    "SELECT store, day, max(amount) AS m FROM lines GROUP BY ALL",
    ["store: lines.store=identity", "day: lines.day=identity", "m: lines.amount=aggregation", "rows:"],
  ],
  [
    "joined",
    "SELECT l.id, s.region, l.amount + s.size AS both FROM lines AS l JOIN shops AS s ON l.store = s.store",
    [
      "id: lines.id=identity",
      "region: shops.region=identity",
      "both: lines.amount=transformation shops.size=transformation",
      "rows: lines.store=join shops.store=join",
    ],
  ],
  [
    "joined_using",
    "SELECT * EXCLUDE (tags, place, _batch, _row, _seq) FROM lines LEFT JOIN (SELECT store, region FROM shops) USING (store)",
    [
      "id: lines.id=identity",
      "store: lines.store=identity shops.store=identity",
      "day: lines.day=identity",
      "amount: lines.amount=identity",
      "region: shops.region=identity",
      "rows: lines.store=join shops.store=join",
    ],
  ],
  [
    "semi",
    "SELECT id FROM lines SEMI JOIN shops USING (store)",
    ["id: lines.id=identity", "rows: lines.store=filter shops.store=filter"],
  ],
  [
    "renamed_star",
    "SELECT * EXCLUDE (tags, place, day, _batch, _row, _seq) REPLACE (amount + id AS amount) RENAME (store AS shop) FROM lines",
    [
      "id: lines.id=identity",
      "shop: lines.store=identity",
      "amount: lines.amount=transformation lines.id=transformation",
      "rows:",
    ],
  ],
  [
    "with_queries",
    "WITH a(k, v) AS (SELECT store, sum(amount) FROM lines GROUP BY store), b AS (SELECT k, v + 1 AS w FROM a WHERE v > 0) SELECT k, w FROM b",
    ["k: lines.store=identity", "w: lines.amount=aggregation", "rows: lines.amount=filter lines.store=group_by"],
  ],
  [
    "conditional",
    "SELECT CASE WHEN store = 1 THEN amount ELSE id END AS v FROM lines",
    ["v: lines.amount=transformation lines.id=transformation lines.store=conditional", "rows:"],
  ],
  [
    "window",
    "SELECT id, sum(amount) OVER (PARTITION BY store ORDER BY id) AS running, lag(day) OVER (ORDER BY id) AS before FROM lines",
    [
      "id: lines.id=identity",
      "running: lines.amount=aggregation lines.id=window lines.store=window",
      "before: lines.day=transformation lines.id=window",
      "rows:",
    ],
  ],
  [
    "latest",
    "SELECT store, amount FROM lines QUALIFY row_number() OVER (PARTITION BY store ORDER BY id DESC) = 1",
    ["store: lines.store=identity", "amount: lines.amount=identity", "rows: lines.id=window lines.store=window"],
  ],
  [
    "scalar_subquery",
    "SELECT l.id, (SELECT max(size) FROM shops AS s WHERE s.store = l.store) AS biggest FROM lines AS l",
    ["id: lines.id=identity", "biggest: lines.store=filter shops.size=aggregation shops.store=filter", "rows:"],
  ],
  [
    "exists",
    "SELECT id FROM lines WHERE EXISTS (SELECT 1 FROM shops WHERE shops.store = lines.store) AND day IN (SELECT region FROM shops)",
    [
      "id: lines.id=identity",
      "rows: lines.day=conditional lines.store=filter shops.region=conditional shops.store=filter",
    ],
  ],
  [
    "lambdas_and_structs",
    "SELECT list_transform(tags, lambda x: x || day) AS t, place.city AS c, l.place.zip AS z, l.place['city'] AS again FROM lines AS l",
    [
      "t: lines.day=transformation lines.tags=transformation",
      "c: lines.place=identity",
      "z: lines.place=identity",
      "again: lines.place=transformation",
      "rows:",
    ],
  ],
  [
    "unnested",
    "SELECT id, u.tag FROM lines, unnest(tags) AS u(tag)",
    ["id: lines.id=identity", "tag: lines.tags=transformation", "rows: lines.tags=join"],
  ],
  [
    "union_of_both",
    "SELECT store, day AS word FROM lines UNION ALL SELECT size, region FROM shops",
    ["store: lines.store=identity shops.size=identity", "word: lines.day=identity shops.region=identity", "rows:"],
  ],
  [
    "union_by_name",
    "SELECT store, day AS word FROM lines UNION ALL BY NAME SELECT region AS word, size AS n FROM shops",
    [
      "store: lines.store=identity",
      "word: lines.day=identity shops.region=identity",
      "n: shops.size=identity",
      "rows:",
    ],
  ],
  [
    "except",
    "SELECT store FROM lines EXCEPT SELECT size FROM shops",
    ["store: lines.store=identity", "rows: shops.size=filter"],
  ],
  [
    "aliases_reused",
    "SELECT amount * 2 AS a, a + id AS b FROM lines WHERE a > 4",
    [
      "a: lines.amount=transformation",
      "b: lines.amount=transformation lines.id=transformation",
      "rows: lines.amount=filter",
    ],
  ],
  [
    "first_rows",
    "SELECT day FROM lines ORDER BY amount DESC, id LIMIT 2",
    ["day: lines.day=identity", "rows: lines.amount=sort lines.id=sort"],
  ],
  [
    "ordered_list",
    "SELECT store, string_agg(day, ',' ORDER BY amount) AS days FROM lines GROUP BY store",
    ["store: lines.store=identity", "days: lines.amount=sort lines.day=aggregation", "rows: lines.store=group_by"],
  ],
  [
    "recursive",
    "WITH RECURSIVE r AS (SELECT min(id) AS n, min(day) AS d FROM lines UNION ALL SELECT n + 1, d FROM r WHERE n < (SELECT max(size) FROM shops)) SELECT n, d FROM r",
    ["n: lines.id=aggregation", "d: lines.day=aggregation", "rows: lines.id=filter shops.size=filter"],
  ],
  [
    "lateral",
    "SELECT l.id, x.up FROM lines AS l, LATERAL (SELECT upper(l.day) AS up) AS x",
    ["id: lines.id=identity", "up: lines.day=transformation", "rows:"],
  ],
  [
    "pivoted",
    "SELECT * FROM (PIVOT (SELECT store, day, amount FROM lines) ON day IN ('a', 'b') USING sum(amount))",
    [
      "store: lines.amount=transformation,aggregation lines.day=transformation lines.store=transformation",
      "a: lines.amount=transformation,aggregation lines.day=transformation lines.store=transformation",
      "b: lines.amount=transformation,aggregation lines.day=transformation lines.store=transformation",
      "rows: lines.amount=join lines.day=join lines.store=join",
    ],
  ],
  ["every_column", "SELECT max(COLUMNS('i.|s.*e')) FROM lines", []],
];

const folder = mkdtempSync(join(tmpdir(), "millrace-lineage-"));
let warehouse: Warehouse;
let models: readonly PlannedModel[];
const rows = {
  lines: [
    "(1, 1, 'a', 5, ['x', 'y'], {'city': 'A', 'zip': '1'})",
    "(2, 2, 'b', 3, ['y'], {'city': 'B', 'zip': '2'})",
    "(3, 2, 'a', 7, [], {'city': 'A', 'zip': '3'})",
    "(4, 3, 'n', 1, ['z'], {'city': 'C', 'zip': '4'})",
  ],
  shops: ["(1, 'n', 4)", "(2, 's', 6)", "(5, 'a', 2)"],
};

beforeAll(async () => {
  const memoryLimitBytes = 512 * 1024 * 1024;
  warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  await warehouse.write(["s.lines", "s.shops"], async (tx) => {
    for (const { name, columns } of [Line, Shop]) {
      await tx.ensureTable({ domain: "s", name, columns, key: [] });
      const names = columns.map((column) => column.name).join(", ");
      const physical = (await tx.query("SELECT physical FROM millrace.tables WHERE name = ?", [name])).rows[0]?.[0];
      const values = rows[name as keyof typeof rows].join(", ");
      await tx.run(`INSERT INTO store."${physical as string}" (${names}) VALUES ${values}`);
    }
  });
  const sources = statements.map(([name, sql]) => ({ domain: "s", name, file: `${name}.sql`, text: sql }));
  const planned = await planModels(sources, { engine: warehouse, tables: await warehouse.tables() });
  expect(planned.errors).toEqual([]);
  models = planned.models;
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

function model(name: string): PlannedModel {
  const found = models.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
}

type Sources = PlannedModel["lineage"]["rows"];

function text(sources: Sources): string {
  return sources.map(({ table, column, uses }) => ` ${table.replace("s.", "")}.${column}=${uses.join(",")}`).join("");
}

test.each(statements.filter(([, , expected]) => expected.length > 0))("%s", (name, _sql, expected) => {
  const { lineage } = model(name);
  const found = [...lineage.columns, { name: "rows", sources: lineage.rows }];
  expect(found.map((column) => `${column.name}:${text(column.sources)}`)).toEqual(expected);
});

/** Other values for one column, so that every use of it shows. */
const changes: Readonly<Record<string, string>> = {
  "lines.id": "9 - id",
  "lines.store": "CASE store WHEN 2 THEN 5 ELSE 2 END",
  "lines.day": "CASE day WHEN 'a' THEN 's' ELSE 'a' END",
  "lines.amount": "11 - amount * 2",
  "lines.tags": "list_append(tags, 'q')",
  "lines.place": "{'city': place.zip, 'zip': place.city}",
  "shops.store": "store + 1",
  "shops.region": "CASE region WHEN 'n' THEN 'b' ELSE 'n' END",
  "shops.size": "size * 3 - 9",
};

/** Each result column apart, as a bag of values, with one source column changed. */
async function results(select: string, columns: readonly string[], changed?: string): Promise<string[]> {
  const stand = ["lines", "shops"].map((table) => {
    const column = changed?.startsWith(`${table}.`) === true ? changed.slice(table.length + 1) : undefined;
    const value = column === undefined ? "" : ` REPLACE (${changes[changed ?? ""] ?? ""} AS ${column})`;
    return `${table} AS (SELECT *${value} FROM s.${table})`;
  });
  const readable = select.replaceAll(/"?s"?\."?(lines|shops)"?(?!\.)/g, "$1");
  const found = await warehouse.query(`WITH ${stand.join(", ")} SELECT * FROM (${readable})`);
  return columns.map((_column, at) => JSON.stringify(found.rows.map((row) => stringifyExact(row[at])).sort()));
}

test("a source whose change is seen in a result column is in the lineage of that column", async () => {
  let seen = 0;
  for (const { name, select, columns, lineage } of models) {
    const names = columns.map((column) => column.name);
    const before = await results(select, names);
    for (const changed of Object.keys(changes)) {
      const after = await results(select, names, changed);
      for (const [at, column] of lineage.columns.entries()) {
        if (before[at] === after[at]) continue;
        seen += 1;
        const sources = [...column.sources, ...lineage.rows].map(
          (one) => `${one.table.replace("s.", "")}.${one.column}`,
        );
        expect({ name, column: column.name, changed, sources }).toMatchObject({
          sources: expect.arrayContaining([changed]),
        });
      }
    }
  }
  expect(seen).toBeGreaterThan(60);
});
