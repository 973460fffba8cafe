// Statements that are kept answer as new ones would: after changes of data, tables and views, after failures, after the warehouse was opened again.
import { contract, t } from "@millrace/core";
import { expect, test } from "vitest";
import { ndjson, temporaryWarehouse, type TemporaryWarehouse } from "../testing/temporary-warehouse.ts";

const Item = contract("items", { id: t.int64() });
const Wider = contract("items", { id: t.int64(), note: t.string().optional() });

function add(place: TemporaryWarehouse, name: string, ids: readonly number[], into = Item): Promise<unknown> {
  const object = place.object(name, ids.map((id) => `{"id":${id}}\n`).join(""));
  return place.load({ contract: into, source: { kind: "objects", objects: [object], format: ndjson } });
}

test("the same text sees new rows, new columns and another table behind the name", async () => {
  await using place = await temporaryWarehouse();
  const above = (id: number): Promise<unknown> =>
    place.warehouse
      .query("SELECT * EXCLUDE (_batch, _row, _seq) FROM shop.items WHERE id > ? ORDER BY id", [id])
      .then(({ rows }) => rows);
  await add(place, "1", [1, 2]);
  expect(await above(1)).toEqual([[2n]]);
  await add(place, "2", [1000]);
  expect(await above(1)).toEqual([[2n], [1000n]]);
  await add(place, "3", [5], Wider);
  expect(await above(4)).toEqual([
    [5n, null],
    [1000n, null],
  ]);
  const only = { kind: "objects", objects: [place.object("4", '{"id":7}\n')], format: ndjson } as const;
  await place.load({ contract: Wider, write: "replace", source: only });
  expect(await above(1)).toEqual([[7n, null]]);
  await place.reopen();
  expect(await above(1)).toEqual([[7n, null]]);
});

test("a statement that failed is prepared anew", async () => {
  await using place = await temporaryWarehouse();
  const divide = (by: number): Promise<unknown> =>
    place.warehouse.query("SELECT CAST('1' AS INTEGER) + CAST(? AS TINYINT)", [by]).then(({ rows }) => rows);
  expect(await divide(1)).toEqual([[2]]);
  await expect(divide(1000)).rejects.toMatchObject({ code: "query-failed" });
  expect(await divide(2)).toEqual([[3]]);
});

test("many different statements are answered, each as often as it is asked", async () => {
  await using place = await temporaryWarehouse();
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 100; at += 1)
      expect((await place.warehouse.query(`SELECT ${at} + ?::BIGINT`, [round])).rows).toEqual([[BigInt(at + round)]]);
  }
});
