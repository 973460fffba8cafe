// Only objects that nothing names, of days that are over, are collected.
import type { ObjectRef } from "@millrace/core";
import { ManualClock } from "@millrace/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueConnector } from "../testing/queue-connector.ts";
import { shop, type Shop } from "../testing/shop-project.ts";
import { collectAbandoned } from "./abandoned-objects.ts";
import { keepHouse } from "../schedule/housekeeping.ts";

const dayMs = 86_400_000;
const bounds = { graceDays: 2, lookBackDays: 10, objectsMax: 100 };
let folder: string;
let stage: OpenStage;
let shopping: Shop;

beforeEach(async () => {
  folder = newFolder();
  shopping = shop();
  stage = await openStage(folder, shopping.project, { connectors: [queueConnector(shopping.sources)] });
  await stage.platform.start({ live: false });
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

function put(text: string, ageDays = 0): Promise<ObjectRef> {
  const day = new Date(Date.now() - ageDays * dayMs).toISOString().slice(0, 10).replaceAll("-", "/");
  const prefix = `raw/shop/visits_in/${day}`;
  return stage.parts.objects.put(Buffer.from(text), { prefix, extension: "ndjson", codec: "none" });
}

function collect(daysLater: number, options = bounds): Promise<number> {
  const clock = new ManualClock(Date.now() + daysLater * dayMs);
  return collectAbandoned({ ...stage.parts, clock }, options);
}

it("deletes what nobody names once its grace is over, and nothing else", async () => {
  const loaded = await put('{"page": "/", "ms": 1}\n{"page": "/", "ms": -1}\n');
  shopping.visits.items.push({ objects: [], refs: [loaded] });
  await stage.platform.runUntilIdle({});
  const abandoned = await put("abandoned");
  expect(await collect(1)).toBe(0);
  expect(await collect(30)).toBe(0);
  expect(await stage.parts.objects.exists(abandoned)).toBe(true);
  expect(await collect(4)).toBe(1);
  expect(await stage.parts.objects.exists(abandoned)).toBe(false);
  expect(await stage.parts.objects.exists(loaded)).toBe(true);
});

it("keeps what quarantine names, and the archive of batches that were folded into sums", async () => {
  const loaded = await put('{"page": "/", "ms": -1}\n');
  shopping.visits.items.push({ objects: [], refs: [loaded] });
  await stage.platform.runUntilIdle({});
  await put("abandoned");
  const { warehouse } = stage.parts;
  await warehouse.write([], (tx) => tx.run("UPDATE millrace.ledger SET objects = '{}'"));
  expect(await stage.one("SELECT object_key FROM millrace.quarantine")).toBe(loaded.key);
  await warehouse.write([], (tx) =>
    tx.run("INSERT INTO millrace.ledger_days (day, channel) VALUES (current_date, 'shop.visits_in')"),
  );
  expect(await collect(4)).toBe(0);
  await warehouse.write([], (tx) => tx.run("DELETE FROM millrace.ledger_days"));
  expect(await collect(4)).toBe(1);
  expect(await stage.parts.objects.exists(loaded)).toBe(true);
});

it("is bounded", async () => {
  for (let at = 0; at < 5; at += 1) await put(`abandoned ${at}`);
  expect(await collect(4, { ...bounds, objectsMax: 2 })).toBe(2);
  expect(await collect(4)).toBe(3);
});

it("is part of housekeeping, once a day", async () => {
  const abandoned = await put("abandoned");
  const clock = new ManualClock(Date.now() + 4 * dayMs);
  const bound = {
    everyMs: 1000,
    historyMax: 10,
    eventLedgerRowsMax: 10,
    ruleResultsMax: 10,
    eventChannels: () => [],
    commits: () => 0,
  };
  const stop = keepHouse({ ...stage.parts, clock, ...bound });
  await clock.advance(1000);
  await expect.poll(() => stage.parts.objects.exists(abandoned)).toBe(false);
  await stop();
});
