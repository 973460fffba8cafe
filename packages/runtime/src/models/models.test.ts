// Models follow the commits that feed them; a build that fails leaves the last good table.
import type { ModelSource, ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ModelStatus } from "../platform.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { shop, type Shop } from "../testing/shop-project.ts";

let folder: string;
let stage: OpenStage;
let shopping: Shop;

function model(name: string, text: string): ModelSource {
  return { domain: "shop", name, file: `/shop/models/${name}.sql`, text };
}

function withModels(...models: readonly ModelSource[]): ProjectDefinition {
  const domains = shopping.project.domains.map((domain) => ({ ...domain, models }));
  return { ...shopping.project, domains };
}

async function open(project: ProjectDefinition): Promise<void> {
  stage = await openStage(folder, project, { connectors: [queueConnector(shopping.sources)] });
  await stage.platform.start({ live: false });
}

async function status(name: string): Promise<ModelStatus | undefined> {
  return (await stage.platform.status()).models.find((entry) => entry.model === `shop.${name}`);
}

const perPage = model(
  "per_page",
  "/* ---\nmaterialize: incremental\nkey: [page]\n--- */\nSELECT page, count(*) AS visits, sum(ms) AS ms FROM visits GROUP BY page",
);
const slow = model("slow", "/* ---\nmaterialize: view\n--- */\nSELECT page FROM per_page WHERE ms > 100");
const slowCount = model("slow_count", "/* ---\nmaterialize: table\n--- */\nSELECT count(*) AS pages FROM slow");

beforeEach(() => {
  folder = newFolder();
  shopping = shop();
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

it("builds in graph order, and again what new rows feed, through views", async () => {
  await open(withModels(slowCount, slow, perPage));
  shopping.visits.push({ page: "/a", ms: 60 }, { page: "/b", ms: 1 });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT pages FROM shop.slow_count")).toEqual([0n]);
  const commits: string[] = [];
  stage.platform.onCommit((commit) => commits.push(...commit.tables.map(({ table }) => table)));
  shopping.visits.push({ page: "/a", ms: 50 });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toEqual([]);
  expect(await stage.rows("SELECT page, visits FROM shop.per_page ORDER BY page")).toEqual([
    ["/a", 2n],
    ["/b", 1n],
  ]);
  expect(await stage.rows("SELECT pages FROM shop.slow_count")).toEqual([1n]);
  expect(commits).toEqual(["shop.visits", "shop.per_page", "shop.slow_count"]);
  expect(report.models.map(({ state }) => state)).toEqual(["fresh", "fresh", "fresh"]);
});

it("follows rows that are merged away: a product that changes its name leaves its old group, and no other is built again", async () => {
  const perName = model(
    "per_name",
    "/* ---\nmaterialize: incremental\nkey: [name]\n--- */\nSELECT name, count(*) AS products, max(_batch) AS batch FROM products GROUP BY name",
  );
  await open(withModels(perName));
  shopping.products.push({ sku: "1", name: "cup" }, { sku: "2", name: "cup" }, { sku: "3", name: "mug" });
  await stage.platform.runUntilIdle({});
  // A full build makes a new physical table.
  const physical = (): Promise<unknown> => stage.rows("SELECT physical FROM millrace.tables WHERE name = 'per_name'");
  const built = await physical();
  shopping.products.push({ sku: "1", name: "bowl" });
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT name, products FROM shop.per_name ORDER BY name")).toEqual([
    ["bowl", 1n],
    ["cup", 1n],
    ["mug", 1n],
  ]);
  expect(await stage.parts.warehouse.table("shop", "products")).toMatchObject({ rewrites: 0n });
  expect(await physical()).toEqual(built);
});

it("builds nothing when nothing has changed, also after a restart", async () => {
  await open(withModels(perPage, slow, slowCount));
  shopping.visits.push({ page: "/a", ms: 60 });
  await stage.platform.runUntilIdle({});
  const version = (await stage.parts.warehouse.table("shop", "per_page"))?.version;
  await stage.close();
  await open(withModels(perPage, slow, slowCount));
  expect(await status("per_page")).toMatchObject({ state: "fresh", rows: 1n });
  await stage.platform.runUntilIdle({});
  expect((await stage.parts.warehouse.table("shop", "per_page"))?.version).toBe(version);
});

it("keeps the last good table when a blocking check fails, and says how to look at the rows", async () => {
  const checked = {
    ...perPage,
    text: perPage.text.replace("key: [page]", "key: [page]\nchecks:\n  - accepted_values(page, /a, /b)"),
  };
  await open(withModels(checked));
  shopping.visits.push({ page: "/a", ms: 60 });
  await stage.platform.runUntilIdle({});
  shopping.visits.push({ page: "/c", ms: 1 }, { page: "/a", ms: 1 });
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "check-failed", hint: expect.stringContaining("SELECT") }]);
  expect(await stage.rows("SELECT page, visits FROM shop.per_page")).toEqual([["/a", 1n]]);
  expect(await status("per_page")).toMatchObject({ state: "failing", error: { code: "check-failed" } });
  await stage.platform.reload(withModels(perPage));
  await stage.platform.runUntilIdle({});
  expect(await stage.rows("SELECT page, visits FROM shop.per_page ORDER BY page")).toEqual([
    ["/a", 2n],
    ["/c", 1n],
  ]);
});

it("plans changed, new, removed and faulty models, and adopts only plans without conflicts", async () => {
  await open(withModels(perPage, slow));
  await stage.platform.runUntilIdle({});
  expect(await stage.platform.plan()).toMatchObject({ empty: true });
  const changed = { ...perPage, text: perPage.text.replace("sum(ms)", "max(ms)") };
  const next = withModels(changed, slowCount, model("wrong", "SELECT nothing FROM vists"));
  const plan = await stage.platform.reload(next);
  expect(plan.changes.map(({ action, name }) => `${action} ${name}`)).toEqual(
    expect.arrayContaining(["rebuild shop.per_page", "retire shop.slow", "conflict shop.wrong"]),
  );
  expect(stage.platform.project.domains[0]?.models).toHaveLength(2);
  expect(plan.conflicts[0]).toMatchObject({ code: "model-invalid" });
});
