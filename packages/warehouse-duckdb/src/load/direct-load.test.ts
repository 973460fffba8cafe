// The fast way of large batches gives what the staged way gives, row for row, and leaves nothing behind.
import {
  setFailpointHook,
  contract,
  rule,
  sql,
  t,
  type LoadVerdict,
  type RawObject,
  type SqlValue,
} from "@millrace/core";
import { expect, test } from "vitest";
import {
  csvFormat,
  ndjson,
  specOf,
  temporaryWarehouse,
  type TemporaryWarehouse,
} from "../testing/temporary-warehouse.ts";

const Sale = contract(
  "sales",
  {
    id: t.int64(),
    sku: t.string(),
    price: t.decimal(12, 2).min(0),
    sold: t.timestamp().optional(),
    kind: t.enum("a", "b"),
    rate: t.float().optional(),
    tags: t.list(t.string()).optional(),
  },
  [rule("known", sql`sku <> 'none'`)],
);
const verdict: LoadVerdict = {
  rows: [
    { code: "sales.price.min", sql: "price >= 0", columns: ["price"] },
    { code: "sales.row.known", sql: "sku <> 'none'", columns: ["sku"] },
  ],
  references: [],
};
const columns = ["id", "sku", "price", "sold", "kind", "rate"];

/** Large enough for several row groups and vectors of the engine; every 97th row fails in one way or another. */
function record(at: number): Record<string, unknown> {
  const good = {
    id: at,
    sku: `sku-${at % 1000}`,
    price: `${at % 500}.25`,
    sold: "2026-01-02T03:04:05Z",
    kind: "a",
    rate: 0.5,
  };
  if (at % 97 !== 13) return at % 5 === 0 ? { ...good, sold: null, rate: null } : good;
  const bad = [
    { price: "-1.00" },
    { price: "1.234" },
    { kind: "z" },
    { sku: "none" },
    { id: "x" },
    { sold: "2026-02-30T00:00:00Z" },
    { rate: "1_0" },
  ];
  return { ...good, ...bad[at % bad.length], ...(at % 2 === 0 ? { sku: null } : {}) };
}

const toCsv = (rows: readonly Record<string, unknown>[]): string =>
  `${columns.join(",")}\n${rows.map((row) => columns.map((name) => String((row[name] ?? "") as string | number)).join(",")).join("\n")}\n`;
const toLines = (rows: readonly Record<string, unknown>[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** The size that is noted for an object decides which way it takes. */
function noted(object: RawObject, bytes: number): RawObject {
  return { ...object, ref: { ...object.ref, bytes } };
}

async function outcome(place: TemporaryWarehouse): Promise<readonly (readonly (readonly SqlValue[])[])[]> {
  return [
    await place.rows(
      "SELECT count(*), md5(string_agg(CAST(r AS VARCHAR), '|' ORDER BY _row)) FROM (SELECT * EXCLUDE (_batch, _seq) FROM shop.sales) AS r",
    ),
    await place.rows(
      "SELECT row_no, position, codes, reasons, original, state FROM millrace.quarantine ORDER BY row_no",
    ),
  ];
}

const rows = Array.from({ length: 150_000 }, (_, at) => record(at + 1));
const small = 1;
const large = 64 * 1024 * 1024;

test.each([
  ["CSV", csvFormat(...columns), toCsv],
  ["NDJSON", ndjson, toLines],
] as const)("%s: direct and staged agree, also over several objects", async (name, format, write) => {
  const results = [];
  for (const bytes of [small, large]) {
    await using place = await temporaryWarehouse();
    const parts = [rows.slice(0, 140_000), rows.slice(140_000, 140_001), rows.slice(140_001)];
    const objects = parts.map((part, at) => noted(place.object(`${name}${at}`, write(part)), bytes));
    const counts = await place.load({ contract: Sale, verdict, source: { kind: "objects", format, objects } });
    results.push([counts, ...(await outcome(place))]);
    expect(
      await place.warehouse.query("SELECT count(*) FROM millrace.meta WHERE starts_with(key, 'hidden:')"),
    ).toMatchObject({ rows: [[0n]] });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0]?.[0]).toMatchObject({ received: 150_000n, quarantined: 1547n });
});

test("Parquet: direct and staged agree", async () => {
  const results = [];
  for (const bytes of [small, large]) {
    await using place = await temporaryWarehouse();
    const path = `${place.folder}/objects/made.parquet`;
    await place.warehouse.write(["x.x"], (tx) =>
      tx
        .run(
          `COPY (SELECT i AS id, CASE WHEN i % 97 <> 5 THEN 'sku-' || i ELSE 'none' END AS sku, (i % 500 - CASE WHEN i % 89 = 3 THEN 600 ELSE 0 END)::DECIMAL(12,2) AS price,
        TIMESTAMPTZ '2026-01-02 03:04:05Z' AS sold, CASE WHEN i % 83 = 7 THEN 'z' ELSE 'b' END AS kind, NULL::DOUBLE AS rate, ['x', 'y'] AS tags
        FROM range(1, 140001) r(i)) TO '${path}' (FORMAT parquet)`,
        )
        .then(() => undefined),
    );
    const { readFileSync } = await import("node:fs");
    const objects = [noted(place.object("a.parquet", readFileSync(path)), bytes)];
    const counts = await place.load({
      contract: Sale,
      verdict,
      source: { kind: "objects", format: { kind: "parquet" }, objects },
    });
    results.push([counts, ...(await outcome(place))]);
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[0]?.[0]).toMatchObject({ received: 140_000n });
});

test("a line that cannot be parsed makes the batch start over, staged", async () => {
  await using place = await temporaryWarehouse();
  const text = `${toLines(rows.slice(0, 50))}{"id":\n${toLines(rows.slice(50, 100))}`;
  let calls = 0;
  const objects = [noted(place.object("broken", text), large)];
  const result = await place.load(
    { contract: Sale, verdict, source: { kind: "objects", format: ndjson, objects } },
    () => (calls += 1),
  );
  expect(calls).toBe(2);
  expect(result).toMatchObject({ received: 101n });
  expect(
    await place.rows("SELECT row_no, original FROM millrace.quarantine WHERE codes = ['sales.record.malformed']"),
  ).toEqual([[51n, `{"id":`]]);
});

test("readers never see a row that failed, also after a crash before it was removed", async () => {
  await using place = await temporaryWarehouse();
  const seen: (readonly SqlValue[] | undefined)[] = [];
  setFailpointHook((name) => {
    if (name === "batch.after-commit") throw new Error("crash");
  });
  const objects = [noted(place.object("a", toLines(rows.slice(0, 2000))), large)];
  const loading = place.load({ contract: Sale, verdict, source: { kind: "objects", format: ndjson, objects } });
  await expect(loading).rejects.toThrow("crash");
  setFailpointHook(undefined);
  const count = "SELECT count(*), count(*) FILTER (sku IS NULL) FROM shop.sales";
  seen.push((await place.rows(count))[0]);
  await place.reopen();
  seen.push((await place.rows(count))[0]);
  expect(seen).toEqual([
    [1979n, 0n],
    [1979n, 0n],
  ]);
  expect(await place.rows("SELECT count(*) FROM millrace.meta WHERE starts_with(key, 'hidden:')")).toEqual([[0n]]);
  expect(await place.rows("SELECT count(*) FROM millrace.quarantine")).toEqual([[21n]]);
});

test("replace and a second append: positions start anew, earlier rows stay or go", async () => {
  await using place = await temporaryWarehouse();
  const source = (name: string, from: number, to: number) => ({
    kind: "objects" as const,
    format: ndjson,
    objects: [noted(place.object(name, toLines(rows.slice(from, to))), large)],
  });
  await place.load({ contract: Sale, verdict, source: source("a", 0, 1000) });
  await place.load({ contract: Sale, verdict, source: source("b", 1000, 1500) });
  const positions =
    "SELECT _batch, min(_row), max(_row), count(*), bool_and(id = _row + CASE _batch WHEN 1 THEN 0 ELSE 1000 END) FROM shop.sales GROUP BY 1 ORDER BY 1";
  expect(await place.rows(positions)).toEqual([
    [1n, 1n, 1000n, 989n, true],
    [2n, 1n, 500n, 495n, true],
  ]);
  const result = await place.load({ contract: Sale, verdict, write: "replace", source: source("c", 0, 300) });
  expect(result).toMatchObject({ received: 300n, replaced: 1484n });
  expect(await place.rows("SELECT count(*), min(_row), max(_row) FROM shop.sales")).toEqual([[297n, 1n, 300n]]);
});

/** A batch whose hidden rows are still in the table: the process "dies" between commit and removal, and goes on. */
async function withHiddenRows(place: TemporaryWarehouse, rowCount: number): Promise<void> {
  setFailpointHook((name) => {
    if (name === "batch.after-commit") throw new Error("crash");
  });
  const objects = [noted(place.object("hidden", toLines(rows.slice(0, rowCount))), large)];
  await expect(
    place.load({ contract: Sale, verdict, source: { kind: "objects", format: ndjson, objects } }),
  ).rejects.toThrow("crash");
  setFailpointHook(undefined);
  expect(await place.rows("SELECT count(*) FROM millrace.meta WHERE starts_with(key, 'hidden:')")).toEqual([[1n]]);
}

test("rows that failed stay out of sight when the contract changes before they are removed", async () => {
  await using place = await temporaryWarehouse();
  await withHiddenRows(place, 2000);
  const wider = {
    ...specOf(Sale),
    columns: [...Sale.columns, ...contract("x", { added: t.string().optional() }).columns],
  };
  await place.warehouse.write(["shop.sales"], (tx) => tx.ensureTable(wider));
  expect(await place.rows("SELECT count(*), count(*) FILTER (sku IS NULL), count(added) FROM shop.sales")).toEqual([
    [1979n, 0n, 0n],
  ]);
});

test("rows that failed do not count as replaced, and a later batch finds the table clean", async () => {
  await using place = await temporaryWarehouse();
  await withHiddenRows(place, 2000);
  const objects = [place.object("next", toLines(rows.slice(0, 10)))];
  const result = await place.load({
    contract: Sale,
    verdict,
    replacesBatches: [1n],
    source: { kind: "objects", format: ndjson, objects },
  });
  expect(result).toMatchObject({ accepted: 10n, replaced: 1979n });
  expect(await place.rows("SELECT count(*) FROM shop.sales")).toEqual([[10n]]);
  expect(await place.rows("SELECT count(*) FROM millrace.meta WHERE starts_with(key, 'hidden:')")).toEqual([[0n]]);
});
