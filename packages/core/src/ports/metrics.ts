// Counters, gauges and histograms in Prometheus' words: base units, `_total` for counters, bounded label values.

export type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds to a counter. */
  count(name: string, by?: number, labels?: Labels): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Labels): void;
  /** Records a duration in seconds. */
  seconds(name: string, value: number, labels?: Labels): void;
}

export const silentMetrics: Metrics = { count: () => undefined, gauge: () => undefined, seconds: () => undefined };
