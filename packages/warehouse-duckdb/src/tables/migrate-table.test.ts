// Changes of a table's shape: each carries every value over, asks for a statement, or leaves everything as it was.
import {
  contract,
  setFailpointHook,
  t,
  type ContractDefinition,
  type MillraceError,
  type SqlValue,
} from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ndjson, specOf, temporaryWarehouse, type TemporaryWarehouse } from "../testing/temporary-warehouse.ts";

const base = { id: t.int64(), price: t.string(), note: t.string().optional() };
const Before = contract("items", base);
let place: TemporaryWarehouse;

beforeEach(async () => {
  place = await temporaryWarehouse();
  await load(Before, [
    { id: 1, price: "1.50", note: "a" },
    { id: 2, price: "2.5", note: null },
  ]);
});

afterEach(async () => {
  setFailpointHook(undefined);
  await place[Symbol.asyncDispose]();
});

let objects = 0;

function load(into: ContractDefinition, records: readonly unknown[]): Promise<unknown> {
  objects += 1;
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  const source = { kind: "objects" as const, format: ndjson, objects: [place.object(`${objects}.ndjson`, text)] };
  return place.load({ contract: into, source });
}

function ensure(next: ContractDefinition): Promise<unknown> {
  return place.warehouse.write(["shop.items"], (tx) => tx.ensureTable(specOf(next)));
}

const rows = (sql: string): Promise<readonly (readonly SqlValue[])[]> => place.rows(sql);

/** All that is stored, by the names in storage. */
async function stored(): Promise<readonly (readonly SqlValue[])[]> {
  const [[physical] = []] = await rows("SELECT physical FROM millrace.tables WHERE name = 'items'");
  return rows(`SELECT * FROM store."${physical as string}" ORDER BY id`);
}

async function refused(next: ContractDefinition): Promise<MillraceError> {
  const before = [await stored(), await rows("FROM shop.items ORDER BY 1"), await rows("FROM millrace.tables")];
  const error = await ensure(next).then(
    () => undefined,
    (thrown: unknown) => thrown as MillraceError,
  );
  expect(error).toMatchObject({ code: "contract-conflict" });
  expect([await stored(), await rows("FROM shop.items ORDER BY 1"), await rows("FROM millrace.tables")]).toEqual(
    before,
  );
  return error as MillraceError;
}

it("a rename needs a statement, and carries values and key over", async () => {
  const columns = { id: base.id, price: base.price, remark: t.string().optional() };
  expect((await refused(contract("items", columns))).hint).toContain('.renamedFrom("note") on column "remark"');
  await ensure(contract("items", { ...columns, remark: columns.remark.renamedFrom("note") }));
  expect(await rows("SELECT id, price, remark FROM shop.items ORDER BY id")).toEqual([
    [1n, "1.50", "a"],
    [2n, "2.5", null],
  ]);
  const Keyed = contract("keyed", { id: t.int64().key() });
  await place.load({
    contract: Keyed,
    source: { kind: "objects", format: ndjson, objects: [place.object("k", '{"id":7}\n')] },
  });
  const next = contract("keyed", { number: t.int64().key().renamedFrom("id") });
  await place.warehouse.write(["shop.keyed"], (tx) => tx.ensureTable(specOf(next)));
  expect(await rows("SELECT number FROM shop.keyed")).toEqual([[7n]]);
  expect((await place.warehouse.table("shop", "keyed"))?.key).toEqual(["number"]);
});

it("a column that leaves is retired or dropped, whichever was stated", async () => {
  const left = { id: base.id, price: base.price };
  const { message, hint } = await refused(contract("items", left));
  expect(message).toContain('column "note" is gone from the contract, and 1 row has a value in it');
  expect(hint).toContain('{ retired: ["note"] }');
  await ensure(contract("items", left, [], { retired: ["note"] }));
  await expect(rows("SELECT note FROM shop.items")).rejects.toMatchObject({ code: "query-invalid" });
  await load(contract("items", left, [], { retired: ["note"] }), [{ id: 3, price: "3" }]);
  await ensure(Before);
  expect(await rows("SELECT note FROM shop.items ORDER BY id")).toEqual([["a"], [null], [null]]);
  await ensure(contract("items", left, [], { dropped: ["note"] }));
  expect((await stored())[0]).toHaveLength(2 + 4);
  await ensure(Before);
  expect(await rows("SELECT note FROM shop.items")).toEqual([[null], [null], [null]]);
});

it("a column without values may leave without a statement", async () => {
  const wide = contract("items", { ...base, empty: t.int64().optional() });
  await ensure(wide);
  await ensure(Before);
  await expect(rows("SELECT empty FROM shop.items")).rejects.toMatchObject({ code: "query-invalid" });
});

it("types widen alone; others are converted exactly where that was stated, and the values before stay beside", async () => {
  const next = { ...base, price: t.decimal(12, 2) };
  expect((await refused(contract("items", next))).hint).toContain('.convertedFrom("string") on column "price"');
  await ensure(contract("items", { ...next, price: next.price.convertedFrom("string") }));
  expect(await rows("SELECT id, price FROM shop.items ORDER BY id")).toEqual([
    [1n, "1.50"],
    [2n, "2.50"],
  ]);
  expect((await stored()).flat()).toContain("2.5");
  await ensure(contract("items", { ...base, price: t.decimal(20, 4) }));
  expect(await rows("SELECT price FROM shop.items WHERE id = 1")).toEqual([["1.5000"]]);
  await ensure(contract("items", { ...base, price: t.decimal(12, 2).convertedFrom("decimal(20,4)") }));
  expect(await rows("SELECT price FROM shop.items WHERE id = 1")).toEqual([["1.50"]]);
});

it("a value that cannot be converted refuses the change, or becomes NULL where that was stated", async () => {
  await load(Before, [{ id: 3, price: "cheap" }]);
  const price = t.decimal(12, 2);
  const { message, hint } = await refused(contract("items", { ...base, price: price.convertedFrom("string") }));
  expect(message).toContain('1 of 3 values of column "price" have no exact decimal(12,2)');
  expect(hint).toContain('.convertedFrom("string", { otherwise: "missing" }).optional() on column "price"');
  const missing = price.convertedFrom("string", { otherwise: "missing" });
  expect((await refused(contract("items", { ...base, price: missing }))).message).toContain('"price" (1 row)');
  await ensure(contract("items", { ...base, price: missing.optional() }));
  expect(await rows("SELECT price FROM shop.items ORDER BY id")).toEqual([["1.50"], ["2.50"], [null]]);
  expect((await stored()).flat()).toContain("cheap");
});

it("a new or newly required column is filled with the stated value", async () => {
  expect((await refused(contract("items", { ...base, kind: t.string() }))).hint).toContain(".filledWith(value)");
  const kind = t.string().filledWith("weekly");
  await ensure(contract("items", { ...base, kind }));
  expect(await rows("SELECT kind FROM shop.items")).toEqual([["weekly"], ["weekly"]]);
  expect((await refused(contract("items", { ...base, kind, note: t.string() }))).message).toContain('"note" (1 row)');
  await ensure(contract("items", { ...base, kind, note: t.string().filledWith("-") }));
  expect(await rows("SELECT note FROM shop.items ORDER BY id")).toEqual([["a"], ["-"]]);
  const wrong = contract("items", { ...base, kind, note: t.string().filledWith("-"), n: t.int64().filledWith("x") });
  expect((await refused(wrong)).message).toContain('filledWith("x"), which is no int64');
});

it("a key changes where that was stated and rows stay apart", async () => {
  const keyed = { id: t.int64().key(), price: t.string(), note: base.note };
  expect((await refused(contract("items", keyed))).hint).toContain("{ rekeyedFrom: [] }");
  await ensure(contract("items", keyed, [], { rekeyedFrom: [] }));
  await load(contract("items", keyed, [], { rekeyedFrom: [] }), [{ id: 3, price: "1.50" }]);
  const next = contract("items", { ...base, price: t.string().key() }, [], { rekeyedFrom: ["id"] });
  expect((await refused(next)).message).toContain("2 rows that are there share 1 values of the new key (price)");
});

it("rows that a large batch left hidden stay out of a table that is filled anew", async () => {
  const long = "x".repeat(400);
  const many = Array.from({ length: 25_000 }, (_none, at) => ({ id: at === 7 ? "bad" : at, price: "9", note: long }));
  await load(Before, many);
  await ensure(
    contract("items", { ...base, price: t.int64().convertedFrom("string", { otherwise: "missing" }).optional() }),
  );
  expect(await rows("SELECT count(*), count(price) FROM shop.items")).toEqual([[25_001n, 24_999n]]);
  await place.reopen();
  expect(await rows("SELECT count(*) FROM shop.items")).toEqual([[25_001n]]);
  expect(await rows("SELECT count(*) FROM millrace.quarantine")).toEqual([[1n]]);
});

const changes: readonly (readonly [string, ContractDefinition])[] = [
  ["renames in place", contract("items", { id: base.id, cost: t.string().renamedFrom("price"), note: base.note })],
  ["fills beside", contract("items", { ...base, price: t.decimal(9, 2).convertedFrom("string") })],
  ["drops", contract("items", { id: base.id, price: base.price }, [], { dropped: ["note"] })],
];

it.for(changes)(
  "a change that %s and is cut off leaves the table as it was, before and after a restart",
  async ([, next]) => {
    const seen = (): Promise<unknown> =>
      Promise.all([stored(), rows("FROM shop.items ORDER BY 1"), rows("FROM millrace.tables")]);
    const before = await seen();
    setFailpointHook((name) => {
      if (name === "table.swap") throw new Error("cut off");
    });
    await expect(ensure(next)).rejects.toThrow("cut off");
    setFailpointHook(undefined);
    expect(await seen()).toEqual(before);
    await place.reopen();
    expect(await seen()).toEqual(before);
    await ensure(next);
    expect(await seen()).not.toEqual(before);
    expect(await rows("SELECT count(*) FROM shop.items")).toEqual([[2n]]);
  },
);
