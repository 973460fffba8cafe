// Fields that no column takes, in every format and under every mode: left out, refused, kept aside, or a column of their own.
import { readFileSync } from "node:fs";
import { contract, t, type ContractDefinition, type LoadRequest, type LoadResult, type SqlValue } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { csvFormat, ndjson, temporaryWarehouse, type TemporaryWarehouse } from "../testing/temporary-warehouse.ts";

type Records = readonly Readonly<Record<string, unknown>>[];
type Objects = Extract<LoadRequest["source"], { kind: "objects" }>;

const formats = ["csv", "ndjson", "json", "parquet"] as const;
const columns = { id: t.int64(), name: t.string().optional() };
let place: TemporaryWarehouse;
let objects = 0;

beforeEach(async () => {
  place = await temporaryWarehouse();
});
afterEach(() => place[Symbol.asyncDispose]());

async function sourceOf(format: (typeof formats)[number], records: Records): Promise<Objects> {
  objects += 1;
  const name = `${objects}.${format}`;
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  if (format === "ndjson") return { kind: "objects", format: ndjson, objects: [place.object(name, text)] };
  if (format === "json") {
    const page = JSON.stringify({ data: { items: records } });
    return { kind: "objects", format: { kind: "json", path: ["data", "items"] }, objects: [place.object(name, page)] };
  }
  const fields = [...new Set(records.flatMap(Object.keys))];
  if (format === "csv") {
    const lines = [
      fields,
      ...records.map((record) => fields.map((field) => String((record[field] ?? "") as string | number))),
    ];
    return {
      kind: "objects",
      format: csvFormat(...fields),
      objects: [place.object(name, lines.map((line) => `${line.join(",")}\n`).join(""))],
    };
  }
  place.object(`${name}.json`, text);
  const folder = `${place.folder}/objects`;
  await place.warehouse.write(["x.x"], (tx) =>
    tx.run(
      `COPY (FROM read_json('${folder}/${name}.json', format = 'newline_delimited')) TO '${folder}/${name}.tmp' (FORMAT parquet)`,
    ),
  );
  return {
    kind: "objects",
    format: { kind: "parquet" },
    objects: [place.object(name, readFileSync(`${folder}/${name}.tmp`))],
  };
}

async function load(format: (typeof formats)[number], into: ContractDefinition, records: Records): Promise<LoadResult> {
  return place.load({ contract: into, source: await sourceOf(format, records) });
}

const rows = (sql: string): Promise<readonly (readonly SqlValue[])[]> => place.rows(sql);
const records = [
  { id: 1, name: "a" },
  { id: 2, name: "b", colour: "red", size: 5 },
];

describe.for(formats)("%s", (format) => {
  it("discard: they are left out", async () => {
    const result = await load(format, contract("items", columns), records);
    expect(result).toMatchObject({ accepted: 2n, quarantined: 0n });
    expect(result.grown).toBeUndefined();
    expect(await rows("SELECT id, name FROM shop.items ORDER BY id")).toEqual([
      [1n, "a"],
      [2n, "b"],
    ]);
  });

  it("freeze: their rows go to quarantine with all fields, and pass once the contract knows them", async () => {
    const frozen = contract("items", columns, [], { evolution: "freeze" });
    expect(await load(format, frozen, records)).toMatchObject({ received: 2n, accepted: 1n, quarantined: 1n });
    const [[codes, reasons, original] = []] = await rows("SELECT codes, reasons, original FROM millrace.quarantine");
    expect(codes).toEqual(["items.record.unknown_field"]);
    expect(reasons).toEqual(["the contract does not know colour, size"]);
    expect(JSON.parse(original as string)).toMatchObject({ name: "b", colour: "red" });
    const wider = contract("items", { ...columns, colour: t.string().optional(), size: t.int32().optional() }, [], {
      evolution: "freeze",
    });
    const source = { kind: "quarantine", rows: [{ batch: 1n, row: 2n }] } as const;
    expect(await place.load({ contract: wider, source })).toMatchObject({ accepted: 1n });
    expect(await rows("SELECT id, colour, size FROM shop.items ORDER BY id")).toEqual([
      [1n, null, null],
      [2n, "red", 5],
    ]);
  });

  it("freeze with retired names: their fields are left out", async () => {
    const frozen = contract("items", columns, [], { evolution: "freeze", retired: ["colour"], dropped: ["size"] });
    expect(await load(format, frozen, records)).toMatchObject({ accepted: 2n });
  });

  it("a side column takes them as one object", async () => {
    const Kept = contract("items", { ...columns, others: t.rest() });
    expect(await load(format, Kept, records)).toMatchObject({ accepted: 2n });
    const found = await rows("SELECT id, others FROM shop.items ORDER BY id");
    expect(found.map(([id, others]) => [id, others === null ? null : JSON.parse(others as string)])).toEqual([
      [1n, null],
      [2n, { colour: "red", size: format === "csv" ? "5" : 5 }],
    ]);
    expect(await load(format, Kept, [{ id: 3, name: "c" }])).toMatchObject({ accepted: 1n });
  });

  it("evolve: they become columns, which widen when later values ask for it", async () => {
    const Open = contract("items", columns, [], { evolution: "evolve" });
    const first = await load(format, Open, records);
    expect(first.grown?.columns.slice(2)).toMatchObject([
      { name: "colour", type: { kind: "string" }, discovered: true, pii: true },
      { name: "size", type: { kind: "int64" }, discovered: true },
    ]);
    expect(await rows("SELECT id, colour, size FROM shop.items ORDER BY id")).toEqual([
      [1n, null, null],
      [2n, "red", 5n],
    ]);
    const second = await load(format, first.grown ?? Open, [{ id: 3, size: 1.5 }]);
    expect(second.grown?.columns[3]).toMatchObject({ name: "size", type: { kind: "float" } });
    const third = await load(format, second.grown ?? Open, [
      { id: 4, size: "large" },
      { id: 5, size: "x", name: "e" },
    ]);
    expect(third).toMatchObject({ accepted: 2n, quarantined: 0n });
    expect(await rows("SELECT id, size FROM shop.items ORDER BY id")).toEqual([
      [1n, null],
      [2n, "5.0"],
      [3n, "1.5"],
      [4n, "large"],
      [5n, "x"],
    ]);
    expect((await load(format, third.grown ?? Open, [{ id: 6, name: "f" }])).grown).toBeUndefined();
  });

  it("evolve: a declared column keeps its type, and rows that fail bring no columns", async () => {
    const Open = contract("items", columns, [], { evolution: "evolve" });
    const result = await load(format, Open, [
      { id: "x", colour: "red" },
      { id: "1", name: "a" },
    ]);
    expect(result).toMatchObject({ accepted: 1n, quarantined: 1n });
    expect(result.grown).toBeUndefined();
    expect(await rows("SELECT codes FROM millrace.quarantine")).toEqual([[["items.id.type"]]]);
  });
});

it("names that are none, or are taken, get another; nested values are JSON; null is no value", async () => {
  const Open = contract("items", { id: t.int64() }, [], { evolution: "evolve" });
  const result = await load("ndjson", Open, [
    { id: 1, "é x": true, "2nd": 2.5, _batch: "b", rowid: 1, "a/b~c": { deep: [1, null] }, nothing: null },
    { id: 2, "2nd": 9007199254740996 },
  ]);
  expect(result.grown?.columns.map(({ name, source, type }) => [name, source, type.kind])).toEqual([
    ["id", undefined, "int64"],
    ["field_2nd", "2nd", "string"],
    ["batch", "_batch", "string"],
    ["a_b_c", "a/b~c", "json"],
    ["field_rowid", "rowid", "int64"],
    ["x", "é x", "bool"],
  ]);
  expect(await rows(`SELECT a_b_c, x, batch, field_2nd FROM shop.items ORDER BY id`)).toEqual([
    [`{"deep":[1,null]}`, true, "b", "2.5"],
    [null, null, null, "9007199254740996"],
  ]);
  const again = await load("ndjson", result.grown ?? Open, [{ id: 3, "é x": "no", "a/b~c": 5 }]);
  expect(again).toMatchObject({ accepted: 1n });
  expect(await rows("SELECT a_b_c, x FROM shop.items WHERE id = 3")).toEqual([["5", "no"]]);
});

it("a field that differs from another by case alone has no place", async () => {
  const Open = contract("items", columns, [], { evolution: "evolve" });
  const result = await load("ndjson", Open, [
    { id: 1, ID: "other" },
    { id: 2, Tint: 1 },
    { id: 3, tint: 2 },
  ]);
  expect(result).toMatchObject({ received: 3n, accepted: 1n, quarantined: 2n });
  expect(await rows("SELECT id, tint FROM shop.items")).toEqual([[2n, 1n]]);
});

it("a line that cannot be parsed is malformed, beside rows that bring columns", async () => {
  const Open = contract("items", columns, [], { evolution: "evolve" });
  const source = {
    kind: "objects" as const,
    format: ndjson,
    objects: [place.object("m", '{"id":1,"x":1}\n{"id":\n5\n{"id":2}\n')],
  };
  expect(await place.load({ contract: Open, source })).toMatchObject({ received: 4n, accepted: 2n, quarantined: 2n });
  expect(await rows("SELECT id, x FROM shop.items ORDER BY id")).toEqual([
    [1n, 1n],
    [2n, null],
  ]);
});

it("fields beyond the most that a table takes go to quarantine with their rows", async () => {
  const Open = contract("items", columns, [], { evolution: "evolve" });
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_none, at) => [`f${at}`, at]));
  const first = await load("ndjson", Open, [{ id: 1, ...wide }]);
  expect(first.grown?.columns).toHaveLength(202);
  expect(await load("ndjson", first.grown ?? Open, [{ id: 2, more: 1 }, { id: 3 }])).toMatchObject({
    accepted: 1n,
    quarantined: 1n,
  });
});

it("a batch whose growth is rolled back leaves table and contract as they were", async () => {
  const Open = contract("items", columns, [], { evolution: "evolve" });
  await load("ndjson", Open, [{ id: 1 }]);
  const before = await rows("FROM millrace.tables");
  const source = await sourceOf("ndjson", [{ id: 2, x: 1 }]);
  await expect(
    place.load({
      contract: Open,
      source,
      verdict: {
        rows: [],
        references: [],
        watched: [{ code: "items.id.max", sql: "id < 2", columns: ["id"], severity: "block" }],
      },
    }),
  ).rejects.toMatchObject({ code: "batch-blocked" });
  expect(await rows("FROM millrace.tables")).toEqual(before);
  await expect(rows("SELECT x FROM shop.items")).rejects.toMatchObject({ code: "query-invalid" });
});

describe("duplicates", () => {
  const Sent = (deduplicate: ContractDefinition["deduplicate"]): ContractDefinition => ({
    ...contract("items", columns),
    ...(deduplicate && { deduplicate }),
  });
  const twice = [
    { id: 1, name: "a" },
    { id: 2, name: null },
    { id: 1, name: "b" },
    { id: 3, name: null },
    { id: 1, name: "a" },
  ];
  const stays = (): Promise<unknown> => rows("SELECT id, name, _row FROM shop.items ORDER BY _batch, _row");

  it("of the batch: the first or the last stays, the others are counted; NULL is a value", async () => {
    expect(await load("csv", Sent({ by: ["id"] }), twice)).toMatchObject({ received: 5n, accepted: 3n, duplicate: 2n });
    expect(await stays()).toEqual([
      [1n, "a", 1n],
      [2n, null, 2n],
      [3n, null, 4n],
    ]);
    await place.warehouse.write(["shop.items"], (tx) => tx.dropTable("shop", "items"));
    expect(await load("ndjson", Sent({ by: ["name"], keep: "last" }), twice)).toMatchObject({
      accepted: 3n,
      duplicate: 2n,
    });
    expect(await stays()).toEqual([
      [1n, "b", 3n],
      [3n, null, 4n],
      [1n, "a", 5n],
    ]);
  });

  it("of the table: the row that is there stays", async () => {
    const Once = Sent({ by: ["id", "name"], within: "table" });
    await load("csv", Once, twice.slice(0, 2));
    expect(await load("csv", Once, twice)).toMatchObject({ received: 5n, accepted: 2n, duplicate: 3n });
  });

  it("a row that fails is no duplicate, and none stays for it", async () => {
    const result = await load("csv", Sent({ by: ["name"] }), [
      { id: "x", name: "a" },
      { id: 1, name: "a" },
    ]);
    expect(result).toMatchObject({ accepted: 1n, quarantined: 1n, duplicate: 0n });
  });
});
