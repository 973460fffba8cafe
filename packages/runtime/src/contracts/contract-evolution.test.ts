// Contracts that change, by their author and by the data of tables that evolve: what is recorded, what batches follow, what a restart and a crash leave.
import { contract, setFailpointHook, t, type ContractDefinition, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueChannel, queueConnector, QueueSource } from "../testing/queue-connector.ts";

const columns = { id: t.int64(), name: t.string().optional() };
let folder: string;
let stage: OpenStage;
let items: QueueSource;

function projectOf(definition: ContractDefinition): ProjectDefinition {
  const events = {
    kind: "channel" as const,
    domain: "shop",
    name: "item_events",
    connector: "events",
    config: { validate: "early", batch: { bytesMax: 1024 * 1024, ageMs: 5 } },
    every: "on-arrival",
    outputs: [{ stream: "default", contract: definition, domain: "shop", write: "append" as const }],
  };
  const channels = [queueChannel({ domain: "shop", name: "items_in", contract: definition, write: "append" }), events];
  const domain = { name: "shop", folder: "/shop", contracts: [definition], channels, models: [] };
  return { config: { name: "shop" }, folder: "/shop", domains: [domain] };
}

async function open(definition: ContractDefinition): Promise<void> {
  const connectors = [queueConnector(new Map([["shop.items_in", items]]))];
  stage = await openStage(folder, projectOf(definition), { connectors });
  await stage.platform.start({ live: false });
}

async function reopen(definition: ContractDefinition): Promise<void> {
  await stage.close();
  await open(definition);
}

async function run(...records: readonly unknown[]): Promise<void> {
  if (records.length > 0) items.push(...records);
  expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
}

function send(...records: readonly unknown[]) {
  return stage.platform.ingest("shop.item_events", { body: Buffer.from(JSON.stringify(records)), format: "json" });
}

const versions = (): Promise<unknown> =>
  stage.rows("SELECT version, class, origin, batch FROM millrace.contracts ORDER BY version");
const followed = (): Promise<unknown> => stage.rows("SELECT contract_version FROM millrace.ledger ORDER BY batch");

const Open = contract("items", columns, [], { evolution: "evolve" });

beforeEach(() => {
  folder = newFolder();
  items = new QueueSource();
});

afterEach(async () => {
  setFailpointHook(undefined);
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

it("each change of a contract is a version with its class, and each batch says which one it followed", async () => {
  await open(contract("items", columns));
  await run({ id: 1 });
  await reopen(contract("items", { ...columns, note: t.string().optional() }));
  await run({ id: 2 });
  await reopen(contract("items", { ...columns, id: t.int64().min(0), note: t.string().optional() }));
  await run({ id: 3 });
  await reopen(contract("items", { ...columns, id: t.int64().min(0), note: t.string().optional() }));
  expect(await versions()).toEqual([
    [1n, "initial", "project", null],
    [2n, "compatible", "project", null],
    [3n, "breaking", "project", null],
  ]);
  expect(await followed()).toEqual([1n, 2n, 3n]);
});

it("columns that data brings make versions, also for the next batches of a running instance, and outlive a restart", async () => {
  await open(Open);
  await run({ id: 1, colour: "red" });
  await run({ id: 2, colour: "blue" }, { id: 3 });
  await send({ id: 4, colour: "green", size: 1 });
  await run();
  expect(await versions()).toEqual([
    [1n, "initial", "project", null],
    [2n, "compatible", "data", 1n],
    [3n, "compatible", "data", 3n],
  ]);
  expect(await followed()).toEqual([2n, 2n, 3n]);
  await reopen(Open);
  await run({ id: 5, size: 2 });
  expect(await stage.rows("SELECT id, colour, size FROM shop.items ORDER BY id")).toEqual([
    [1n, "red", null],
    [2n, "blue", null],
    [3n, null, null],
    [4n, "green", 1n],
    [5n, null, 2n],
  ]);
  expect(await followed()).toEqual([2n, 2n, 3n, 3n]);
});

it("an author declares, renames, retires or drops what was found", async () => {
  await open(Open);
  await run({ id: 1, colour: "red", size: 1, weight: 2, junk: "x" });
  await reopen(
    contract(
      "items",
      {
        ...columns,
        tint: t.string().optional().renamedFrom("colour").from("colour"),
        size: t.decimal(20, 1).optional(),
      },
      [],
      { evolution: "evolve", retired: ["weight"], dropped: ["junk"] },
    ),
  );
  await run({ id: 2, colour: "blue", size: 1.5, weight: 3, junk: "y" });
  expect(await stage.rows("SELECT * EXCLUDE (_batch, _row, _seq) FROM shop.items ORDER BY id")).toEqual([
    [1n, null, "red", "1.0"],
    [2n, null, "blue", "1.5"],
  ]);
});

it("what freezing refuses, the ingress says at once, and re-admission takes once the contract knows it", async () => {
  await open(contract("items", columns, [], { evolution: "freeze" }));
  expect((await send({ id: 1 }, { id: 2, colour: "red" }, { id: 3, colour: null })).rejected).toEqual([
    { index: 1, codes: ["items.record.unknown_field"] },
  ]);
  await run();
  expect(await stage.rows("SELECT codes FROM millrace.quarantine")).toEqual([["items.record.unknown_field"]]);
  const listed = await stage.platform.quarantineList({ limit: 10 });
  expect(JSON.parse(listed[0]?.original ?? "")).toEqual({ id: "2", name: null, colour: "[pii]" });
  await reopen(contract("items", { ...columns, colour: t.string().optional() }, [], { evolution: "freeze" }));
  await stage.platform.replay(1n);
  expect(await stage.rows("SELECT id, colour FROM shop.items ORDER BY id")).toEqual([
    [1n, null],
    [2n, "red"],
    [3n, null],
  ]);
  expect((await stage.platform.status()).quarantine).toMatchObject({ open: 0n, readmitted: 1n });
});

it("a refused change leaves the contract, its version and its table; the plan tells what to state", async () => {
  await open(contract("items", columns));
  await run({ id: 1, name: "a" });
  const next = projectOf(contract("items", { id: columns.id, title: t.string().optional() }));
  const plan = await stage.platform.reload(next);
  expect(plan.conflicts).toMatchObject([
    { code: "contract-conflict", hint: expect.stringContaining('.renamedFrom("name") on column "title"') as string },
  ]);
  expect(plan.conflicts[0]?.message).toContain("contract-evolution.test.ts:");
  await run({ id: 2, name: "b" });
  expect(await versions()).toEqual([[1n, "initial", "project", null]]);
  const stated = contract("items", { id: columns.id, title: t.string().optional().renamedFrom("name").from("name") });
  expect(await stage.platform.plan(projectOf(stated))).toMatchObject({
    conflicts: [],
    changes: [{ name: "shop.items", contract: { class: "breaking" } }, {}, {}],
  });
  await stage.platform.reload(projectOf(stated));
  await run({ id: 3, name: "c" });
  expect(await stage.rows("SELECT title FROM shop.items ORDER BY id")).toEqual(["a", "b", "c"]);
});

it("a change that is cut off in its midst leaves the old contract and table; the next start makes it whole", async () => {
  const next = contract("items", {
    ...columns,
    id: t.string().convertedFrom("int64"),
    name: t.string().filledWith("-"),
  });
  await open(contract("items", columns));
  await run({ id: 1 }, { id: 2, name: "b" });
  for (const place of ["table.swap", "batch.before-commit"] as const) {
    await stage.close();
    setFailpointHook((name) => {
      if (name === place) throw new Error("cut off");
    });
    await expect(open(next)).rejects.toThrow("cut off");
    setFailpointHook(undefined);
    await stage.close({ crash: true });
    await open(contract("items", columns));
    expect(await stage.rows("SELECT id, name FROM shop.items ORDER BY id")).toEqual([
      [1n, null],
      [2n, "b"],
    ]);
    expect(await versions()).toEqual([[1n, "initial", "project", null]]);
  }
  await reopen(next);
  expect(await stage.rows("SELECT id, name FROM shop.items ORDER BY id")).toEqual([
    ["1", "-"],
    ["2", "b"],
  ]);
});

it("old batches are loaded again under the new contract: fields that were left out come in, counts stay whole", async () => {
  await open(contract("items", columns));
  await run({ id: 1, name: "a", price: "1.50" }, { id: 2, price: "2.00" }, { id: "x", price: "3.00" });
  await run({ id: 3, price: "oops" });
  await reopen(contract("items", { ...columns, price: t.decimal(9, 2).optional() }));
  for (const batch of [1n, 2n]) await stage.platform.replay(batch);
  expect(await stage.rows("SELECT id, name, price FROM shop.items ORDER BY id")).toEqual([
    [1n, "a", "1.50"],
    [2n, null, "2.00"],
  ]);
  expect(
    await stage.rows(
      "SELECT kind, contract_version, received, accepted, quarantined FROM millrace.ledger ORDER BY batch",
    ),
  ).toEqual([
    ["load", 1n, 3n, 2n, 1n],
    ["load", 1n, 1n, 1n, 0n],
    ["replay", 2n, 3n, 2n, 1n],
    ["replay", 2n, 1n, 0n, 1n],
  ]);
});

it("a batch whose growth meets a crash comes again as a whole", async () => {
  await open(Open);
  setFailpointHook((name) => {
    if (name === "batch.before-commit") throw new Error("cut off");
  });
  items.push({ id: 1, colour: "red" });
  await stage.platform.runUntilIdle({});
  setFailpointHook(undefined);
  await stage.close({ crash: true });
  await open(Open);
  expect(await versions()).toEqual([[1n, "initial", "project", null]]);
  await run();
  expect(await stage.rows("SELECT id, colour FROM shop.items")).toEqual([[1n, "red"]]);
  expect(await versions()).toEqual([
    [1n, "initial", "project", null],
    [2n, "compatible", "data", 1n],
  ]);
});

it("duplicates by declared columns are counted in every way in", async () => {
  await open(contract("items", columns, [], { deduplicate: { by: ["id"], within: "table" } }));
  await run({ id: 1, name: "a" }, { id: 1, name: "b" });
  await send({ id: 1, name: "c" }, { id: 2, name: "d" });
  await run();
  expect(await stage.rows("SELECT id, name FROM shop.items ORDER BY id")).toEqual([
    [1n, "a"],
    [2n, "d"],
  ]);
  expect(await stage.rows("SELECT received, accepted, duplicate FROM millrace.ledger ORDER BY batch")).toEqual([
    [2n, 1n, 1n],
    [2n, 1n, 1n],
  ]);
});
