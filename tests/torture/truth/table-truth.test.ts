// The truth sees each kind of fault, and none where there is none; compared in the engine that the product uses.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, type Warehouse } from "@millrace/core";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Scalar } from "../process/messages.ts";
import type { Finding } from "./finding.ts";
import { KeyTable } from "./key-table.ts";
import { unitRows, type SentRow } from "./rows.ts";
import type { Moment } from "./table-truth.ts";
import { UnitTable } from "./unit-table.ts";

let folder: string;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "truth-"));
  warehouse = await openDuckDbWarehouse({ folder, clock: systemClock, log: silentLogger, threads: 1 });
  await run(
    "CREATE SCHEMA shop; CREATE TABLE shop.lines (id VARCHAR, unit VARCHAR, amount DECIMAL(12, 2), note VARCHAR)",
  );
  await run("CREATE TABLE shop.stock (id VARCHAR, version BIGINT, amount DECIMAL(12, 2))");
});

afterEach(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...statements: readonly string[]): Promise<void> {
  await warehouse.write([], async (tx) => {
    for (const sql of statements.flatMap((text) => text.split(";"))) await tx.run(sql);
  });
}

const query = async (sql: string): Promise<readonly (readonly Scalar[])[]> =>
  (await warehouse.query(sql)).rows as readonly (readonly Scalar[])[];

const lineColumns = ["id", "unit", "amount", "note"];
const isGood = ({ amount }: SentRow): boolean => amount !== "-1.00";
const insertLines = (rows: readonly SentRow[]): Promise<void> =>
  run(
    ...rows.map(
      (row) => `INSERT INTO shop.lines VALUES ('${row["id"]}', '${row["unit"]}', ${row["amount"]}, '${row["note"]}')`,
    ),
  );

function lines(): { truth: UnitTable; send: (unit: string, slot?: string) => readonly SentRow[] } {
  const truth = new UnitTable({ domain: "shop", name: "lines", columns: lineColumns, whole: true, keepsBatches: true });
  return {
    truth,
    send: (unit, slot) => {
      const make = (): SentRow[] => unitRows({ unit, rows: 10, width: 20 });
      truth.begin(unit, make, isGood, slot);
      return make().filter(isGood);
    },
  };
}

const summed = async (truth: UnitTable | KeyTable, moment: Moment): Promise<Record<string, number>> => {
  const sums = { lost: 0, duplicated: 0, partial: 0 };
  for (const { kind, count } of await truth.check(query, moment)) sums[kind satisfies Finding["kind"]] += count;
  return sums;
};
const nothing = { lost: 0, duplicated: 0, partial: 0 };

it("lets a unit be away until it was seen or the end has come, and wants it whole", async () => {
  const { truth, send } = lines();
  const rows = send("lines-1");
  expect(rows).toHaveLength(9);
  expect([...truth.openBad()]).toEqual(["lines-1:7"]);
  expect(await summed(truth, "after-death")).toEqual(nothing);
  expect(await summed(truth, "end")).toEqual({ ...nothing, lost: 9 });
  await insertLines(rows.slice(0, 4));
  expect(await summed(truth, "after-death")).toEqual({ ...nothing, partial: 1 });
  await insertLines(rows.slice(4));
  expect(await summed(truth, "after-death")).toEqual(nothing);
  expect(await summed(truth, "end")).toEqual(nothing);
  await run("DELETE FROM shop.lines");
  expect(await summed(truth, "after-death")).toEqual({ ...nothing, lost: 9 });
});

it("sees rows that are there twice, that nobody sent, and whose content is another", async () => {
  const { truth, send } = lines();
  const rows = send("lines-1");
  await insertLines([...rows, ...rows.slice(0, 2)]);
  expect(await summed(truth, "after-death")).toEqual({ ...nothing, duplicated: 2 });
  await run("DELETE FROM shop.lines");
  await insertLines(rows);
  await insertLines(unitRows({ unit: "lines-2", rows: 3, width: 20 }));
  expect(await summed(truth, "after-death")).toEqual({ ...nothing, duplicated: 3 });
  await run(
    "DELETE FROM shop.lines WHERE unit = 'lines-2'",
    "UPDATE shop.lines SET amount = 1.23 WHERE id = 'lines-1:0'",
  );
  expect(await summed(truth, "after-death")).toEqual({ lost: 1, duplicated: 1, partial: 0 });
});

it("wants the newest unit of a slot alone", async () => {
  const { truth, send } = lines();
  const [before, after] = [send("lines-1", "a.csv"), send("lines-2", "a.csv")];
  await insertLines(before);
  expect(await summed(truth, "after-death")).toEqual(nothing);
  expect(await summed(truth, "end")).toEqual({ ...nothing, lost: 9 });
  await insertLines(after);
  expect(await summed(truth, "end")).toEqual({ ...nothing, duplicated: 9 });
  await run("DELETE FROM shop.lines WHERE unit = 'lines-1'");
  expect(await summed(truth, "end")).toEqual(nothing);
});

it("wants of each key the highest version, and never less than was seen", async () => {
  const truth = new KeyTable({ domain: "shop", name: "stock", columns: ["id", "version", "amount"] });
  const row = (version: number): SentRow => ({ id: "a", version, amount: `${version}.50` });
  truth.begin([row(1), row(2), row(3)], isGood);
  await run("INSERT INTO shop.stock VALUES ('a', 2, 2.50)");
  expect(await summed(truth, "after-death")).toEqual(nothing);
  expect(await summed(truth, "end")).toEqual({ ...nothing, lost: 1 });
  await run("UPDATE shop.stock SET version = 1, amount = 1.50");
  expect(await summed(truth, "after-death")).toEqual({ ...nothing, lost: 1 });
  await run("DELETE FROM shop.stock", "INSERT INTO shop.stock VALUES ('a', 3, 3.50), ('a', 2, 2.50)");
  expect((await summed(truth, "end"))["duplicated"]).toBe(1);
});
