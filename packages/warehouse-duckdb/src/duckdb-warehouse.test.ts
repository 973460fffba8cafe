// The promises of the Warehouse port: transactions, lanes, streams that cannot end in silence, analysis, migration, closed doors.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemFormat, contract, silentLogger, systemClock, t, type LoadRequest } from "@millrace/core";
import { expect, test } from "vitest";
import { openDuckDbWarehouse } from "./open-warehouse.ts";
import { ndjson, specOf, temporaryWarehouse } from "./testing/temporary-warehouse.ts";

test("a transaction that fails leaves nothing", async () => {
  await using place = await temporaryWarehouse();
  const Item = contract("items", { id: t.int64() });
  const failing = place.warehouse.write(["shop.items"], async (tx) => {
    await tx.ensureTable(specOf(Item));
    throw new Error("stop here");
  });
  await expect(failing).rejects.toThrow("stop here");
  expect(await place.warehouse.tables()).toEqual([]);
});

test("writers of one table take turns, writers of others do not wait for them", async () => {
  await using place = await temporaryWarehouse();
  const order: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = place.warehouse.write(["a.a"], async () => (await held, order.push("first")));
  const second = place.warehouse.write(["a.a"], () => Promise.resolve(order.push("second")));
  await place.warehouse.write(["b.b"], () => Promise.resolve(order.push("other")));
  release();
  await Promise.all([first, second]);
  expect(order).toEqual(["other", "first", "second"]);
});

test("values keep every digit on their way out and in", async () => {
  await using place = await temporaryWarehouse();
  const found = await place.warehouse.query(
    `SELECT 9223372036854775807::BIGINT, 1.10::DECIMAL(12,2), -0.05::DECIMAL(4,2), TIMESTAMPTZ '2026-03-02 08:00:00.000123+00', DATE '0099-01-02',
      TIME '10:11:12.5', TIMESTAMP '1969-12-31 23:59:59.999999', [1, NULL], {'a': 1::BIGINT, 'b': 'x'}, ?, ?::TIMESTAMPTZ`,
    [-9223372036854775808n, "2026-01-01T00:00:00Z"],
  );
  expect(found.rows[0]).toEqual([
    9223372036854775807n,
    "1.10",
    "-0.05",
    "2026-03-02T08:00:00.000123Z",
    "0099-01-02",
    "10:11:12.500000",
    "1969-12-31T23:59:59.999999",
    [1, null],
    { a: 1n, b: "x" },
    -9223372036854775808n,
    "2026-01-01T00:00:00Z",
  ]);
});

test("a stream gives every row and fails loudly when the statement fails in the middle", async () => {
  await using place = await temporaryWarehouse();
  const good = await place.warehouse.stream("SELECT i, i * 2 AS twice FROM range(5000) r(i) WHERE i < ?", [4000n]);
  let rows = 0;
  for await (const chunk of good) rows += chunk.length;
  expect(rows).toBe(4000);
  expect(good.columns.map((column) => column.name)).toEqual(["i", "twice"]);
  const bad = async (): Promise<void> => {
    const stream = await place.warehouse.stream(
      "SELECT CASE WHEN i = 1500000 THEN error('boom') ELSE i END FROM range(2000000) r(i)",
    );
    for await (const chunk of stream) rows += chunk.length;
  };
  await expect(bad()).rejects.toMatchObject({ name: "MillraceError" });
});

test("a query stops at its deadline and when its caller goes away", async () => {
  await using place = await temporaryWarehouse();
  const endless = "SELECT count(*) FROM range(100000000000) a(i)";
  await expect(place.warehouse.query(endless, [], { timeoutMs: 100 })).rejects.toMatchObject({
    code: "deadline-exceeded",
  });
  await expect(place.warehouse.query(endless, [], { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    code: "cancelled",
  });
  expect(await place.rows("SELECT 1")).toEqual([[1]]);
});

test("analysis names the tables that a statement reads, not its own", async () => {
  await using place = await temporaryWarehouse();
  const found = await place.warehouse.analyze(
    "WITH x AS (SELECT * FROM sales.sales) SELECT * FROM x JOIN stock USING (sku) WHERE id IN (SELECT id FROM a.b)",
  );
  expect(found).toEqual({
    kind: "select",
    tables: expect.arrayContaining([{ domain: "sales", name: "sales" }, { name: "stock" }, { domain: "a", name: "b" }]),
    tableFunctions: [],
  });
  expect(found.tables).toHaveLength(3);
  expect(await place.warehouse.analyze("DROP TABLE x")).toEqual({ kind: "other", tables: [], tableFunctions: [] });
  expect(await place.warehouse.analyze("SELECT * FROM Read_Text('x') JOIN (FROM query('SELECT 1')) ON true")).toEqual({
    kind: "select",
    tables: [],
    tableFunctions: ["read_text", "query"],
  });
  expect(await place.warehouse.analyze("SELECT 1; SELECT 2")).toMatchObject({ kind: "other" });
  await expect(place.warehouse.analyze("SELECT 1 +\n FROM FROM")).rejects.toMatchObject({
    code: "query-invalid",
    details: { line: 2 },
  });
});

test("a table changes by adding; what would lose or contradict data is refused", async () => {
  await using place = await temporaryWarehouse();
  const First = contract("items", { id: t.int32().key(), note: t.string() });
  const source = { kind: "objects" as const, format: ndjson, objects: [place.object("a", `{"id":1,"note":"n"}\n`)] };
  await place.load({ contract: First, write: "merge", source });
  const ensure = (next: Parameters<typeof specOf>[0]): Promise<unknown> =>
    place.warehouse.write(["shop.items"], (tx) => tx.ensureTable(specOf(next)));
  const wider = { id: t.int64().key(), added: t.string().optional() };
  await expect(ensure(contract("items", wider))).rejects.toMatchObject({ code: "contract-conflict" });
  await ensure(contract("items", wider, [], { retired: ["note"] }));
  expect(await place.rows("SELECT id, added FROM shop.items")).toEqual([[1n, null]]);
  await ensure(First.columns[0] === undefined ? First : contract("items", { id: t.int64().key(), note: t.string() }));
  expect(await place.rows("SELECT note FROM shop.items")).toEqual([["n"]]);
  await expect(ensure(contract("items", { id: t.int64().key(), must: t.string() }))).rejects.toMatchObject({
    code: "contract-conflict",
  });
  await expect(ensure(contract("items", { id: t.date().key() }))).rejects.toMatchObject({ code: "contract-conflict" });
  await expect(ensure(contract("items", { id: t.int64(), note: t.string() }))).rejects.toMatchObject({
    code: "contract-conflict",
  });
});

test("the engine reaches nothing outside its folder, and nobody opens the file twice", async () => {
  await using place = await temporaryWarehouse();
  await expect(place.warehouse.query("SELECT * FROM read_text('/etc/hostname')")).rejects.toMatchObject({
    code: "query-refused",
  });
  await expect(place.warehouse.query("SET enable_external_access = true")).rejects.toMatchObject({
    name: "MillraceError",
  });
  await expect(
    openDuckDbWarehouse({ folder: place.folder, clock: systemClock, log: silentLogger }),
  ).rejects.toMatchObject({ code: "data-folder-locked" });
});

test("models: whole swaps, replaced keys and views; the key NULL is a key", async () => {
  await using place = await temporaryWarehouse();
  const spec = { domain: "shop", name: "sums", key: ["k"] };
  const write = place.warehouse;
  await write.write(["shop.sums"], (tx) => tx.replaceTable(spec, "SELECT * FROM (VALUES (1, 10), (NULL, 20)) v(k, n)"));
  const replaced = await write.write(["shop.sums"], (tx) =>
    tx.replaceKeys(spec, "SELECT NULL::INTEGER AS k", "SELECT NULL::INTEGER AS k, 21 AS n UNION ALL SELECT 2, 5"),
  );
  expect(replaced).toEqual({ deleted: 1n, inserted: 2n });
  expect(await place.rows("SELECT k, n FROM shop.sums ORDER BY n")).toEqual([
    [2, 5],
    [1, 10],
    [null, 21],
  ]);
  await write.write(["shop.seen"], (tx) => tx.putView("shop", "seen", "SELECT max(n) AS n FROM shop.sums"));
  expect(await place.rows("SELECT n FROM shop.seen")).toEqual([[21]]);
  expect((await write.tables()).map((table) => [table.name, table.kind, table.version])).toEqual([
    ["seen", "view", 1n],
    ["sums", "model", 2n],
  ]);
});

test("a backup opens as a warehouse of its own", async () => {
  await using place = await temporaryWarehouse();
  await place.load({
    contract: contract("items", { id: t.int64() }),
    source: { kind: "objects", format: ndjson, objects: [place.object("a", `{"id":1}\n`)] },
  });
  const copy = mkdtempSync(join(tmpdir(), "millrace-copy-"));
  await place.warehouse.backup(copy);
  const other = await openDuckDbWarehouse({ folder: copy, clock: systemClock, log: silentLogger });
  expect((await other.query("SELECT id FROM shop.items")).rows).toEqual([[1n]]);
  expect(other.incarnation).toBe(place.warehouse.incarnation);
  await other.close();
});

test("a column becomes required only when every stored row has a value for it", async () => {
  await using place = await temporaryWarehouse();
  const before = contract("items", { id: t.int64(), note: t.string().optional() });
  const after = contract("items", { id: t.int64(), note: t.string() });
  const ensure = (): Promise<unknown> => place.warehouse.write(["shop.items"], (tx) => tx.ensureTable(specOf(after)));
  const objects = [place.object("a", '{"id": 1, "note": "x"}\n{"id": 2}\n')];
  await place.load({ contract: before, source: { kind: "objects", format: ndjson, objects } });
  await expect(ensure()).rejects.toMatchObject({
    code: "contract-conflict",
    message: expect.stringContaining('"note" (1 row)') as string,
  });
  const [[physical]] = (await place.rows("SELECT physical FROM millrace.tables")) as [[string]];
  await place.warehouse.write(["shop.items"], (tx) => tx.run(`UPDATE store."${physical}" SET note = 'y' WHERE id = 2`));
  await ensure();
  expect(await place.rows("SELECT note FROM shop.items ORDER BY id")).toEqual([["x"], ["y"]]);
});

test("system tables of an older format get what they lack, and keep what they have", async () => {
  await using place = await temporaryWarehouse();
  const Item = contract("items", { id: t.int64() });
  const source = (name: string): LoadRequest["source"] => {
    const objects = [place.object(name, '{"id": 1}\n{"id": "x"}\n')];
    return { kind: "objects", format: ndjson, objects };
  };
  await place.load({ contract: Item, source: source("a") });
  for (const statement of [
    "ALTER TABLE millrace.quarantine DROP COLUMN repaired",
    "DROP TABLE millrace.quarantine_actions",
    "UPDATE millrace.meta SET value = '1' WHERE key = 'format'",
    ...["class", "origin", "batch", "changes"].map((column) => `ALTER TABLE millrace.contracts DROP COLUMN ${column}`),
    "INSERT INTO millrace.contracts VALUES ('shop', 'items', 1, '{}', now())",
  ])
    await place.warehouse.write([], (tx) => tx.run(statement));
  await place.reopen();
  await place.load({ contract: Item, source: source("b") });
  expect(await place.rows("SELECT batch, original, repaired FROM millrace.quarantine ORDER BY batch")).toEqual([
    [1n, '{"id":"x"}', null],
    [2n, '{"id":"x"}', null],
  ]);
  expect(await place.rows("SELECT count(*) FROM millrace.quarantine_actions")).toEqual([[0n]]);
  expect(await place.rows("SELECT value FROM millrace.meta WHERE key = 'format'")).toEqual([[String(systemFormat)]]);
  expect(await place.rows("SELECT version, class, origin FROM millrace.contracts")).toEqual([[1n, null, "project"]]);
});
