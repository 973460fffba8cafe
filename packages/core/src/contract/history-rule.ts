// Rules that compare a figure with its own history: what authors give `rule()` as check.anomaly(), check.volume() and check.arrival(). quality compiles
// them; the warehouse keeps the figures of each batch in `millrace.rule_history`.
import type { Aggregate } from "./set-rule.ts";

/** Which way a figure must leave the usual band to fail. */
export type Direction = "up" | "down" | "both";

/** Points of the history that are compared with: all, or those of the same hour of the day, day of the week, or hour of the week (UTC). */
export type Season = "none" | "hour" | "weekday" | "hourOfWeek";

/** What is usual, learned from the history alone: the same history gives the same verdict. */
export interface UsualBand {
  readonly direction: Direction;
  /** Robust standard deviations around the median (1.4826 times the median absolute deviation). Absent when `tail` says it. */
  readonly deviations?: number;
  /** The band goes from this quantile of the history to 1 minus it. */
  readonly tail?: number;
  readonly season: Season;
  /** How far back the history counts. */
  readonly windowDays: number;
  /** Fewer points are not judged: the rule is in training. */
  readonly pointsMin: number;
  /** A change of less than this share of the median never fails. */
  readonly changeMin: number;
}

/** Kinds that are judged against history. */
export type HistoryCheck<Column extends string = string> =
  | ({ readonly set: "anomaly"; readonly of: Aggregate; readonly column: Column } & UsualBand)
  | ({
      readonly set: "volume";
      /** `batch`: each batch, in its transaction; `hour`, `day`: the last full one, by the clock. */
      readonly per: "batch" | "hour" | "day";
      /** Counted apart for each value of this column; only per batch. */
      readonly by?: Column;
      /** What a value of `by` does that was never seen before. */
      readonly first: "pass" | "fail";
    } & UsualBand)
  | ({ readonly set: "arrival" } & UsualBand);

/** Bounds of a contract's history rules: what each may keep and compare. */
export const historyLimits = {
  windowDaysMax: 400,
  pointsMax: 2_000,
  /** Values of `by` that are followed: those with the most rows. */
  groupsMax: 100,
} as const;

/** Figures that show no value of a person, and may be kept of personal data. */
export const anonymousAggregates: readonly Aggregate[] = [
  "count",
  "nullCount",
  "distinct",
  "nullShare",
  "missingShare",
  "uniqueShare",
  "zeroShare",
  "minLength",
  "meanLength",
  "maxLength",
];

/** True for kinds that the clock judges, also when nothing arrives; the loader has nothing to do for them. */
export function judgedByClock(set: HistoryCheck): boolean {
  return set.set === "arrival" || (set.set === "volume" && set.per !== "batch");
}

export function isHistoryCheck<Column extends string>(set: { readonly set: string }): set is HistoryCheck<Column> {
  return set.set === "anomaly" || set.set === "volume" || set.set === "arrival";
}
