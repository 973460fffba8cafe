// A REST channel of sales, and the server that it reads, for tests.
import { contract, systemClock, t, type Arrival, type Clock } from "@millrace/core";
import { env } from "../authoring/references.ts";
import type { RestOptions, StreamOptions } from "../rest/rest-config.ts";
import { restConnector } from "../rest/rest-connector.ts";
import { rest } from "../rest/rest.ts";
import { apiServer, sendJson, type ApiServer } from "./api-server.ts";
import { openHarness, type ChannelHarness } from "./channel-harness.ts";

export const Sale = contract("sales", { id: t.int64().key(), updated_at: t.timestamp() });
export const Reading = contract("readings", { id: t.int64() });
export const quick = { attempts: 4, base: "5ms", cap: "10ms", budget: "2s" };

/** Time flies between any two looks at this clock: each page closes the arrival before it. */
export function hastyClock(): Clock {
  let hasteMs = 0;
  return {
    nowMs: () => systemClock.nowMs(),
    nowMicros: () => systemClock.nowMicros(),
    monotonicMs: () => systemClock.monotonicMs() + (hasteMs += 10_000),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    after: (ms, call) => systemClock.after(ms, call),
  };
}

/** A channel with one stream against the server. */
export function channel(
  api: ApiServer,
  stream: Partial<StreamOptions>,
  options: Partial<RestOptions> = {},
  vars = {},
  clock: Clock = systemClock,
): Promise<ChannelHarness> {
  const declaration = rest({
    baseUrl: env("API"),
    streams: { sales: { path: "/sales", records: "$.data", into: Sale, ...stream } },
    retry: quick,
    timeout: "20s",
    ...options,
  });
  return openHarness(restConnector, declaration, {
    clock,
    env: { API: `${api.address}/v1/`, TOKEN: "s3cr3t-token/+", ...vars },
  });
}

export const rows = (from: number, count: number): { id: number; updated_at: string }[] =>
  Array.from({ length: count }, (_, at) => ({
    id: from + at,
    updated_at: new Date(Date.UTC(2026, 0, 1) + (from + at) * 1000).toISOString(),
  }));

/** 25 records in pages of 10 behind `cursor`, filtered by `since`. */
export function salesApi(all = rows(0, 25)): Promise<ApiServer> {
  return apiServer(({ url }, response) => {
    const since = url.searchParams.get("since") ?? "";
    const found = all.filter((row) => row.updated_at >= since);
    const from = Number(url.searchParams.get("cursor") ?? 0);
    sendJson(response, {
      data: found.slice(from, from + 10),
      next: from + 10 < found.length ? String(from + 10) : null,
    });
  });
}

export async function ids(harness: ChannelHarness, arrivals: readonly Arrival[]): Promise<number[]> {
  const found: number[] = [];
  for (const arrival of arrivals)
    for (const text of await harness.contents(arrival))
      for (const line of text.split("\n").filter((one) => one !== ""))
        found.push((JSON.parse(line) as { id: number }).id);
  return found;
}
