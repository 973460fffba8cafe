// What the rules of a batch found, for reports: rules that rejected rows, and watched rules, which warn or refuse the whole batch.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type LoadRequest, type SqlValue, type WatchedCheck } from "@millrace/core";
import { literal } from "../engine/identifiers.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { checkSql } from "./label.ts";
import { historyRules, judgeHistory } from "./rule-history.ts";

/** Row numbers that are kept per rule. */
export const samplesMax = 10;

/** Where the batch's good rows are: a relation with the contract's columns and `_row`, their position in the batch. */
export interface GoodRows {
  readonly connection: DuckDBConnection;
  readonly relation: string;
  readonly bounds: Bounds;
}

export interface RuleResult {
  readonly code: string;
  readonly severity: "reject" | "block" | "warn";
  readonly judged: bigint;
  readonly failed: bigint;
  /** What a rule over a set measured. */
  readonly found?: string;
  /** SQL of a list of row numbers. */
  readonly rows: readonly bigint[];
}

/**
 * Judges the watched checks of the batch and measures the figures of its history rules in one scan of its good rows; failures that only warn are recorded.
 *
 * @throws MillraceError batch-blocked
 */
export async function watchRows(good: GoodRows, request: LoadRequest): Promise<void> {
  const checks = request.verdict.watched ?? [];
  const history = historyRules(request);
  if (checks.length + history.length === 0) return;
  const measures = checks.map((check) => {
    const failing = `FILTER (NOT (${checkSql(check, request.receivedSeq)}))`;
    return `count(*) ${failing}, min(_row, ${samplesMax}) ${failing}`;
  });
  const figures = history.map(({ measure = "NULL" }) => measure);
  const sql = `SELECT ${["count(*)", ...measures, ...figures].join(", ")} FROM (${good.relation})`;
  const [judged, ...values] = (await select(good.connection, sql, [], good.bounds)).rows[0] ?? [];
  const all = asBigint(judged);
  const results = checks.flatMap((check, at) => watched(check, all, values.slice(2 * at, 2 * at + 2)));
  const measured = values.slice(2 * checks.length);
  results.push(...(await judgeHistory(good, request, { judged: all, measured })));
  refuseBlocked(request, results);
  await recordResults(good.connection, request, results);
}

function watched(check: WatchedCheck, judged: bigint, [count, rows]: readonly SqlValue[]): RuleResult[] {
  const failed = asBigint(count);
  if (failed === 0n) return [];
  return [{ code: check.code, severity: check.severity, judged, failed, rows: rows as readonly bigint[] }];
}

/** @throws MillraceError batch-blocked when a result is of a blocking rule */
export function refuseBlocked(request: LoadRequest, results: readonly RuleResult[]): void {
  const blocking = results.filter((result) => result.severity === "block");
  if (blocking.length === 0) return;
  const told = blocking.map(({ code, failed, found, rows }) => {
    const where = rows.length === 0 ? "" : ` (${rows.length < failed ? "first rows" : "rows"} ${rows.join(", ")})`;
    return found === undefined ? `${code}: ${failed} rows fail${where}` : `${code}: ${found}${where}`;
  });
  throw new MillraceError(
    "batch-blocked",
    `A batch of ${request.channel} for ${request.domain}.${request.contract.name} is refused by ${told.join("; ")}.`,
    {
      details: {
        channel: request.channel,
        table: `${request.domain}.${request.contract.name}`,
        rules: blocking.map(({ code, failed }) => ({ code, failed: Number(failed) })),
      },
    },
  );
}

export async function recordResults(
  connection: DuckDBConnection,
  request: LoadRequest,
  results: readonly RuleResult[],
): Promise<void> {
  if (results.length === 0) return;
  const rows = results.map(
    ({ code, severity, judged, failed, found, rows: numbers }) =>
      `(${request.batch}, ?, ?, ?, ${literal(code)}, '${severity}', ${judged}, ${failed}, ${found === undefined ? "NULL" : literal(found)}, [${numbers.join(", ")}]::BIGINT[], now())`,
  );
  const about = [request.channel, request.domain, request.contract.name];
  await execute(
    connection,
    `INSERT INTO millrace.rule_results VALUES ${rows.join(", ")}`,
    results.flatMap(() => about),
  );
}

/** Counts the codes of the rows that the batch sent to quarantine. */
export async function recordRejections(
  connection: DuckDBConnection,
  request: LoadRequest,
  counts: { readonly received: bigint; readonly quarantined: bigint },
): Promise<void> {
  if (counts.quarantined === 0n) return;
  await execute(
    connection,
    `INSERT INTO millrace.rule_results
      SELECT ${request.batch}, ?, ?, ?, code, 'reject', ${counts.received}, count(*), NULL, min(row_no, ${samplesMax}), now()
      FROM (SELECT unnest(codes) AS code, row_no FROM millrace.quarantine WHERE batch = ${request.batch}) GROUP BY code ORDER BY code`,
    [request.channel, request.domain, request.contract.name],
  );
}
