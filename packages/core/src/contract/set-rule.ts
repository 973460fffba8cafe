// Rules over more than one row, as data: what authors give `rule()` beside conditions of a row. quality compiles them to SQL over two relations, the
// rows of the batch that pass and the rows that the table keeps.
import type { Severity } from "./contract.ts";
import type { Expression } from "./expression.ts";
import type { HistoryCheck } from "./history-rule.ts";

/** `batch`: the batch's own rows; `table`: the table as it will be, the batch included. */
export type SetScope = "batch" | "table";

export type Aggregate =
  | "count"
  | "nullCount"
  | "sum"
  | "mean"
  | "median"
  | "min"
  | "max"
  | "stddev"
  | "variance"
  | "distinct"
  | "nullShare"
  | "missingShare"
  | "uniqueShare"
  | "zeroShare"
  | "minLength"
  | "meanLength"
  | "maxLength";

export type DriftMethod = "psi" | "kl" | "chiSquare" | "ks";

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

interface Grouped<Column> {
  readonly by: readonly Column[];
}

/** Kinds that name the rows that fail, so that these can be quarantined. */
export type RowSetCheck<Column extends string = string> =
  | { readonly set: "unique"; readonly columns: readonly Column[]; readonly keep: "first" | "last" }
  | {
      readonly set: "exists";
      readonly columns: readonly Column[];
      /** `domain.table`, or `table` of the same domain. */
      readonly table: string;
      readonly parentColumns: readonly string[];
      readonly when?: Expression<Column>;
    }
  | ({ readonly set: "noOverlap"; readonly start: Column; readonly end: Column } & Grouped<Column>)
  | ({ readonly set: "sequence"; readonly column: Column; readonly step: number } & Grouped<Column>)
  | ({ readonly set: "increasing"; readonly column: Column } & Grouped<Column>)
  | { readonly set: "outliers"; readonly column: Column; readonly deviations: number };

/** Kinds that judge the set as a whole. */
export type WholeSetCheck<Column extends string = string> =
  | ({ readonly set: "rowCount"; readonly scope: SetScope } & Bounds)
  | ({ readonly set: "aggregate"; readonly of: Aggregate; readonly column: Column; readonly scope: SetScope } & Bounds)
  | ({ readonly set: "quantile"; readonly at: number; readonly column: Column; readonly scope: SetScope } & Bounds)
  | { readonly set: "freshness"; readonly column: Column; readonly withinMinutes: number; readonly scope: SetScope }
  | { readonly set: "noGaps"; readonly column: Column; readonly per: "day" | "hour"; readonly scope: SetScope }
  | { readonly set: "sameCount"; readonly table: string; readonly difference: number; readonly scope: SetScope }
  | { readonly set: "fewerRows"; readonly table: string; readonly scope: SetScope }
  | { readonly set: "sameRows"; readonly table: string; readonly columns: readonly Column[]; readonly scope: SetScope }
  | {
      readonly set: "drift";
      readonly column: Column;
      readonly method: DriftMethod;
      readonly max: number;
      /** Fewer rows on either side are not compared. */
      readonly rowsMin: number;
    };

export type SetCheck<Column extends string = string> =
  RowSetCheck<Column> | WholeSetCheck<Column> | HistoryCheck<Column>;

export interface SetRuleDefinition<Column extends string = string> {
  readonly name: string;
  readonly set: SetCheck<Column>;
  readonly severity?: Severity;
  readonly description?: string;
}

interface SetKind {
  readonly summary: string;
  readonly severity: Severity;
  /** Whether `reject` is possible: the failing rows are known. */
  readonly rows: boolean;
  readonly example: string;
}

/** What each kind says of itself; docs/rules.md is made from it. */
export const setChecks: { readonly [Name in SetCheck["set"]]: SetKind } = {
  unique: {
    summary:
      "No two rows have the same values; rows where one is missing pass. Rows of the table stay; within the batch the first row stays, or the last with `uniqueLast`.",
    severity: "reject",
    rows: true,
    example: 'rule("one_per_day", check.unique("store", "day"))',
  },
  exists: {
    summary:
      "The values are found in another table, optionally only where a condition holds. Unlike `references()`, rows without a parent do not wait for it.",
    severity: "reject",
    rows: true,
    example: 'rule("known_store", check.exists("store", "catalog.stores.id"))',
  },
  noOverlap: {
    summary:
      "Ranges from start to before end do not overlap within a group. A row of the batch fails against the table and against earlier rows of the batch.",
    severity: "reject",
    rows: true,
    example: 'rule("one_price_at_a_time", check.noOverlap("starts", "ends", { by: ["sku"] }))',
  },
  sequence: {
    summary:
      "Numbers follow each other by a step, in the order of the rows; the first follows the highest of the table.",
    severity: "warn",
    rows: true,
    example: 'rule("no_gap", check.sequence("number", { by: ["till"] }))',
  },
  increasing: {
    summary:
      "Each value is above the one before it, in the order of the rows; the first is above the highest of the table.",
    severity: "warn",
    rows: true,
    example: 'rule("in_order", check.increasing("sold_at"))',
  },
  outliers: {
    summary: "No value is more than so many standard deviations away from the mean of table and batch.",
    severity: "warn",
    rows: true,
    example: 'rule("plausible", check.outliers("price", { deviations: 6 }))',
  },
  rowCount: {
    summary: "The number of rows is in a range.",
    severity: "block",
    rows: false,
    example: 'rule("not_empty", check.rowCount({ min: 1 }))',
  },
  aggregate: {
    summary:
      "A figure of a column is in a range: count and nullCount (rows with and without a value), sum, mean, median, min, max, stddev, variance, distinct (number of values), nullShare, missingShare (no value, blank, or a word such as N/A), uniqueShare, zeroShare (all from 0 to 1), minLength, meanLength, maxLength.",
    severity: "block",
    rows: false,
    example: 'rule("mostly_known", check.aggregate("nullShare", "email", { max: 0.2 }))',
  },
  quantile: {
    summary: "A quantile of a column is in a range.",
    severity: "block",
    rows: false,
    example: 'rule("usual_price", check.quantile(0.95, "price", { max: 500 }))',
  },
  freshness: {
    summary: "The newest value is not older than so many minutes when the batch is received.",
    severity: "warn",
    rows: false,
    example: 'rule("fresh", check.freshness("sold_at", { withinMinutes: 90 }))',
  },
  noGaps: {
    summary: "Between the oldest and the newest value no day or hour (UTC) is without a row.",
    severity: "warn",
    rows: false,
    example: 'rule("every_day", check.noGaps("sold_at", { per: "day" }))',
  },
  sameCount: {
    summary: "As many rows as another table, give or take a difference.",
    severity: "block",
    rows: false,
    example: 'rule("complete", check.sameCount("audit.sales"))',
  },
  fewerRows: {
    summary: "Fewer rows than another table.",
    severity: "block",
    rows: false,
    example: 'rule("fewer_returns", check.fewerRows("shop.sales"))',
  },
  sameRows: {
    summary: "The same rows as another table in these columns, in any order.",
    severity: "block",
    rows: false,
    example: 'rule("equal", check.sameRows("audit.sales", ["sale_id", "price"]))',
  },
  drift: {
    summary:
      "The batch's values are distributed as the table's: over values or deciles the population stability index (`psi`), the Kullback-Leibler divergence (`kl`) or the chi-square statistic in standard deviations (`chiSquare`), or the Kolmogorov-Smirnov distance (`ks`, numbers).",
    severity: "warn",
    rows: false,
    example: 'rule("usual_mix", check.drift("store", { max: 0.2 }))',
  },
  anomaly: {
    summary: "A figure of a column (those of `aggregate`) in a batch is as usual, compared with earlier batches.",
    severity: "warn",
    rows: false,
    example: 'rule("usual_price", check.anomaly("mean", "price", { season: "weekday" }))',
  },
  volume: {
    summary:
      "The number of rows is as usual: per batch, optionally apart for each value of a column (`by`; `first` says what a value never seen before does), or per hour or day, by the clock.",
    severity: "warn",
    rows: false,
    example: 'rule("usual_volume", check.volume({ per: "day", season: "weekday", direction: "down" }))',
  },
  arrival: {
    summary: "The next batch is not unusually late, compared with the times between earlier ones; by the clock.",
    severity: "warn",
    rows: false,
    example: 'rule("in_time", check.arrival({ deviations: 4 }))',
  },
};

/** Columns of the contract that a check reads, for its reason. */
export function setColumns(set: SetCheck): readonly string[] {
  switch (set.set) {
    case "rowCount":
    case "sameCount":
    case "fewerRows":
    case "arrival":
      return [];
    case "volume":
      return set.by === undefined ? [] : [set.by];
    case "unique":
    case "exists":
    case "sameRows":
      return set.columns;
    case "noOverlap":
      return [...set.by, set.start, set.end];
    case "sequence":
    case "increasing":
      return [...set.by, set.column];
    default:
      return [set.column];
  }
}
