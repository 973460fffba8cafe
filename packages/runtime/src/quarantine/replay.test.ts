// Replay, re-admission of held rows, and what people see of quarantine.
import { contract, t, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { shop, type Shop } from "../testing/shop-project.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;

async function open(project: ProjectDefinition = shopping.project): Promise<void> {
  stage = await openStage(folder, project, { connectors: [queueConnector(shopping.sources)] });
  await stage.platform.start({ live: false });
}

async function run(): Promise<void> {
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
}

beforeEach(async () => {
  folder = newFolder();
  shopping = shop();
  await open();
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("holds rows whose parent is missing and re-admits them when it comes", async () => {
  shopping.sales.push({ id: 1, sku: "late", qty: 1 }, { id: 2, sku: "never", qty: 1 });
  await run();
  expect((await stage.platform.status()).quarantine).toEqual({ open: 0n, held: 2n, readmitted: 0n, discarded: 0n });
  const seq = await stage.one("SELECT seq FROM millrace.quarantine WHERE row_no = 1");
  shopping.sales.push({ id: 3, sku: "late", qty: 1 });
  shopping.products.push({ sku: "late" });
  await run();
  expect((await stage.platform.status()).quarantine).toMatchObject({ held: 1n, readmitted: 2n });
  expect(await stage.rows("SELECT id FROM shop.sales ORDER BY id")).toEqual([1n, 3n]);
  expect(await stage.one("SELECT _seq FROM shop.sales WHERE id = 1")).toBe(seq);
  const loads =
    "SELECT sum(received)::BIGINT, sum(quarantined)::BIGINT FROM millrace.ledger WHERE kind = 'load' AND channel = 'shop.sales_in'";
  expect(await stage.one(loads)).toEqual([3n, 3n]);
});

it("re-admits rows that were held before a restart", async () => {
  shopping.sales.push({ id: 1, sku: "late", qty: 1 });
  await run();
  await stage.close();
  await open();
  shopping.products.push({ sku: "late" });
  await run();
  expect(await stage.rows("SELECT id FROM shop.sales")).toEqual([1n]);
});

it("does not let an old held row replace a newer one", async () => {
  shopping.sales.push({ id: 1, sku: "late", qty: 1 });
  await run();
  shopping.products.push({ sku: "known" });
  await run();
  shopping.sales.push({ id: 1, sku: "known", qty: 7 });
  await run();
  shopping.products.push({ sku: "late" });
  await run();
  expect(await stage.rows("SELECT qty FROM shop.sales")).toEqual([7]);
});

it("replays a batch under the present contract: same rows, same order, counts of the original unchanged", async () => {
  shopping.visits.push({ page: "/a", ms: 1 }, { page: "/b", ms: -5 }, { page: "/c", ms: 3 });
  await run();
  const rows = "SELECT page, _row, _seq FROM shop.visits ORDER BY _row";
  const before = await stage.rows(rows);
  const [original] = await stage.platform.batches({ limit: 1 });
  const report = await stage.platform.replay(original!.batch);
  expect(report).toMatchObject({ kind: "replay", received: 3n, accepted: 2n, quarantined: 1n, replaced: 2n });
  expect(await stage.rows(rows)).toEqual(before);
  expect((await stage.platform.status()).quarantine).toMatchObject({ open: 1n, readmitted: 0n });
  expect(await stage.platform.replay(report.batch)).toMatchObject({ accepted: 2n, replaced: 2n });
  expect(await stage.rows(rows)).toEqual(before);
  expect((await stage.platform.status()).channels.find(({ channel }) => channel === "shop.visits_in")).toMatchObject({
    received: 3n,
    batches: 1n,
  });
});

it("re-admits by replay what a relaxed contract lets pass, and quarantines what a stricter one refuses", async () => {
  shopping.visits.push({ page: "/a", ms: 1 }, { page: "/b", ms: -5 }, { page: "/c", ms: 900 });
  await run();
  const [original] = await stage.platform.batches({ limit: 1 });
  await stage.platform.reload(withVisits(shopping.project, -10, 500));
  expect(await stage.platform.replay(original!.batch)).toMatchObject({ accepted: 2n, quarantined: 1n });
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY _row")).toEqual(["/a", "/b"]);
  expect(await stage.rows("SELECT state, codes FROM millrace.quarantine ORDER BY batch")).toEqual([
    ["readmitted", ["visits.ms.min"]],
    ["open", ["visits.ms.max"]],
  ]);
  await stage.platform.reload(withVisits(shopping.project, 0, 1000));
  await stage.platform.replay(original!.batch);
  expect(await stage.rows("SELECT page FROM shop.visits ORDER BY _row")).toEqual(["/a", "/c"]);
  expect(await stage.rows("SELECT state FROM millrace.quarantine ORDER BY batch")).toEqual(["open", "readmitted"]);
});

it("refuses to replay what is not there", async () => {
  await expect(stage.platform.replay(99n)).rejects.toMatchObject({ code: "batch-not-found" });
  const [run] = await stage.parts.control.runs.list({ subject: "99", limit: 1 });
  expect(run).toMatchObject({ kind: "replay", state: "failed", error: { code: "batch-not-found" } });
});

it("hides personal data unless asked", async () => {
  shopping.products.push({ sku: "a" });
  await run();
  shopping.sales.push(
    '{"id": 1234567890123456789, "sku": "a", "qty": 0, "contact": "ann@example.org"}',
    "not json, ann@example.org",
  );
  await run();
  const listed = await stage.platform.quarantineList({ limit: 10, table: "shop.sales" });
  expect(listed.map((row) => row.original)).toEqual([expect.stringContaining('"contact":"[pii]"'), "[pii]"]);
  expect(listed[0]!.original).toContain("1234567890123456789");
  expect(JSON.stringify(listed.map((row) => row.reasons))).not.toContain("ann@");
  const shown = await stage.platform.quarantineShow(listed[0]!.batch, listed[0]!.row, { showPii: true });
  expect(shown.original).toContain("ann@example.org");
  expect(await stage.platform.quarantineList({ limit: 10, code: "sales.qty.min", state: "open" })).toHaveLength(1);
  await expect(stage.platform.quarantineShow(1n, 999n)).rejects.toMatchObject({ code: "quarantine-not-found" });
});

function withVisits(project: ProjectDefinition, min: number, max: number): ProjectDefinition {
  const visits = contract("visits", { page: t.string(), ms: t.int32().min(min).max(max) });
  const domains = project.domains.map((domain) => ({
    ...domain,
    contracts: domain.contracts.map((entry) => (entry.name === "visits" ? visits : entry)),
    channels: domain.channels.map((channel) =>
      channel.name === "visits_in"
        ? { ...channel, outputs: channel.outputs.map((output) => ({ ...output, contract: visits })) }
        : channel,
    ),
  }));
  return { ...project, domains };
}
