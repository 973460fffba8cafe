// Rules that the clock judges: they fail when nothing arrives, tell once, and pass again after a commit.
import { check, contract, rule, t, type ContractDefinition, type Notice, type ProjectDefinition } from "@millrace/core";
import { ManualClock } from "@millrace/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { trimRuleHistory } from "../load/rule-result-history.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueChannel, queueConnector, QueueSource } from "../testing/queue-connector.ts";
import { ClockJudge } from "./clock-judge.ts";

const hourMs = 3_600_000;
/** Monday. */
const startMs = Date.UTC(2026, 0, 5);
let folder: string;
let stage: OpenStage;
let source: QueueSource;
let clock: ManualClock;
let notices: Notice[];
const metrics = createMetrics();

beforeEach(async () => {
  folder = newFolder();
  clock = new ManualClock(startMs);
  notices = [];
});

afterEach(async () => {
  await stage.close();
  removeFolder(folder);
});

async function judgeOf(definition: ContractDefinition): Promise<ClockJudge> {
  source = new QueueSource();
  const channels = [queueChannel({ domain: "shop", name: "way", contract: definition, write: "append" })];
  const domain = { name: "shop", folder: "/shop", contracts: [definition], channels, models: [] };
  const project: ProjectDefinition = { config: { name: "shop" }, folder: "/shop", domains: [domain] };
  stage = await openStage(folder, project, { connectors: [queueConnector(new Map([["shop.way", source]]))] });
  await stage.platform.start({ live: false });
  const notifier = { notify: async (notice: Notice) => void notices.push(notice) };
  const judge = new ClockJudge({ ...stage.parts, clock, metrics, notifier });
  judge.adopt(project);
  return judge;
}

let batch = 0;

/** A line of the ledger, as a batch of so many rows writes it. */
async function loaded(atMs: number, accepted: number): Promise<void> {
  batch += 1;
  await stage.parts.warehouse.write(["millrace.ledger"], (tx) =>
    tx.run(
      "INSERT INTO millrace.ledger (batch, channel, stream, domain, table_name, kind, accepted, committed_at) VALUES (?, 'c', 's', 'shop', 'sales', 'load', ?, CAST(? AS TIMESTAMPTZ))",
      [BigInt(batch), BigInt(accepted), new Date(atMs).toISOString()],
    ),
  );
}

const commit = { tables: [{ table: "shop.sales", version: 1n }] };

/** Timers fire, and the warehouse gets the time that it needs. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve, 150));
}

it("freshness fails at the minute when the newest row becomes too old, tells once, and recovers", async () => {
  const fresh = rule("fresh", check.freshness("sold_at", { withinMinutes: 90 }), "tills report each hour");
  const judge = await judgeOf(contract("sales", { sold_at: t.timestamp() }, [fresh]));
  const sell = async (atMs: number): Promise<void> => {
    source.push({ sold_at: new Date(atMs).toISOString() });
    expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
    judge.heard(commit);
  };
  expect(await judge.verdicts()).toMatchObject([{ state: "training", found: "nothing to judge yet" }]);
  judge.start();
  await sell(startMs - 60_000);
  await pass(2_000);
  expect(await judge.verdicts()).toMatchObject([{ state: "passes" }]);
  await pass(88 * 60_000);
  expect(notices).toEqual([]);
  await pass(2 * 60_000);
  expect(notices).toMatchObject([
    {
      severity: "warning",
      title: "sales.set.fresh fails",
      body: "shop.sales (tills report each hour): newest 2026-01-04 23:59:00+00",
    },
  ]);
  await sell(clock.nowMs());
  await pass(2_000);
  expect(notices.map(({ title }) => title)).toEqual(["sales.set.fresh fails", "sales.set.fresh passes again"]);
  await judge.stop();
});

it("arrival learns the usual pause between batches", async () => {
  const judge = await judgeOf(contract("sales", { n: t.int32() }, [rule("in_time", check.arrival({ pointsMin: 5 }))]));
  for (let hour = 0; hour < 6; hour += 1) await loaded(startMs + hour * hourMs, 1);
  await clock.advance(5.5 * hourMs);
  judge.start();
  await pass(0);
  expect(notices).toEqual([]);
  expect(await judge.verdicts()).toMatchObject([{ code: "sales.set.in_time", state: "passes" }]);
  await pass(hourMs);
  expect(notices).toMatchObject([
    {
      severity: "warning",
      title: "sales.set.in_time fails",
      body: expect.stringMatching(
        /^shop\.sales: minutes since the last batch 6\d\.\d+, usual 57\.0 to 63\.0 \(5 points\)$/,
      ),
    },
  ]);
  expect(metrics.render()).toContain('millrace_rule_failing{table="shop.sales",code="sales.set.in_time"} 1');
  await pass(hourMs);
  expect(notices.length).toBe(1);
  await loaded(clock.nowMs(), 1);
  judge.heard(commit);
  await pass(2_000);
  expect(notices.at(-1)).toMatchObject({ severity: "info", title: "sales.set.in_time passes again" });
  await judge.stop();
});

it("volume per hour counts hours without a batch, and compares with the same hour of earlier days", async () => {
  const volume = rule("volume", check.volume({ per: "hour", season: "hour", pointsMin: 3, direction: "down" }));
  const judge = await judgeOf(contract("sales", { n: t.int32() }, [volume]));
  for (let day = 0; day < 5; day += 1) {
    await loaded(startMs + day * 24 * hourMs + 8 * hourMs, 5);
    if (day < 4) await loaded(startMs + day * 24 * hourMs + 9.5 * hourMs, 100);
  }
  await clock.advance(4 * 24 * hourMs + 9 * hourMs + 60_000);
  expect(await judge.verdicts()).toMatchObject([
    { state: "passes", found: expect.stringContaining("rows of the last hour 5.0") },
  ]);
  judge.start();
  await pass(0);
  await pass(hourMs);
  expect(await judge.verdicts()).toMatchObject([
    { state: "fails", found: "rows of the last hour 0.0, usual 95.0 to 105.0 (4 points)" },
  ]);
  expect(notices.length).toBe(1);
  await judge.stop();
});

it("the history of figures stays bounded", async () => {
  await judgeOf(contract("sales", { n: t.int32() }));
  await stage.parts.warehouse.write(["millrace.rule_history"], (tx) =>
    tx.run(
      `INSERT INTO millrace.rule_history SELECT n, 'shop', 'sales', 'sales.set.v', '', TIMESTAMPTZ '2026-01-05 00:00:00+00' + to_hours(n), n, NULL, NULL, 'passes'
        FROM range(0, 120) AS r(n)`,
    ),
  );
  const keep = { keep: 100, oldestMs: startMs + 50 * hourMs - 24 * hourMs };
  expect(await trimRuleHistory(stage.parts.warehouse, keep)).toBe(26);
  expect(await trimRuleHistory(stage.parts.warehouse, keep)).toBe(0);
  expect(await stage.rows("SELECT count(*), min(value) FROM millrace.rule_history")).toEqual([[94n, 26]]);
});
