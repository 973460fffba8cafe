// Lineage through several models: up to the channels, down to everything that depends on a column.
import { expect, it } from "vitest";
import { traceLineage, type LineageStep, type LineageTable } from "./trace-lineage.ts";

const tables: readonly LineageTable[] = [
  {
    name: "sales.sales",
    kind: "table",
    columns: ["store", "price", "day"],
    channels: [
      { name: "sales.daily", connector: "files" },
      { name: "sales.till", connector: "events" },
    ],
    inputs: [],
  },
  {
    name: "sales.per_store",
    kind: "model",
    columns: ["store", "revenue"],
    channels: [],
    inputs: ["sales.sales"],
    lineage: {
      columns: [
        { name: "store", sources: [{ table: "sales.sales", column: "store", uses: ["identity"] }] },
        { name: "revenue", sources: [{ table: "sales.sales", column: "price", uses: ["aggregation"] }] },
      ],
      rows: [{ table: "sales.sales", column: "day", uses: ["filter"] }],
    },
  },
  {
    name: "sales.best",
    kind: "model",
    columns: ["store", "share"],
    channels: [],
    inputs: ["sales.per_store", "sales.sales"],
    lineage: {
      columns: [
        { name: "store", sources: [{ table: "sales.per_store", column: "store", uses: ["identity"] }] },
        {
          name: "share",
          sources: [
            { table: "sales.per_store", column: "revenue", uses: ["transformation"] },
            { table: "sales.sales", column: "price", uses: ["aggregation"] },
          ],
        },
      ],
      rows: [],
    },
  },
];

/** Indented lines: kind, name, uses; a star where the steps stand elsewhere. */
function lines(step: LineageStep, indent = ""): string[] {
  const own = `${indent}${[step.kind, step.name, ...step.uses].join(" ")}${step.repeated === true ? "*" : ""}`;
  return [own, ...step.steps.flatMap((below) => lines(below, `${indent}  `))];
}

it("goes up to the channels, with what decides the rows of the column's table", () => {
  expect(lines(traceLineage(tables, { table: "Sales.Per_Store", column: "REVENUE" }, "up"))).toEqual([
    "column sales.per_store.revenue",
    "  column sales.sales.price aggregation",
    "    channel sales.daily",
    "    channel sales.till",
    "  rows sales.per_store",
    "    column sales.sales.day filter",
    "      channel sales.daily",
    "      channel sales.till",
  ]);
});

it("tells a step once where two ways lead to it", () => {
  expect(lines(traceLineage(tables, { table: "sales.best", column: "share" }, "up"))).toEqual([
    "column sales.best.share",
    "  column sales.per_store.revenue transformation",
    "    column sales.sales.price aggregation",
    "      channel sales.daily",
    "      channel sales.till",
    "  column sales.sales.price aggregation*",
  ]);
});

it("goes down to columns, and to models whose rows depend on it", () => {
  expect(lines(traceLineage(tables, { table: "sales.sales", column: "price" }, "down"))).toEqual([
    "column sales.sales.price",
    "  column sales.per_store.revenue aggregation",
    "    column sales.best.share transformation",
    "  column sales.best.share aggregation",
  ]);
  expect(lines(traceLineage(tables, { table: "sales.sales", column: "day" }, "down"))).toEqual([
    "column sales.sales.day",
    "  rows sales.per_store filter",
    "    rows sales.best",
  ]);
});

it("follows tables where no column is named", () => {
  expect(lines(traceLineage(tables, { table: "sales.best" }, "up"))).toEqual([
    "table sales.best",
    "  table sales.per_store",
    "    table sales.sales",
    "      channel sales.daily",
    "      channel sales.till",
    "  table sales.sales*",
  ]);
  expect(lines(traceLineage(tables, { table: "sales.sales" }, "down"))).toEqual([
    "table sales.sales",
    "  table sales.per_store",
    "    table sales.best",
    "  table sales.best",
  ]);
});

it("names what is near when there is no such table or column", () => {
  expect(() => traceLineage(tables, { table: "sales.bets" }, "up")).toThrow(
    /no table or model sales\.bets; did you mean "sales\.best"/,
  );
  expect(() => traceLineage(tables, { table: "sales.best", column: "shar" }, "up")).toThrow(
    /no column shar; did you mean "share"/,
  );
});
