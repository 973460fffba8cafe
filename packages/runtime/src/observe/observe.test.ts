// Lines and figures as other programs read them.
import { ManualClock } from "@millrace/core/testing";
import { expect, it } from "vitest";
import { createLogger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";

it("writes one JSON line per call, with digits of bigint and without secrets", () => {
  const lines: string[] = [];
  const clock = new ManualClock(0);
  const log = createLogger({
    level: "info",
    clock,
    destination: { write: (line) => lines.push(line) },
    fields: { instance: "i" },
  });
  log.debug("not shown");
  log
    .child({ channel: "shop.orders" })
    .info("Committed.", { batch: 12345678901234567890n, token: "t", nested: { password: "p" } });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      level: "info",
      time: "1970-01-01T00:00:00.000Z",
      msg: "Committed.",
      instance: "i",
      channel: "shop.orders",
      batch: "12345678901234567890",
      token: "[secret]",
      nested: { password: "[secret]" },
    },
  ]);
});

it("renders counters, gauges and histograms in Prometheus' text format", () => {
  const metrics = createMetrics();
  metrics.count("millrace_rows_total", 2, { channel: 'a"b\\c\n', outcome: "accepted" });
  metrics.count("millrace_rows_total", 3, { channel: 'a"b\\c\n', outcome: "accepted" });
  metrics.gauge("millrace_event_backlog", 7, { channel: "x" });
  metrics.seconds("millrace_batch_seconds", 0.2, { channel: "x" });
  const text = metrics.render();
  expect(text).toContain("# TYPE millrace_rows_total counter\n");
  expect(text).toContain('millrace_rows_total{channel="a\\"b\\\\c\\n",outcome="accepted"} 5\n');
  expect(text).toContain('millrace_event_backlog{channel="x"} 7\n');
  expect(text).toContain('millrace_batch_seconds_bucket{channel="x",le="0.1"} 0\n');
  expect(text).toContain('millrace_batch_seconds_bucket{channel="x",le="0.25"} 1\n');
  expect(text).toContain('millrace_batch_seconds_bucket{channel="x",le="+Inf"} 1\n');
  expect(text).toContain('millrace_batch_seconds_count{channel="x"} 1\n');
  expect(text.endsWith("\n")).toBe(true);
});

it("bounds the series of a family", () => {
  const metrics = createMetrics({ seriesMax: 2 });
  for (let at = 0; at < 10; at += 1) metrics.count("hits_total", 1, { path: `/${at}` });
  expect(metrics.render().match(/^hits_total\{/gm)).toHaveLength(3);
  expect(metrics.render()).toContain('hits_total{path="other"} 8\n');
});

it("refuses one name for two kinds", () => {
  const metrics = createMetrics();
  metrics.count("x_total");
  expect(() => metrics.gauge("x_total", 1)).toThrow(TypeError);
});
