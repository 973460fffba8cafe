// Severities: what rejects, what only warns, what refuses the whole batch; and what is recorded of each.
import { contract, type LoadVerdict } from "@millrace/core";
import { t } from "@millrace/core";
import { expect, test } from "vitest";
import { csvFormat, temporaryWarehouse, type TemporaryWarehouse } from "../testing/temporary-warehouse.ts";

const Item = contract("items", { id: t.int64(), price: t.decimal(12, 2) });
const warns = { code: "items.price.max", sql: "price <= 100", columns: ["price"], severity: "warn" } as const;
const blocks = { code: "items.row.sane", sql: "price < 1000", columns: ["price"], severity: "block" } as const;
const verdict: LoadVerdict = {
  rows: [{ code: "items.price.min", sql: "price >= 0", columns: ["price"] }],
  references: [],
  watched: [warns, blocks],
};
const ways = [
  ["staged", 1],
  ["direct", 64 * 1024 * 1024],
] as const;

function load(
  place: TemporaryWarehouse,
  prices: readonly number[],
  bytes: number,
): ReturnType<TemporaryWarehouse["load"]> {
  const text = `id,price\n${prices.map((price, at) => `${at + 1},${price}\n`).join("")}`;
  const object = place.object("a.csv", text);
  const objects = [{ ...object, ref: { ...object.ref, bytes } }];
  return place.load({
    contract: Item,
    verdict,
    source: { kind: "objects", objects, format: csvFormat("id", "price") },
  });
}

test.each(ways)("%s: rows that warn pass and are recorded beside those that are rejected", async (_way, bytes) => {
  await using place = await temporaryWarehouse();
  const counts = await load(place, [1, -2, 101, 102, -500], bytes);
  expect(counts).toMatchObject({ received: 5n, accepted: 3n, quarantined: 2n });
  const recorded = "SELECT batch, code, severity, judged, failed, row_numbers FROM millrace.rule_results ORDER BY code";
  expect(await place.rows(recorded)).toEqual([
    [1n, "items.price.max", "warn", 3n, 2n, [3n, 4n]],
    [1n, "items.price.min", "reject", 5n, 2n, [2n, 5n]],
  ]);
});

test.each(ways)("%s: a row that blocks leaves no trace of its batch", async (_way, bytes) => {
  await using place = await temporaryWarehouse();
  await load(place, [1, 2], bytes);
  await expect(load(place, [3, 5000, -1, 7000], bytes)).rejects.toMatchObject({
    code: "batch-blocked",
    message: "A batch of shop.way for shop.items is refused by items.row.sane: 2 rows fail (rows 2, 4).",
    details: { rules: [{ code: "items.row.sane", failed: 2 }] },
  });
  expect(await place.rows("SELECT id FROM shop.items ORDER BY id")).toEqual([[1n], [2n]]);
  expect(await place.rows("SELECT count(*) FROM millrace.quarantine")).toEqual([[0n]]);
  expect(await place.rows("SELECT count(*) FROM millrace.rule_results")).toEqual([[0n]]);
});
