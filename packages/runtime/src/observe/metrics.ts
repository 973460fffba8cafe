// The metrics registry: counters, gauges and histograms kept in memory, rendered in Prometheus' text format.
// Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).
import type { Labels, Metrics } from "@millrace/core";
import { describeMetric } from "./metric-names.ts";

export interface MetricsRegistry extends Metrics {
  /** Everything as text, families and series in name order. */
  render(): string;
}

export interface MetricsOptions {
  /** Series of one family; further label values share one series whose values are `other`. */
  readonly seriesMax?: number;
}

type Kind = "counter" | "gauge" | "histogram";

interface Series {
  readonly labels: Labels;
  value: number;
  /** Counts per bucket, each without those below it; only for histograms. */
  readonly buckets: number[];
  count: number;
}

interface Family {
  readonly kind: Kind;
  readonly series: Map<string, Series>;
  /** What was counted last: callers on a hot path pass the same labels again and again. */
  last?: { readonly labels: Labels; readonly series: Series };
}

/** Upper bounds in seconds, from a memory hit to a long load. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const noLabels: Labels = {};

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/** @throws TypeError when a name is used with two kinds, or is not a metric name. */
export function createMetrics(options: MetricsOptions = {}): MetricsRegistry {
  const seriesMax = options.seriesMax ?? 500;
  const families = new Map<string, Family>();
  const find = (name: string, kind: Kind, labels: Labels = noLabels): Series => {
    const family = familyOf(families, name, kind);
    if (family.last?.labels !== labels) family.last = { labels, series: findSeries(family, labels, seriesMax) };
    return family.last.series;
  };
  return {
    count(name, by = 1, labels) {
      find(name, "counter", labels).value += by;
    },
    gauge(name, value, labels) {
      find(name, "gauge", labels).value = value;
    },
    seconds(name, value, labels) {
      const series = find(name, "histogram", labels);
      series.value += value;
      series.count += 1;
      const at = BUCKETS.findIndex((bound) => value <= bound);
      if (at >= 0) series.buckets[at] = (series.buckets[at] ?? 0) + 1;
    },
    render: () =>
      [...families]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, family]) => renderFamily(name, family))
        .join(""),
  };
}

function familyOf(families: Map<string, Family>, name: string, kind: Kind): Family {
  const known = families.get(name);
  if (known === undefined) {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`"${name}" is not a metric name`);
    const family: Family = { kind, series: new Map() };
    families.set(name, family);
    return family;
  }
  if (known.kind !== kind) throw new TypeError(`metric ${name} is a ${known.kind}, not a ${kind}`);
  return known;
}

function findSeries(family: Family, labels: Labels, seriesMax: number): Series {
  const key = renderLabels(labels);
  const known = family.series.get(key);
  if (known !== undefined) return known;
  if (family.series.size >= seriesMax && Object.values(labels).some((value) => value !== "other"))
    return findSeries(family, Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])), seriesMax);
  const series: Series = { labels, value: 0, buckets: BUCKETS.map(() => 0), count: 0 };
  family.series.set(key, series);
  return series;
}

function renderFamily(name: string, family: Family): string {
  const lines = [`# HELP ${name} ${escapeHelp(describeMetric(name))}`, `# TYPE ${name} ${family.kind}`];
  for (const [key, series] of [...family.series].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (family.kind === "histogram") lines.push(...renderHistogram(name, series));
    else lines.push(`${name}${key} ${series.value}`);
  }
  return `${lines.join("\n")}\n`;
}

function renderHistogram(name: string, series: Series): string[] {
  const bucket = (bound: string, count: number): string =>
    `${name}_bucket${renderLabels({ ...series.labels, le: bound })} ${count}`;
  let below = 0;
  return [
    ...BUCKETS.map((bound, at) => bucket(String(bound), (below += series.buckets[at] ?? 0))),
    bucket("+Inf", series.count),
    `${name}_sum${renderLabels(series.labels)} ${series.value}`,
    `${name}_count${renderLabels(series.labels)} ${series.count}`,
  ];
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
