// Rows that a rule over several rows rejects, on their way back: judged by it again, from the record as it came.
import { contract, t, type LoadVerdict } from "@millrace/core";
import { expect, test } from "vitest";
import { ndjson, temporaryWarehouse } from "../testing/temporary-warehouse.ts";

const Item = contract("items", { id: t.int64(), place: t.string() });
const unique = {
  code: "items.set.unique",
  severity: "reject",
  judges: "rows",
  columns: ["place"],
  sql: "SELECT b._row FROM batch_rows AS b WHERE b.place IN (SELECT t.place FROM table_rows AS t)",
} as const;
const verdict: LoadVerdict = { rows: [], references: [], sets: [unique] };

test("a re-admitted row that fails a rule over several rows stays in quarantine", async () => {
  await using place = await temporaryWarehouse();
  const text = '{"id":1,"place":"a"}\n{"id":"x","place":"b"}\n{"id":"y","place":"a"}\n';
  const objects = [place.object("a", text)];
  await place.load({ contract: Item, verdict, source: { kind: "objects", format: ndjson, objects } });
  await place.warehouse.write([], (tx) =>
    tx.run(`UPDATE millrace.quarantine SET repaired = replace(replace(original, '"x"', '"2"'), '"y"', '"3"')`),
  );
  const rows = [2n, 3n].map((row) => ({ batch: 1n, row }));
  const result = await place.load({ contract: Item, verdict, source: { kind: "quarantine", rows } });
  expect(result).toMatchObject({ received: 2n, accepted: 1n, quarantined: 1n });
  expect(await place.rows("SELECT id FROM shop.items ORDER BY id")).toEqual([[1n], [2n]]);
  expect(await place.rows("SELECT row_no, state, codes FROM millrace.quarantine ORDER BY row_no")).toEqual([
    [2n, "readmitted", ["items.id.type"]],
    [3n, "open", ["items.set.unique"]],
  ]);
});

test.each([
  ["staged", 1],
  ["large", 64 * 1024 * 1024],
])("%s: a row that is rejected after its text was cleansed keeps the text as it came", async (_way, bytes) => {
  await using place = await temporaryWarehouse();
  const cleansed = { ...verdict, cleansing: [{ column: "place", sql: `concat("source_text", '!')` }] };
  const load = (name: string, text: string): Promise<unknown> => {
    const object = place.object(name, text);
    const objects = [{ ...object, ref: { ...object.ref, bytes } }];
    return place.load({ contract: Item, verdict: cleansed, source: { kind: "objects", format: ndjson, objects } });
  };
  await load("a", '{"id":1,"place":"a"}\n');
  await load("b", '{"id":2,"place":"a"}\n{"id":3,"place":"b"}\n');
  const kept = await place.rows("SELECT row_no, position, codes, original FROM millrace.quarantine");
  expect(kept).toEqual([[1n, 1n, ["items.set.unique"], '{"id":"2","place":"a"}']]);
  const rows = [{ batch: 2n, row: 1n }];
  await place.load({ contract: Item, verdict: { ...cleansed, sets: [] }, source: { kind: "quarantine", rows } });
  expect(await place.rows("SELECT id, place FROM shop.items ORDER BY id")).toEqual([
    [1n, "a!"],
    [2n, "a!"],
    [3n, "b!"],
  ]);
});
