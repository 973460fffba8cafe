// Batches of every format: each row ends in exactly one place, with its codes, position and order.
import { contract, t, type LoadVerdict } from "@millrace/core";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { csvFormat, ndjson, temporaryWarehouse } from "../testing/temporary-warehouse.ts";

const Item = contract("items", {
  id: t.int64().key(),
  price: t.decimal(12, 2),
  kind: t.enum("a", "b"),
  note: t.string().optional(),
  tags: t.list(t.string()).optional(),
});
const priceMin: LoadVerdict = {
  rows: [{ code: "items.price.min", sql: "price >= 0", columns: ["price"] }],
  references: [],
};

const csvText = `id,price,kind,note
1,1.50,a,plain
2,-3.00,b,"quoted, with comma"
3,1.234,a,rounded
x,oops,c,
4,2.00,b,
`;

test("CSV: good rows are typed, bad ones keep code, reason, original and position", async () => {
  await using place = await temporaryWarehouse();
  const objects = [place.object("a.csv", csvText)];
  const result = await place.load({
    contract: Item,
    verdict: priceMin,
    source: { kind: "objects", objects, format: csvFormat("id", "price", "kind", "note") },
  });
  expect(result).toEqual({ received: 5n, accepted: 2n, quarantined: 3n, duplicate: 0n, held: 0n, replaced: 0n });
  expect(await place.rows("SELECT id, price, kind, note, _batch, _row, _seq FROM shop.items ORDER BY id")).toEqual([
    [1n, "1.50", "a", "plain", 1n, 1n, 1000n],
    [4n, "2.00", "b", null, 1n, 5n, 1000n],
  ]);
  expect(
    await place.rows("SELECT row_no, codes, position, object_key, state FROM millrace.quarantine ORDER BY row_no"),
  ).toEqual([
    [2n, ["items.price.min"], 2n, "a.csv", "open"],
    [3n, ["items.price.type"], 3n, "a.csv", "open"],
    [4n, ["items.id.type", "items.price.type", "items.kind.type"], 4n, "a.csv", "open"],
  ]);
  const originals = await place.rows("SELECT original, reasons FROM millrace.quarantine WHERE row_no = 2");
  expect(JSON.parse(originals[0]?.[0] as string)).toEqual({
    id: "2",
    price: "-3.00",
    kind: "b",
    note: "quoted, with comma",
    tags: null,
  });
  expect(originals[0]?.[1]).toEqual(["price.min: price = -3.00"]);
});

test("NDJSON with a broken line: the line is malformed, the others load", async () => {
  await using place = await temporaryWarehouse();
  const text = `{"id":1,"price":"1.50","kind":"a","tags":["x","y"]}\n{"id":2,"price":2\n[1,2]\n{"id":3,"price":2.5,"kind":"b","extra":{"deep":1}}\n`;
  const source = { kind: "objects" as const, objects: [place.object("a.ndjson", text)], format: ndjson };
  expect(await place.load({ contract: Item, source })).toMatchObject({ received: 4n, accepted: 2n, quarantined: 2n });
  expect(await place.rows("SELECT id, price, tags FROM shop.items ORDER BY id")).toEqual([
    [1n, "1.50", ["x", "y"]],
    [3n, "2.50", null],
  ]);
  expect(await place.rows("SELECT row_no, codes[1], original FROM millrace.quarantine ORDER BY row_no")).toEqual([
    [2n, "items.record.malformed", `{"id":2,"price":2`],
    [3n, "items.record.malformed", "[1,2]"],
  ]);
});

test("JSON pages: records are found at their path, positions count within each page", async () => {
  await using place = await temporaryWarehouse();
  const page = (ids: number[]): string =>
    JSON.stringify({
      data: { items: ids.map((id) => ({ id, price: id === 3 ? null : "1.00", kind: "a" })) },
      next: "x",
    });
  const objects = [place.object("p1.json", page([1, 2])), place.object("p2.json", page([4, 3]))];
  const format = { kind: "json", path: ["data", "items"] } as const;
  expect(await place.load({ contract: Item, source: { kind: "objects", objects, format } })).toMatchObject({
    received: 4n,
    accepted: 3n,
    quarantined: 1n,
  });
  expect(await place.rows("SELECT codes, object_key, position, row_no FROM millrace.quarantine")).toEqual([
    [["items.price.required"], "p2.json", 2n, 4n],
  ]);
});

test("Parquet: typed columns pass through", async () => {
  await using place = await temporaryWarehouse();
  await place.warehouse.write(["x.x"], async (tx) => {
    await tx.run(`COPY (SELECT i AS id, i::DECIMAL(12,2) AS price, CASE WHEN i = 3 THEN 'z' ELSE 'a' END AS kind, NULL::VARCHAR AS note, ['t'] AS tags FROM range(1, 6) r(i))
      TO '${place.folder}/objects/a.parquet' (FORMAT parquet)`);
  });
  const { readFileSync } = await import("node:fs");
  const objects = [place.object("b.parquet", readFileSync(`${place.folder}/objects/a.parquet`))];
  expect(
    await place.load({ contract: Item, source: { kind: "objects", objects, format: { kind: "parquet" } } }),
  ).toMatchObject({ received: 5n, accepted: 4n, quarantined: 1n });
});

test("merge: the highest version stays, whatever order it comes in; the same version is a duplicate", async () => {
  const Versioned = contract("things", { id: t.string().key(), state: t.string(), at: t.int64().version() });
  await using place = await temporaryWarehouse();
  const send = (rows: readonly [string, string, number][], name: string): Promise<unknown> =>
    place.load({
      contract: Versioned,
      write: "merge",
      source: {
        kind: "objects",
        format: ndjson,
        objects: [place.object(name, rows.map(([id, state, at]) => `${JSON.stringify({ id, state, at })}\n`).join(""))],
      },
    });
  expect(
    await send(
      [
        ["a", "new", 1],
        ["a", "newer", 3],
        ["a", "late", 2],
        ["a", "newer", 3],
        ["b", "only", 1],
      ],
      "1",
    ),
  ).toMatchObject({ received: 5n, accepted: 4n, duplicate: 1n });
  expect(
    await send(
      [
        ["a", "old", 2],
        ["b", "only", 1],
        ["b", "next", 5],
      ],
      "2",
    ),
  ).toMatchObject({ received: 3n, accepted: 2n, duplicate: 1n, replaced: 1n });
  expect(await place.rows("SELECT id, state, _seq FROM shop.things ORDER BY id")).toEqual([
    ["a", "newer", 3n],
    ["b", "next", 5n],
  ]);
});

test("rows without a parent are held and pass when it has come; their order is kept", async () => {
  const Parent = contract("parents", { id: t.string().key() });
  const Child = contract("children", { id: t.string().key(), parent: t.string().references("parents.id") });
  const verdict: LoadVerdict = {
    rows: [],
    references: [
      {
        code: "children.parent.references",
        column: "parent",
        parentDomain: "shop",
        parentTable: "parents",
        parentColumn: "id",
      },
    ],
  };
  await using place = await temporaryWarehouse();
  const lines = (
    name: string,
    ...rows: object[]
  ): { kind: "objects"; format: typeof ndjson; objects: ReturnType<typeof place.object>[] } => ({
    kind: "objects",
    format: ndjson,
    objects: [place.object(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))],
  });
  expect(
    await place.load({
      contract: Child,
      verdict,
      write: "merge",
      source: lines("c", { id: "1", parent: "p" }, { id: "2", parent: "q" }),
    }),
  ).toMatchObject({ quarantined: 2n, held: 2n });
  await place.load({ contract: Parent, write: "merge", source: lines("p", { id: "p" }) });
  const again = await place.load({
    contract: Child,
    verdict,
    write: "merge",
    source: {
      kind: "quarantine",
      rows: [
        { batch: 1n, row: 1n },
        { batch: 1n, row: 2n },
      ],
    },
  });
  expect(again).toMatchObject({ received: 2n, accepted: 1n, quarantined: 1n, held: 1n });
  expect(await place.rows("SELECT id, _batch, _row, _seq FROM shop.children")).toEqual([["1", 3n, 1n, 1000n]]);
  expect(await place.rows("SELECT row_no, state, resolved_batch FROM millrace.quarantine ORDER BY row_no")).toEqual([
    [1n, "readmitted", 3n],
    [2n, "held", null],
  ]);
});

test("a replaced batch takes its rows and its open quarantine with it", async () => {
  await using place = await temporaryWarehouse();
  const source = (
    name: string,
    text: string,
  ): { kind: "objects"; format: ReturnType<typeof csvFormat>; objects: ReturnType<typeof place.object>[] } => ({
    kind: "objects",
    format: csvFormat("id", "price", "kind", "note"),
    objects: [place.object(name, text)],
  });
  await place.load({ contract: Item, verdict: priceMin, source: source("a", csvText) });
  const result = await place.load({
    contract: Item,
    replacesBatches: [1n],
    source: source("b", "id,price,kind,note\n9,9.00,a,\n"),
  });
  expect(result).toMatchObject({ accepted: 1n, replaced: 2n });
  expect(await place.rows("SELECT id FROM shop.items")).toEqual([[9n]]);
  expect(await place.rows("SELECT DISTINCT state FROM millrace.quarantine")).toEqual([["discarded"]]);
});

test("replace: the new table stands in for the old one, at once and after a restart", async () => {
  await using place = await temporaryWarehouse();
  const source = (
    name: string,
    ids: number[],
  ): { kind: "objects"; format: typeof ndjson; objects: ReturnType<typeof place.object>[] } => ({
    kind: "objects",
    format: ndjson,
    objects: [place.object(name, ids.map((id) => `${JSON.stringify({ id, price: 1, kind: "a" })}\n`).join(""))],
  });
  await place.load({ contract: Item, write: "replace", source: source("a", [1, 2, 3]) });
  expect(await place.load({ contract: Item, write: "replace", source: source("b", [7]) })).toMatchObject({
    accepted: 1n,
    replaced: 3n,
  });
  await place.reopen();
  expect(await place.rows("SELECT id FROM shop.items")).toEqual([[7n]]);
  expect(await place.warehouse.table("shop", "items")).toMatchObject({ kind: "table", key: ["id"] });
});

test("what cannot be read at all changes nothing", async () => {
  await using place = await temporaryWarehouse();
  const objects = [place.object("a.parquet", "this is no parquet")];
  await expect(
    place.load({ contract: Item, source: { kind: "objects", objects, format: { kind: "parquet" } } }),
  ).rejects.toMatchObject({ code: "batch-unreadable" });
  expect(await place.warehouse.tables()).toEqual([]);
});

test("a malformed line among lines with different ends is quarantined alone", async () => {
  await using place = await temporaryWarehouse();
  const good = (id: number): string => JSON.stringify({ id, price: 1, kind: "a" });
  const text = `${good(1)}\r\n{"id": 2,\n${good(3)}\n\n${good(4)}\r\n`;
  const source = { kind: "objects", format: ndjson, objects: [place.object("a.ndjson", text)] } as const;
  expect(await place.load({ contract: Item, source })).toMatchObject({ received: 4n, accepted: 3n, quarantined: 1n });
  expect(await place.rows("SELECT id FROM shop.items ORDER BY id")).toEqual([[1n], [3n], [4n]]);
  expect(await place.rows("SELECT position, original, codes FROM millrace.quarantine")).toEqual([
    [2n, '{"id": 2,', ["items.record.malformed"]],
  ]);
});

test("lines of CSV with other cells than the header are quarantined alone, each with its place", async () => {
  await using place = await temporaryWarehouse();
  const good = (id: number): string => `${id},1.00,a,"two\nlines"\n`;
  const objects = [
    place.object("a.csv", `id,price,kind,note\n${good(1)}2,1.00\n${good(3)}4,1.00,a,n,more,still\n${good(5)}`),
    place.object("b.csv", `id,price,kind,note\n${good(6)}7,1.00,a,"wrong"quote\n`),
  ];
  const source = { kind: "objects", format: csvFormat("id", "price", "kind", "note"), objects } as const;
  for (const batch of [1, 2])
    expect(await place.load({ contract: Item, source }), `load ${batch}`).toMatchObject({
      received: 7n,
      accepted: 4n,
      quarantined: 3n,
    });
  expect(await place.rows("SELECT DISTINCT id FROM shop.items ORDER BY id")).toEqual([[1n], [3n], [5n], [6n]]);
  const found = await place.rows(
    "SELECT split_part(object_key, '/', -1), original, codes, reasons FROM millrace.quarantine WHERE batch = 1 ORDER BY row_no",
  );
  const malformed = ["items.record.malformed"];
  expect(found).toEqual([
    [
      "a.csv",
      "2,1.00",
      malformed,
      ["Record 3, counted from the first line of the file: Expected Number of Columns: 4 Found: 2."],
    ],
    [
      "a.csv",
      "4,1.00,a,n,more,still",
      malformed,
      ["Record 5, counted from the first line of the file: Expected Number of Columns: 4 Found: 5."],
    ],
    [
      "b.csv",
      '7,1.00,a,"wrong"quote',
      malformed,
      ["Record 3, counted from the first line of the file: Value with unterminated quote found."],
    ],
  ]);
});

test.each([
  ["a quote that is never closed", `id,price,kind,note\n1,1.00,a,n\n2,1.00,"a,n\n3,1.00,a,n\n`],
  ["no line like the header", "id,price,kind,note\n1;1.00;a;n\n2;1.00;a;n\n"],
])("%s is no matter of single lines", async (_name, text) => {
  await using place = await temporaryWarehouse();
  const source = {
    kind: "objects",
    format: csvFormat("id", "price", "kind", "note"),
    objects: [place.object("a.csv", text)],
  } as const;
  await expect(place.load({ contract: Item, source })).rejects.toMatchObject({ code: "batch-unreadable" });
  expect(await place.rows("SELECT count(*) FROM millrace.quarantine")).toEqual([[0n]]);
});

test.each([
  ["array of a field", ["data"], (records: string) => `{"data": [${records}]}`],
  ["document that is an array", [], (records: string) => `[${records}]`],
] as const)("%s, stored compressed: a record that is none is quarantined alone", async (_name, path, document) => {
  await using place = await temporaryWarehouse();
  const text = document('{"id": 1, "price": 1, "kind": "a"}, 5, {"id": 3, "price": 1, "kind": "a"}');
  const objects = [place.object("page.json.zst", zstdCompressSync(text))];
  const source = { kind: "objects", format: { kind: "json", path }, objects } as const;
  expect(await place.load({ contract: Item, source })).toMatchObject({ received: 3n, accepted: 2n, quarantined: 1n });
  expect(await place.rows("SELECT position, original FROM millrace.quarantine")).toEqual([[2n, "5"]]);
});

test("a page whose records are no array is not taken for an empty one", async () => {
  await using place = await temporaryWarehouse();
  const objects = [place.object("page.json", '{"data": {"id": 1, "price": 1, "kind": "a"}}')];
  const source = { kind: "objects", format: { kind: "json", path: ["data"] }, objects } as const;
  await expect(place.load({ contract: Item, source })).rejects.toMatchObject({ code: "batch-unreadable" });
});
