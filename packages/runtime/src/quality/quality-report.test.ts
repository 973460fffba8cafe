// What is told of a table's quality: rates that follow from counts, what fails now, samples without personal data; the same cost with long history.
import { check, contract, rule, t, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueChannel, queueConnector, QueueSource } from "../testing/queue-connector.ts";
import { qualityLimits } from "./quality-reader.ts";

const Sale = contract(
  "sales",
  {
    id: t.int64().key(),
    qty: t.int32().min(1).max(100, { severity: "warn" }),
    email: t.string().email().optional().pii(),
  },
  [
    rule("usual", check.volume({ pointsMin: 2 }), "each file has about as many rows"),
    rule("in_time", check.arrival({ pointsMin: 1000 })),
    rule("enough", check.rowCount({ min: 2 }), { severity: "warn" }),
  ],
);
const Empty = contract("empty", { id: t.int64() });

let folder: string;
let stage: OpenStage;
let source: QueueSource;

beforeEach(async () => {
  folder = newFolder();
  source = new QueueSource();
  const channels = [queueChannel({ domain: "shop", name: "way", contract: Sale, write: "append" })];
  const domain = { name: "shop", folder: "/shop", contracts: [Sale, Empty], channels, models: [] };
  const config = { name: "shop", owners: { shop: "sales team" } };
  const project: ProjectDefinition = { config, folder: "/shop", domains: [domain] };
  stage = await openStage(folder, project, { connectors: [queueConnector(new Map([["shop.way", source]]))] });
  await stage.platform.start({ live: false });
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

async function load(...batches: readonly object[][]): Promise<void> {
  for (const rows of batches) source.push(...rows);
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
}

const good = (from: number): object[] => [
  { id: from, qty: 1 },
  { id: from + 1, qty: 2 },
];

it("tells rates by rule, what fails now, samples, figures and who answers for it", async () => {
  await load(good(1), good(3), good(5), [
    { id: 7, qty: 500 },
    { id: 8, qty: 0, email: "x@example.com" },
    { id: 9, qty: 1, email: "not an address" },
    { id: "?", qty: 3 },
  ]);
  const quality = await stage.platform.qualityOf("shop.sales");
  expect(quality).toMatchObject({
    table: "shop.sales",
    owner: "sales team",
    passRate: 7 / 10,
    failing: [
      "sales.qty.min",
      "sales.qty.max",
      "sales.email.email",
      "sales.set.usual",
      "sales.set.enough",
      "sales.id.type",
    ],
    quarantine: { open: 3n, held: 0n, readmitted: 0n, discarded: 0n },
    lastRun: { channel: "shop.way" },
  });
  expect(quality.trend.map(({ received, accepted, quarantined }) => [received, accepted, quarantined])).toEqual([
    [2, 2, 0],
    [2, 2, 0],
    [2, 2, 0],
    [4, 1, 3],
  ]);
  const ruled = Object.fromEntries(quality.rules.map((one) => [one.code, one]));
  expect(ruled["sales.qty.min"]).toMatchObject({ text: "min(1)", judged: 10, failed: 1, passRate: 0.9 });
  expect(ruled["sales.qty.max"]).toMatchObject({ severity: "warn", judged: 7, failed: 1 });
  expect(ruled["sales.id.required"]).toMatchObject({ judged: 10, failed: 0, passRate: 1 });
  expect(ruled["sales.id.type"]).toMatchObject({ failed: 1, columns: ["id"] });
  expect(ruled["sales.set.enough"]).toMatchObject({ judges: "batches", judged: 4, failed: 1, passRate: 0.75 });
  expect(ruled["sales.set.usual"]).toMatchObject({
    description: "each file has about as many rows",
    lastFailure: { found: "rows 1.0, usual 1.9 to 2.1 (3 points)" },
  });
  expect(ruled["sales.set.in_time"]).toMatchObject({ judges: "clock", verdict: { state: "training" } });
  expect(quality.figures).toMatchObject([
    {
      code: "sales.set.usual",
      points: [
        { state: "training" },
        { state: "training" },
        { state: "passes", value: 2 },
        { state: "fails", value: 1 },
      ],
    },
  ]);
  expect(quality.samples.length).toBe(3);
  expect(JSON.stringify(quality.samples.map(({ original, reasons }) => [original, reasons]))).not.toMatch(
    /x@example|not an address/,
  );
});

it("sums tables up, those without rows too, and knows which it does not have", async () => {
  await load(good(1));
  expect(await stage.platform.quality()).toMatchObject([
    { table: "shop.empty", passRate: null, rules: 1, failing: [] },
    { table: "shop.sales", passRate: 1, rules: 8, failing: [] },
  ]);
  await expect(stage.platform.qualityOf("shop.sale")).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringContaining("shop.sales"),
  });
});

it("looks at the last batches alone, however many there were", async () => {
  await stage.parts.warehouse.write(["millrace.ledger"], async (tx) => {
    await tx.run(`INSERT INTO millrace.ledger (batch, channel, stream, domain, table_name, kind, received, accepted, quarantined, duplicate, committed_at)
      SELECT n, 'shop.way', 's', 'shop', 'sales', 'load', 10, 9, 1, 0, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(n) FROM range(1, 300001) AS r(n)`);
    await tx.run(
      `INSERT INTO millrace.rule_results SELECT n, 'shop.way', 'shop', 'sales', 'sales.qty.min', 'reject', 10, 1, NULL, [1], now() FROM range(1, 200001) AS r(n)`,
    );
  });
  const began = performance.now();
  const quality = await stage.platform.qualityOf("shop.sales");
  expect(quality.trend.length).toBe(qualityLimits.batchesMax);
  expect(quality.trend.at(-1)?.batch).toBe(300_000n);
  expect(quality.rules.find(({ code }) => code === "sales.qty.min")).toMatchObject({ judged: 300, failed: 0 });
  // Noisy machines are slow; a scan per batch would take minutes.
  expect(performance.now() - began).toBeLessThan(5_000);
});
