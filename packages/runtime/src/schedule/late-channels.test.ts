// Data that is expected by a time: when it counts as late, over days off and changed clocks, and who is told how often.
import { silentLogger, type ChannelDefinition, type CommitEvent, type Notice } from "@millrace/core";
import { ManualClock } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { ExpectedArrival } from "./expected-arrival.ts";
import { LateChannels } from "./late-channels.ts";

const at = (text: string): number => Date.parse(text);

describe("07:30 in Berlin", () => {
  const judge = (now: string, last?: string, known = "2026-01-01T00:00:00Z"): string | undefined => {
    const lastMs = last === undefined ? undefined : at(last);
    const { lateSinceMs } = new ExpectedArrival("mon-fri 07:30 Europe/Berlin").judge({
      nowMs: at(now),
      lastMs,
      knownSinceMs: at(known),
    });
    return lateSinceMs === undefined ? undefined : new Date(lateSinceMs).toISOString();
  };

  it.each([
    ["before the time, with yesterday's data", "2026-01-06T06:29:00Z", "2026-01-05T06:00:00Z", undefined],
    ["after it, with yesterday's data", "2026-01-06T06:31:00Z", "2026-01-05T06:00:00Z", "2026-01-06T06:30:00.000Z"],
    [
      "after it, with data from shortly after midnight in Berlin",
      "2026-01-06T06:31:00Z",
      "2026-01-05T23:10:00Z",
      undefined,
    ],
    [
      "after it, with data from yesterday evening",
      "2026-01-06T06:31:00Z",
      "2026-01-05T22:50:00Z",
      "2026-01-06T06:30:00.000Z",
    ],
    ["with data that came late", "2026-01-06T12:00:00Z", "2026-01-06T11:00:00Z", undefined],
    ["on a Sunday, with Friday's data", "2026-01-11T12:00:00Z", "2026-01-09T06:00:00Z", undefined],
    ["on a Sunday, without Friday's data", "2026-01-11T12:00:00Z", "2026-01-08T06:00:00Z", "2026-01-09T06:30:00.000Z"],
    ["in summer", "2026-07-07T05:31:00Z", "2026-07-06T05:00:00Z", "2026-07-07T05:30:00.000Z"],
    ["with nothing ever", "2026-01-06T06:31:00Z", undefined, "2026-01-06T06:30:00.000Z"],
  ])("%s", (_, now, last, late) => {
    expect(judge(now, last)).toBe(late);
  });

  it("with nothing ever, but declared after the time", () => {
    expect(judge("2026-01-06T09:00:00Z", undefined, "2026-01-06T08:00:00Z")).toBeUndefined();
  });
});

it("tells once when data is late, and once when it came", async () => {
  const clock = new ManualClock();
  const notices: Notice[] = [];
  const metrics = createMetrics();
  const arrival: { lastArrivalMs?: number } = {};
  const channel = { domain: "shop", name: "drops", expectedBy: "1h" } as ChannelDefinition;
  const late = new LateChannels({
    totals: { of: () => ({ received: 0n, accepted: 0n, quarantined: 0n, duplicate: 0n, batches: 0n, ...arrival }) },
    clock,
    log: silentLogger,
    metrics,
    notifier: { notify: (notice) => Promise.resolve(void notices.push(notice)) },
  });
  late.adopt([channel]);
  late.start();
  await clock.advance(59 * 60_000);
  expect(late.of("shop.drops")).toBeUndefined();
  await clock.advance(3 * 3_600_000);
  expect(notices.map(({ title, severity }) => [title, severity])).toEqual([["shop.drops is late", "warning"]]);
  expect(late.of("shop.drops")?.expectedBy).toBe("1h");
  expect(metrics.render()).toContain('millrace_channel_late{channel="shop.drops"} 1');
  arrival.lastArrivalMs = clock.nowMs();
  late.heard({ tables: [], batch: { channel: "shop.drops" } } as unknown as CommitEvent);
  expect(notices.map(({ title }) => title)).toEqual(["shop.drops is late", "shop.drops has arrived"]);
  expect(late.of("shop.drops")).toBeUndefined();
  expect(metrics.render()).toContain('millrace_channel_late{channel="shop.drops"} 0');
  late.adopt([]);
  expect(late.of("shop.drops")).toBeUndefined();
  late.stop();
});
