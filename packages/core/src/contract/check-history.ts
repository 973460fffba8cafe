// The part of `check` that compares with history; see history-rule.ts for what each kind means.
import type { HistoryCheck, UsualBand } from "./history-rule.ts";
import type { Aggregate } from "./set-rule.ts";

export type BandOptions = Partial<UsualBand>;

const usual = { direction: "both", season: "none", windowDays: 14, pointsMin: 7, changeMin: 0.05 } as const;

export const checkHistory = {
  /** A figure of a column per batch, compared with those of earlier batches. */
  anomaly<const Column extends string>(
    of: Aggregate,
    column: Column,
    options: BandOptions = {},
  ): HistoryCheck<Column> & { readonly set: "anomaly" } {
    return { set: "anomaly", of, column, ...band(options) };
  },

  /** The number of rows: of each batch, optionally apart for each value of a column, or of each hour or day. */
  volume<const By extends string = never>(
    options: BandOptions & {
      readonly per?: "batch" | "hour" | "day";
      readonly by?: By;
      readonly first?: "pass" | "fail";
    } = {},
  ): HistoryCheck<By> & { readonly set: "volume" } {
    const { per = "batch", by, first = "pass", ...rest } = options;
    return { set: "volume", per, first, ...(by === undefined ? {} : { by }), ...band(rest) };
  },

  /** The time since the last batch, compared with the times between earlier ones. */
  arrival(options: Omit<BandOptions, "direction"> = {}): HistoryCheck<never> & { readonly set: "arrival" } {
    return { set: "arrival", ...band({ ...options, direction: "up" }) };
  },
} as const;

function band(options: BandOptions): UsualBand {
  const spread = options.tail === undefined ? { deviations: options.deviations ?? 3 } : {};
  return { ...usual, ...spread, ...options };
}
