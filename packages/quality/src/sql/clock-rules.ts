// Rules that the clock judges, also when nothing arrives: freshness, volume per hour or day, arrival of the next batch. Each is one statement over the
// table or the ledger.
import {
  historyLimits,
  isHistoryCheck,
  judgedByClock,
  setCode,
  type ContractDefinition,
  type SetCheck,
  type SetRuleDefinition,
  type VerdictCode,
} from "@millrace/core";
import { bandSql } from "./history-sql.ts";
import { quoted, quotedName } from "./literals.ts";

export interface ClockRule {
  readonly code: VerdictCode;
  /** `domain.table` */
  readonly table: string;
  readonly description?: string;
  /**
   * One row, or none when there is nothing to judge yet: `state` (passes | fails | training), `found`, and `next_us`, the moment from which time alone may
   * change the verdict (microseconds since the epoch, NULL: only a commit can).
   *
   * @param nowMicros the moment of judgement
   */
  readonly sql: (nowMicros: bigint) => string;
}

type Kind<Name extends SetCheck["set"]> = Extract<SetCheck, { readonly set: Name }>;

/** Those of a contract, in the order of their declaration. */
export function clockRules(contract: ContractDefinition, domain: string): readonly ClockRule[] {
  return (contract.sets ?? []).flatMap((rule) => {
    const sql = statement(contract, domain, rule);
    if (sql === undefined) return [];
    const { description } = rule;
    return [
      {
        code: setCode(contract, rule.name),
        table: `${domain}.${contract.name}`,
        ...(description === undefined ? {} : { description }),
        sql: (nowMicros: bigint) => sql.replaceAll("received_at()", `make_timestamptz(${nowMicros})`),
      },
    ];
  });
}

function statement(contract: ContractDefinition, domain: string, { set }: SetRuleDefinition): string | undefined {
  if (set.set === "freshness") return freshness(contract, domain, set);
  if (!isHistoryCheck(set) || !judgedByClock(set)) return undefined;
  const own = `domain = ${quoted(domain)} AND table_name = ${quoted(contract.name)} AND kind = 'load'`;
  return set.set === "arrival" ? arrival(set, own) : volume(set as Kind<"volume">, own);
}

function freshness(contract: ContractDefinition, domain: string, set: Kind<"freshness">): string {
  const table = `${quotedName(domain)}.${quotedName(contract.name)}`;
  const pii = contract.columns.some((column) => column.name === set.column && column.pii);
  const newest = pii ? "'[pii]'" : "CAST(newest AS VARCHAR)";
  return `SELECT CASE WHEN newest >= received_at() - within THEN 'passes' ELSE 'fails' END AS state, concat('newest ', ${newest}) AS found,
      CASE WHEN newest >= received_at() - within THEN epoch_us(newest + within) + 1 END AS next_us
    FROM (SELECT max(CAST(${quotedName(set.column)} AS TIMESTAMP WITH TIME ZONE)) AS newest, to_minutes(CAST(${set.withinMinutes} AS BIGINT)) AS within FROM ${table})
    WHERE newest IS NOT NULL`;
}

/** The time since the last commit against the times between commits, in minutes. */
function arrival(set: Kind<"arrival">, own: string): string {
  const commits = `(SELECT committed_at, lag(committed_at) OVER (ORDER BY batch) AS earlier
    FROM (SELECT batch, committed_at FROM millrace.ledger WHERE ${own} ORDER BY batch DESC LIMIT ${historyLimits.pointsMax + 1}))`;
  const minutes = (from: string, to: string): string => `CAST(epoch_us(${to}) - epoch_us(${from}) AS DOUBLE) / 60e6`;
  const history = `(SELECT '' AS dimension, committed_at AS measured_at, ${minutes("earlier", "committed_at")} AS value FROM ${commits} WHERE earlier IS NOT NULL)`;
  const last = `(SELECT max(committed_at) AS last FROM millrace.ledger WHERE ${own})`;
  const measured = `(SELECT '' AS dimension, ${minutes("last", "received_at()")} AS value FROM ${last} WHERE last IS NOT NULL)`;
  const judged = bandSql(set, { measured, history, what: "minutes since the last batch" });
  // A season may end before the band is left: then another part of the history counts.
  const season = set.season === "none" ? "NULL" : `epoch_us(date_trunc('hour', received_at()) + to_hours(1))`;
  const left = `CASE WHEN state = 'passes' THEN epoch_us(last) + CAST(least(high, 1e9) * 60e6 AS BIGINT) + 1 END`;
  return `SELECT state, found, least(${left}, ${season}) AS next_us FROM (${judged}), ${last}`;
}

/** Rows of the last full hour or day against those before it; hours without a batch count 0. */
function volume(set: Kind<"volume">, own: string): string {
  const unit = set.per === "day" ? "day" : "hour";
  const step = `to_${unit}s(1)`;
  const current = `date_trunc('${unit}', received_at())`;
  const loads = `SELECT date_trunc('${unit}', committed_at) AS bucket, sum(accepted) AS n FROM millrace.ledger
    WHERE ${own} AND committed_at >= received_at() - to_days(${set.windowDays + 1}) GROUP BY ALL`;
  // The first bucket may have begun before the ledger's first batch that is still there.
  const buckets = `(WITH loads AS (${loads}), grid AS (SELECT unnest(generate_series((SELECT min(bucket) FROM loads) + ${step}, ${current} - ${step}, ${step})) AS bucket)
    SELECT grid.bucket, CAST(coalesce(n, 0) AS DOUBLE) AS n FROM grid LEFT JOIN loads USING (bucket))`;
  const history = `(SELECT '' AS dimension, bucket AS measured_at, n AS value FROM ${buckets} WHERE bucket < ${current} - ${step})`;
  const measured = `(SELECT '' AS dimension, n AS value FROM ${buckets} WHERE bucket = ${current} - ${step})`;
  // The season is that of the hour or day that is judged, not of the moment when it is.
  const judged = bandSql(set, { measured, history, what: `rows of the last ${unit}`, of: `(${current} - ${step})` });
  return `SELECT state, found, epoch_us(${current} + ${step}) AS next_us FROM (SELECT 'training' AS state, 'training' AS found WHERE NOT EXISTS (FROM ${measured}) UNION ALL SELECT state, found FROM (${judged}))`;
}
