// Workbooks as people send them, through the platform: every value exact, every bad cell in quarantine with its address, merged cells told, and a replay that reads the
// same original again.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectors, files, type FilesOptions } from "@millrace/connectors";
import { contract, rule, sql, t, type ChannelDefinition, type ProjectDefinition } from "@millrace/core";
import { workbookOf, type CellValue, type SheetOf } from "@millrace/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";

const Sale = contract(
  "sales",
  {
    id: t.int64(),
    sku: t.string(),
    price: t.decimal(12, 2).min(0),
    day: t.date().optional(),
    moment: t.timestamp().optional(),
    opens: t.time().optional(),
    share: t.float().optional(),
    paid: t.bool().optional(),
    note: t.string().optional(),
  },
  [rule("cheap", sql`price < 1000`)],
);
const header = ["id", "sku", "price", "day", "moment", "opens", "share", "paid", "note"];

let folder: string;
let stage: OpenStage | undefined;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(join(folder, "drop"));
});

afterEach(async () => {
  if (stage !== undefined) {
    expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
    await stage.close();
  }
  stage = undefined;
  removeFolder(folder);
});

function project(options: Partial<FilesOptions>): ProjectDefinition {
  const declared = files("drop/*.{xlsx,xls,ods}", {
    into: Sale,
    write: "append",
    folder,
    ready: { kind: "quiet-period", period: "0s" },
    ...options,
  });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "shop" }));
  const channel: ChannelDefinition = { ...declared, outputs, domain: "shop", name: "sheets" };
  return {
    config: { name: "shop" },
    folder,
    domains: [{ name: "shop", folder, contracts: [Sale], channels: [channel], models: [] }],
  };
}

function write(content: Uint8Array, name = "a.xlsx"): void {
  writeFileSync(join(folder, "drop", name), content);
  utimesSync(join(folder, "drop", name), 1_700_000_000, 1_700_000_000);
}

async function load(content: Uint8Array, options: Partial<FilesOptions> = {}, name = "a.xlsx"): Promise<OpenStage> {
  write(content, name);
  stage = await openStage(folder, project(options), { connectors });
  await stage.platform.start({ live: false });
  return stage;
}

const sheet = (rows: readonly (readonly CellValue[])[], more: Partial<SheetOf> = {}): SheetOf => ({
  name: "Sales",
  rows,
  ...more,
});
const one = (...rows: readonly (readonly CellValue[])[]): Buffer => workbookOf([sheet([header, ...rows])]);
const table = (columns: string): Promise<readonly unknown[]> =>
  stage?.rows(`SELECT ${columns} FROM shop.sales ORDER BY _row`) ?? Promise.resolve([]);
const quarantined = (): Promise<readonly unknown[]> =>
  stage?.rows("SELECT position, codes, reasons FROM millrace.quarantine ORDER BY position") ?? Promise.resolve([]);

describe("values", () => {
  it("come out as the sheet shows them: moments, percentages, long and noisy numbers, flags, texts that CSV would break", async () => {
    const { platform } = await load(
      one(
        [
          1,
          "00123",
          19.99,
          { serial: 45_000, style: "date" },
          { serial: 45_000.5, style: "moment" },
          { serial: 0.25, style: "time" },
          { serial: 0.05, style: "percent" },
          true,
          'says "hi",\r\nand leaves',
        ],
        [
          { raw: "123456789012345678" },
          "b",
          { raw: "0.30000000000000004" },
          undefined,
          { serial: 45_000, style: "moment" },
          undefined,
          { raw: "0.30000000000000004" },
          false,
        ],
        [3, { formula: "A1&B1", text: "x & <y>" }, { raw: "1.5E2" }, { serial: 1, style: "date" }],
      ),
    );
    expect(await platform.runUntilIdle({})).toMatchObject({ errors: [], batches: [{ received: 3n, accepted: 3n }] });
    expect(await table("id, sku, price, day, moment, opens, share, paid, note")).toEqual([
      [1n, "00123", "19.99", "2023-03-15", "2023-03-15T12:00:00Z", "06:00:00", 0.05, true, 'says "hi",\r\nand leaves'],
      [123456789012345678n, "b", "0.30", null, "2023-03-15T00:00:00Z", null, 0.30000000000000004, false, null],
      [3n, "x & <y>", "150.00", "1900-01-01", null, null, null, null, null],
    ]);
  });

  it("count days from 1904 where the workbook says so, and no 29 February 1900 where it does not", async () => {
    const day = (serial: number): CellValue => ({ serial, style: "date" });
    const { platform } = await load(workbookOf([sheet([header, [1, "a", 1, day(43_538)]])], { date1904: true }));
    await platform.runUntilIdle({});
    expect(await table("day")).toEqual(["2023-03-15"]);
    write(one([2, "b", 1, day(59)], [3, "c", 1, day(60)], [4, "d", 1, day(61)]), "b.xlsx");
    await platform.runUntilIdle({});
    expect(await table("day")).toEqual(["2023-03-15", "1900-02-28", "1900-03-01"]);
    expect(await quarantined()).toEqual([[2n, ["sales.day.type"], ["day: 1900-02-29 is no date (Sales!D3)"]]]);
  });

  it("that do not fit are quarantined with the address of their cell, wherever the record stands", async () => {
    const { platform } = await load(
      workbookOf([
        sheet([
          ["Sales of March"],
          [],
          header,
          [1, "a", 5],
          [],
          [2, "b", "twelve", 45_000],
          [3, { error: "#N/A" }, { error: "#REF!" }],
          [4, undefined, -1],
          [5, "e", 2000],
        ]),
      ]),
    );
    expect(await platform.runUntilIdle({})).toMatchObject({
      errors: [],
      batches: [{ received: 5n, accepted: 1n, quarantined: 4n }],
    });
    expect(await quarantined()).toEqual([
      [
        2n,
        ["sales.price.type", "sales.day.type"],
        ["price: twelve is no decimal (Sales!C6)", "day: 45000 is no date (Sales!D6)"],
      ],
      [
        3n,
        ["sales.sku.formula", "sales.price.formula"],
        [
          "sku: the cell's formula failed with #N/A (Sales!B7)",
          "price: the cell's formula failed with #REF! (Sales!C7)",
        ],
      ],
      [
        4n,
        ["sales.sku.required", "sales.price.min"],
        ["sku: a value is required (Sales!B8)", "price.min: price = -1.00 (Sales!8)"],
      ],
      [5n, ["sales.row.cheap"], ["row.cheap: price = 2000.00 (Sales!9)"]],
    ]);
  });

  it("of failed formulas stay out when they are re-admitted as they are, and pass when they are NULL by declaration", async () => {
    const content = one([1, "a", 1, undefined, undefined, undefined, undefined, undefined, { error: "#N/A" }]);
    const { platform } = await load(content);
    await platform.runUntilIdle({});
    const batch = (await platform.quarantineList({ limit: 1 }))[0]?.batch ?? 0n;
    const asked = { id: "a1", kind: "readmit", selection: { batch }, by: "ann" } as const;
    expect(await platform.quarantineAct(asked)).toMatchObject({
      readmitted: 0n,
      failing: [{ code: "sales.note.formula" }],
    });
    expect(await table("id")).toEqual([]);
    await stage?.close();
    await load(content, { nullTokens: ["#N/A"] }, "b.xlsx");
    await stage?.platform.runUntilIdle({});
    expect(await table("id, note")).toEqual([[1n, null]]);
  });

  it("are the same when a batch is replayed from its original", async () => {
    const { platform } = await load(one([1, "a", "x"], [2, "b", 2]));
    const { batches } = await platform.runUntilIdle({});
    const replayed = await platform.replay(batches[0]?.batch ?? 0n);
    expect(replayed).toMatchObject({ received: 2n, accepted: 1n, quarantined: 1n });
    expect(await table("id, price")).toEqual([[2n, "2.00"]]);
  });
});

describe("sheets", () => {
  const book = workbookOf([
    sheet([["nothing here"]], { name: "About" }),
    sheet([header, [1, "a", 1]], { name: "Week 1" }),
    sheet([["title"], header, [2, "b", "?"]], { name: "Week 2" }),
    sheet([header, [9, "hidden", 1]], { name: "Old", hidden: true }),
  ]);

  it.each<[string, Partial<FilesOptions>, readonly unknown[]]>([
    ["by name, without regard to case", { sheet: "week 1" }, [1n]],
    ["by number", { sheet: 2 }, [1n]],
    ["a hidden one that is named", { sheet: "Old" }, [9n]],
    ["within a range", { sheet: "Week 1", range: "A1:C2" }, [1n]],
  ])("%s", async (_, options, ids) => {
    const { platform } = await load(book, options);
    expect((await platform.runUntilIdle({})).errors).toEqual([]);
    expect(await table("id")).toEqual(ids);
  });

  it("by a pattern become one batch, whose addresses name the sheet", async () => {
    const { platform } = await load(book, { sheet: "Week *" });
    expect(await platform.runUntilIdle({})).toMatchObject({
      batches: [{ received: 2n, accepted: 1n, quarantined: 1n }],
    });
    expect(await quarantined()).toMatchObject([[2n, ["sales.price.type"], ["price: ? is no decimal (Week 2!C3)"]]]);
  });

  it("without a header take the declared columns", async () => {
    const content = workbookOf([sheet([["x"], [1, "a", 3]])]);
    const { platform } = await load(content, { header: false, columns: ["id", "sku", "price"], range: "A2:C" });
    expect((await platform.runUntilIdle({})).errors).toEqual([]);
    expect(await table("id, sku, price")).toEqual([[1n, "a", "3.00"]]);
  });

  it("have a header of two rows joined where that is declared", async () => {
    const rows: (readonly CellValue[])[] = [
      ["id", "sku", "sum", undefined],
      [undefined, undefined, "price", "tax"],
      [1, "a", 3, 4],
    ];
    const content = workbookOf([sheet(rows, { merged: ["A1:A2", "B1:B2", "C1:D1"] })]);
    const Joined = contract("sales", { id: t.int64(), sku: t.string(), price: t.decimal(12, 2).from("sum/price") });
    const { platform } = await load(content, { into: Joined, headerRows: 2, headerJoin: "/" } as never);
    expect((await platform.runUntilIdle({})).errors).toEqual([]);
  });

  it("fill merged cells where that is declared, and leave them empty where that is", async () => {
    const rows: (readonly CellValue[])[] = [header, [1, "a", 1], [2, undefined, 2], [3, "c", 3]];
    const content = workbookOf([sheet(rows, { merged: ["B2:B3"] })]);
    const { platform } = await load(content, { mergedCells: "fill" });
    await platform.runUntilIdle({});
    expect(await table("id, sku")).toEqual([
      [1n, "a"],
      [2n, "a"],
      [3n, "c"],
    ]);
  });
});

it("refuses a workbook whose fault shows at its end, with its code, and loads the others", async () => {
  write(workbookOf([sheet([header, [7, "z", 1]])]), "b.xlsx");
  const rows = [header, [1, "a", 1], [2, "b", 2]];
  const { platform } = await load(workbookOf([sheet(rows, { merged: ["B2:B3"] })]));
  const report = await platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "file-merged-cells", message: expect.stringContaining("B2:B3") }]);
  expect(await table("id")).toEqual([7n]);
  expect(await stage?.rows("SELECT path, state FROM millrace.files ORDER BY path")).toEqual([
    ["drop/a.xlsx", "refused"],
    ["drop/b.xlsx", "loaded"],
  ]);
});
