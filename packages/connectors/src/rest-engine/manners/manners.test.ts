// Manners towards a real upstream: what it sees stays within its limits, and what it fails to answer is neither lost nor doubled.
import { silentMetrics, systemClock, type Clock } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { apiServer, sendJson, sendStatus } from "../../testing/api-server.ts";
import { engineStage, inQuery, planOf, readAll, type PlanOptions } from "../../testing/engine-stage.ts";
import { defaultErrors } from "../errors/default-errors.ts";
import { offsetPaginator } from "../paginators.ts";
import { listPartitioner } from "../partitioners.ts";
import { sendRequest } from "../send-request.ts";
import type { UpstreamRules } from "./manners.ts";
import { AdaptiveConcurrency } from "./adaptive-concurrency.ts";
import { Breaker } from "./breaker.ts";
import { LearnedLimit, resetMs } from "./learned-limit.ts";
import { createManners } from "./upstream-manners.ts";

const rules = (over: Partial<UpstreamRules>): UpstreamRules => ({
  policies: [],
  limitStatus: [429],
  concurrencyMax: 8,
  ...over,
});
const never = new AbortController().signal;

/** The most requests that any span of this length saw. */
function densest(atMs: readonly number[], spanMs: number): number {
  return Math.max(...atMs.map((start) => atMs.filter((at) => at >= start && at < start + spanMs).length));
}

describe("an upstream", () => {
  it("never sees more than its limits allow, whatever streams ask at once", async () => {
    await using api = await apiServer(({ url }, response) => {
      const delayMs = Number(url.searchParams.get("a")) % 7;
      setTimeout(() => sendJson(response, { data: [{ id: url.search }] }), delayMs);
    });
    await using stage = engineStage();
    const policy = {
      rates: [
        { limit: 5, intervalMs: 100 },
        { limit: 12, intervalMs: 400 },
      ],
    };
    const partitioner = listPartitioner({ field: "a", values: [1, 2, 3, 4, 5, 6, 7, 8], option: inQuery("a") });
    const shared = rules({ policies: [policy] });
    const read = (name: string): Promise<unknown> =>
      readAll(stage, planOf(api.address, { path: `/${name}`, partitioner, rules: shared }));
    await Promise.all(["x", "y", "z"].map(read));
    const times = api.seen.map(({ atMs }) => atMs);
    expect(times).toHaveLength(24);
    expect(densest(times, 100)).toBeLessThanOrEqual(5);
    expect(densest(times, 400)).toBeLessThanOrEqual(12);
  });

  it("that fails in every way loses and doubles no record", async () => {
    const total = 60;
    await using api = await apiServer(({ url }, response, index) => {
      const from = Number(url.searchParams.get("offset"));
      const body = JSON.stringify({
        data: Array.from({ length: Math.max(0, Math.min(5, total - from)) }, (_, at) => ({ id: from + at })),
      });
      if (index % 9 === 1) return sendStatus(response, 503);
      if (index % 9 === 4) return response.destroy();
      if (index % 9 === 7)
        return response
          .writeHead(200, { "content-length": body.length })
          .write(body.slice(0, 10), () => response.destroy());
      return response.end(body);
    });
    await using stage = engineStage();
    const options: PlanOptions = {
      path: "/x",
      paginator: offsetPaginator({ into: inQuery("offset"), size: { size: 5 }, onFirst: true }),
    };
    for (const pagesAhead of [1, 4]) {
      const requester = { errors: defaultErrors({ attemptsMax: 12, waitMsMax: 5000 }) };
      const { records } = await readAll(stage, planOf(api.address, { ...options, requester, pagesAhead }));
      expect(records.map(({ id }) => id)).toEqual(Array.from({ length: total }, (_, id) => id));
    }
  });

  it("says in its headers what is left, and is believed", async () => {
    let nowMs = 1000;
    const clock = { nowMs: () => 1_700_000_000_000 + nowMs, monotonicMs: () => nowMs } as Clock;
    const limit = new LearnedLimit(clock, { remaining: "X-Left" });
    limit.learn({ "x-left": "3", "ratelimit-reset": "10" }, 1);
    expect([limit.takeMs(), limit.takeMs(), limit.takeMs()]).toEqual([0, 0, 10_000]);
    // An older answer that comes late does not fill it up.
    limit.learn({ "x-left": "5", "ratelimit-reset": "10" }, 0);
    expect(limit.takeMs()).toBe(10_000);
    nowMs += 10_000;
    expect(limit.takeMs()).toBe(0);
    for (const text of [
      "90",
      String((clock.nowMs() + 90_000) / 1000),
      String(clock.nowMs() + 90_000),
      new Date(clock.nowMs() + 90_000).toISOString(),
    ])
      expect(resetMs(text, clock)).toBeCloseTo(90_000, -2);
    expect(resetMs("soon", clock)).toBeUndefined();
  });

  it("is not held to have failed by requests that were given up here", async () => {
    await using api = await apiServer(({ url }, response) => {
      if (url.pathname === "/fine") sendJson(response, { data: [{ id: 1 }] });
    });
    await using stage = engineStage();
    const stop = new AbortController();
    const asked = Array.from({ length: 12 }, (_, at) =>
      sendRequest(
        {
          context: stage,
          requester: planOf(api.address, { path: `/slow/${at}` }).retriever.requester,
          rules: rules({ concurrencyMax: 4 }),
          at: { slice: { partition: {}, window: {}, extra: {} }, token: undefined },
          parts: {},
          bytesMax: 1000,
          jitter: { baseMs: 1, capMs: 1 },
          read: () => Promise.resolve(undefined),
        },
        // One after the other they give up, and make room for the next.
        AbortSignal.any([stop.signal, AbortSignal.timeout(20 * (at + 1))]),
      ).catch((thrown: unknown) => (thrown as { code?: string }).code ?? "given up"),
    );
    expect(new Set(await Promise.all(asked))).not.toContain("upstream-unavailable");
    const { records } = await readAll(
      stage,
      planOf(api.address, { path: "/fine", rules: rules({ concurrencyMax: 4 }) }),
    );
    expect(records).toHaveLength(1);
  });

  it("weighs requests and lets some pass freely", async () => {
    const manners = createManners({ clock: systemClock, log: engineStage().log, metrics: silentMetrics });
    const matches = (heavy: boolean) => (request: { readonly url: URL }) =>
      (request.url.pathname === "/heavy") === heavy ? (heavy ? 3 : 1) : undefined;
    const upstream = manners.upstream(
      "http://a",
      rules({ policies: [{ rates: [{ limit: 3, intervalMs: 60_000 }], matches: matches(true) }, { rates: [] }] }),
    );
    const request = (path: string): never => ({ method: "GET", url: new URL(path, "http://a"), headers: {} }) as never;
    (await upstream.acquire(request("/heavy"), never)).done({ status: 200 });
    (await upstream.acquire(request("/light"), never)).done({ status: 200 });
    await expect(upstream.acquire(request("/heavy"), AbortSignal.timeout(30))).rejects.toThrow(/timeout/);
    (await upstream.acquire(request("/light"), never)).done({ status: 200 });
  });
});

it("a breaker opens after failures, and one probe closes it", () => {
  let nowMs = 0;
  const breaker = new Breaker({ monotonicMs: () => nowMs } as Clock, "http://a");
  for (let time = 0; time < 10; time += 1) {
    breaker.pass();
    breaker.record(true);
  }
  expect(() => breaker.pass()).toThrow(expect.objectContaining({ code: "upstream-unavailable" }));
  nowMs = 5001;
  breaker.pass();
  expect(() => breaker.pass()).toThrow(/in a row/);
  breaker.record(true);
  nowMs = 10_002;
  expect(() => breaker.pass()).toThrow(/in a row/);
  nowMs = 15_003;
  breaker.pass();
  breaker.record(false);
  breaker.pass();
});

it("concurrency halves under overload and grows again", async () => {
  const lanes = new AdaptiveConcurrency(8);
  for (let time = 0; time < 4; time += 1) await lanes.enter(never);
  lanes.leave();
  expect(lanes.limit).toBe(4);
  await lanes.enter(never);
  const waiting = lanes.enter(AbortSignal.timeout(20));
  lanes.leave(true);
  expect(lanes.limit).toBe(2);
  await expect(waiting).rejects.toThrow(/timeout/);
  for (let time = 0; time < 3; time += 1) lanes.leave(false);
  for (let time = 0; time < 60; time += 1) {
    await lanes.enter(never);
    lanes.leave(false);
  }
  expect(lanes.limit).toBe(8);
});

it("retries of an upstream that only fails end with its budget", () => {
  const manners = createManners({ clock: systemClock, log: engineStage().log, metrics: silentMetrics });
  const upstream = manners.upstream("http://a", rules({}));
  let retries = 0;
  while (upstream.mayRetry() && retries < 1000) retries += 1;
  expect(retries).toBe(50);
  expect(manners.upstream("http://a", rules({ concurrencyMax: 1 })).mayRetry()).toBe(false);
  expect(manners.upstream("http://b", rules({})).mayRetry()).toBe(true);
});
