// One million rows of twelve columns with one percent of bad rows, the same in CSV, NDJSON and Parquet, and the contract that judges them.
import { DuckDBInstance } from "@duckdb/node-api";
import { contract, rule, sql, t, type ContractDefinition } from "@millrace/core";

export const Sample: ContractDefinition = contract(
  "samples",
  {
    id: t.int64(),
    sku: t.string().pattern("^SKU-[0-9]{6}$"),
    price: t.decimal(12, 2).min(0),
    qty: t.int32().min(1).max(1000),
    day: t.date().min("2020-01-01"),
    ts: t.timestamp(),
    kind: t.enum("weekly", "flash", "daily", "season"),
    uid: t.uuid(),
    active: t.bool(),
    score: t.float().min(0).max(1),
    email: t.string().email(),
    note: t.string().optional().length({ max: 100 }),
  },
  [rule("worth_something", sql`qty * price < 10000000`)],
);

/** Engine types of the baseline's typed read, in column order. */
export const engineColumns: Readonly<Record<string, string>> = {
  id: "BIGINT",
  sku: "VARCHAR",
  price: "DECIMAL(12,2)",
  qty: "INTEGER",
  day: "DATE",
  ts: "TIMESTAMP WITH TIME ZONE",
  kind: "VARCHAR",
  uid: "UUID",
  active: "BOOLEAN",
  score: "DOUBLE",
  email: "VARCHAR",
  note: "VARCHAR",
};

/** What the bad rows are: `rules` breaks rules only; in `types` a quarter of them holds a text where a number belongs, which only text formats can. */
export type SampleKind = "rules" | "types";

/** Every 100th row is bad: a negative price, a quantity of 0, an unknown kind or no e-mail address (or the quantity "many"), in turn. */
export async function writeSamples(folder: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE TABLE samples AS SELECT i AS id, printf('SKU-%06d', i % 900000) AS sku,
    CAST(CASE WHEN i % 400 = 0 THEN -1 ELSE (i * 7919 % 1000000) / 100 END AS DECIMAL(12,2)) AS price,
    CAST(CASE WHEN i % 400 = 100 THEN 0 ELSE 1 + i * 31 % 1000 END AS INTEGER) AS qty, DATE '2024-01-01' + CAST(i % 700 AS INTEGER) AS day,
    TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_microseconds(i * 37000001 % 63072000000000) AS ts,
    CASE WHEN i % 400 = 200 THEN 'none' ELSE ['weekly', 'flash', 'daily', 'season'][1 + i % 4] END AS kind,
    md5(CAST(i AS VARCHAR))::UUID AS uid, i % 3 = 0 AS active, (i * 7919 % 100000) / 100000.0 AS score,
    CASE WHEN i % 400 = 300 THEN 'nobody' ELSE concat('user', i, '@example.com') END AS email, CASE WHEN i % 5 = 0 THEN NULL ELSE concat('note ', i % 1000) END AS note
    FROM range(1, ${rows + 1}) r(i)`);
  const times = `strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ') AS ts`;
  const email = `CASE WHEN id % 400 = 300 THEN concat('user', id, '@example.com') ELSE email END AS email`;
  const many = (text: string, type: string): string =>
    `CASE WHEN id % 400 = 300 THEN '${text}' ELSE CAST(qty AS VARCHAR) END::${type} AS qty`;
  const copy = (columns: string, file: string, how: string): Promise<unknown> =>
    connection.run(`COPY (SELECT * REPLACE (${columns}) FROM samples) TO '${folder}/${file}' (${how})`);
  await copy(times, "rules.csv", "HEADER");
  await copy(times, "rules.ndjson", "FORMAT json");
  await copy(`${times}, ${email}, ${many("many", "VARCHAR")}`, "types.csv", "HEADER");
  await copy(`${times}, ${email}, ${many('"many"', "JSON")}`, "types.ndjson", "FORMAT json");
  await connection.run(`COPY samples TO '${folder}/rules.parquet' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}
