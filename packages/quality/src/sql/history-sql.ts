// What is usual, as SQL over a figure and its history: robust statistics, so that a few outliers of the past do not widen the band. The same history
// gives the same verdict.
import { historyLimits, type Season, type UsualBand } from "@millrace/core";
import { quoted } from "./literals.ts";

export interface BandSources {
  /** Relation with `dimension` (text) and `value` (DOUBLE): what is judged. */
  readonly measured: string;
  /** Relation with `dimension`, `measured_at` (TIMESTAMP WITH TIME ZONE) and `value`. */
  readonly history: string;
  /** What the figure is, for people: `mean of price`. */
  readonly what: string;
  /** What a dimension without history does once the rule is trained. */
  readonly first?: "pass" | "fail";
  /** SQL of the moment whose season and window count; the moment of judgement when absent. */
  readonly of?: string;
}

/** SQL of the moment of judgement; whoever runs the statement puts an instant in its place. */
const moment = "received_at()";

/**
 * One row per dimension: `dimension`, `value`, `state` (passes | fails | training | new), `low`, `high`, `found`.
 *
 * The band is the median and so many robust standard deviations (1.4826 times the median absolute deviation, or, where more than half of the history is
 * equal, 1.2533 times the mean absolute deviation), or two quantiles; and never narrower than `changeMin` of the median.
 */
export function bandSql(
  band: UsualBand,
  { measured, history, what, first = "pass", of = moment }: BandSources,
): string {
  const { pointsMin } = band;
  return `WITH _all_past AS (SELECT dimension, measured_at, value FROM ${history} WHERE measured_at < ${of} AND measured_at >= ${of} - to_days(${band.windowDays})),
    _past AS (SELECT dimension, list(value ORDER BY measured_at) AS past FROM _all_past WHERE ${sameSeason(band.season, of)} GROUP BY dimension),
    _known AS (SELECT DISTINCT dimension FROM _all_past),
    _middle AS (SELECT m.dimension, m.value, coalesce(p.past, []) AS past, list_aggregate(p.past, 'median') AS mid, k.dimension IS NOT NULL AS known,
        (SELECT count(DISTINCT measured_at) FROM _all_past) >= ${pointsMin} AS trained
      FROM ${measured} AS m LEFT JOIN _past AS p USING (dimension) LEFT JOIN _known AS k USING (dimension) WHERE m.value IS NOT NULL),
    _edges AS (SELECT *, ${edges(band)} FROM (SELECT *, list_transform(past, lambda _v: abs(_v - mid)) AS apart FROM _middle)),
    _band AS (SELECT *, least(edge_low, mid - ${band.changeMin} * abs(mid)) AS low, greatest(edge_high, mid + ${band.changeMin} * abs(mid)) AS high FROM _edges),
    _judged AS (SELECT *, CASE WHEN NOT known AND trained THEN '${first === "fail" ? "fails" : "new"}' WHEN len(past) < ${pointsMin} THEN 'training'
      WHEN ${outside(band)} THEN 'fails' ELSE 'passes' END AS state FROM _band)
    SELECT dimension, value, state, low, high, ${foundSql(band, what)} AS found FROM _judged ORDER BY dimension`;
}

function edges({ deviations, tail }: UsualBand): string {
  if (tail !== undefined)
    return `list_aggregate(past, 'quantile_cont', ${tail}) AS edge_low, list_aggregate(past, 'quantile_cont', ${1 - tail}) AS edge_high`;
  const spread = `coalesce(nullif(1.4826 * list_aggregate(apart, 'median'), 0), 1.2533 * list_aggregate(apart, 'avg'))`;
  return `mid - ${deviations} * ${spread} AS edge_low, mid + ${deviations} * ${spread} AS edge_high`;
}

function outside({ direction }: UsualBand): string {
  if (direction === "up") return "value > high";
  return direction === "down" ? "value < low" : "value > high OR value < low";
}

function foundSql({ pointsMin }: UsualBand, what: string): string {
  const number = (value: string): string => `CAST(round(${value}, 4) AS VARCHAR)`;
  const usual = `concat(', usual ', ${number("low")}, ' to ', ${number("high")}, ' (', len(past), ' points)')`;
  const learning = `concat(', training with ', len(past), ' of ${pointsMin} points')`;
  const told = `CASE WHEN NOT known AND trained THEN ', never seen before' WHEN state = 'training' THEN ${learning} ELSE ${usual} END`;
  return `concat(CASE WHEN dimension = '' THEN '' ELSE concat(dimension, ': ') END, ${quoted(`${what} `)}, ${number("value")}, ${told})`;
}

function sameSeason(season: Season, of: string): string {
  const same = (part: string): string => `date_part('${part}', measured_at) = date_part('${part}', ${of})`;
  switch (season) {
    case "hour":
      return same("hour");
    case "weekday":
      return same("isodow");
    case "hourOfWeek":
      return `${same("isodow")} AND ${same("hour")}`;
    default:
      return "true";
  }
}

/**
 * The rows of a batch by the values of one column, those with the most rows; and 0 for values that came before and are missing now. Reads `batch_rows`
 * and `history_rows`.
 */
export function groupsSql(name: string, windowDays: number): string {
  const limit = `LIMIT ${historyLimits.groupsMax}`;
  return `(WITH _now AS (SELECT left(coalesce(CAST(${name} AS VARCHAR), '(none)'), 100) AS dimension, CAST(count(*) AS DOUBLE) AS value FROM batch_rows
      GROUP BY ALL ORDER BY value DESC, dimension ${limit}),
    _before AS (SELECT dimension, CAST(0 AS DOUBLE) AS value FROM history_rows WHERE measured_at >= ${moment} - to_days(${windowDays}) GROUP BY dimension
      HAVING max(history_rows.value) > 0 ORDER BY sum(history_rows.value) DESC, dimension ${limit})
    FROM _now UNION ALL FROM _before ANTI JOIN _now USING (dimension))`;
}
