// Rules that compare a figure of the batch with its history: the figures come from the scan of the watched checks (rule-results.ts), the verdict from
// `millrace.rule_history`, which gets this batch's figures in the same transaction.
import type { HistoryRule, LoadRequest, SqlValue } from "@millrace/core";
import { literal } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asText } from "../engine/values.ts";
import { checkSql } from "./label.ts";
import type { GoodRows, RuleResult } from "./rule-results.ts";

/** Dimensions that a result names. */
const toldMax = 5;

/** The history rules that judge this batch; none for rows that come back from quarantine, which are parts of other batches. */
export function historyRules({ source, verdict }: LoadRequest): readonly HistoryRule[] {
  return source.kind === "objects" ? (verdict.history ?? []) : [];
}

/**
 * Judges the rules and keeps what was measured, also of rules that fail; a batch that is refused is rolled back with it.
 *
 * @param measured by rule, in the order of historyRules; undefined for rules that measure apart by value
 */
export async function judgeHistory(
  good: GoodRows,
  request: LoadRequest,
  { judged, measured }: { readonly judged: bigint; readonly measured: readonly (SqlValue | undefined)[] },
): Promise<readonly RuleResult[]> {
  const rules = historyRules(request);
  if (rules.length === 0) return [];
  const { connection, bounds } = good;
  await forgetReplaced(good, request);
  const parts = rules.map((rule, at) => ruleSql(good, request, { rule, at, value: measured[at] }));
  const found = await select(connection, parts.join(" UNION ALL "), [], bounds);
  const results = rules.flatMap((rule, at) => {
    const failing = found.rows.filter(([place, , , state]) => Number(place) === at && state === "fails");
    return failing.length === 0 ? [] : [resultOf(rule, judged, failing)];
  });
  await keep(good, request, found.rows);
  return results;
}

function ruleSql(
  { relation }: GoodRows,
  request: LoadRequest,
  { rule, at, value }: { readonly rule: HistoryRule; readonly at: number; readonly value: SqlValue | undefined },
): string {
  const history = `SELECT dimension, measured_at, value FROM millrace.rule_history
    WHERE domain = ${literal(request.domain)} AND table_name = ${literal(request.contract.name)} AND code = ${literal(rule.code)}`;
  const single = typeof value === "number" ? `CAST('${value}' AS DOUBLE)` : "CAST(NULL AS DOUBLE)";
  const measured = rule.groups ?? `(SELECT '' AS dimension, ${single} AS value)`;
  const batch = rule.groups === undefined ? "" : `batch_rows AS (${relation}), `;
  const sql = checkSql(
    { sql: `WITH ${batch}history_rows AS (${history}), measured AS (FROM ${measured}) FROM (${rule.sql})` },
    request.receivedSeq,
  );
  return `SELECT ${at} AS place, dimension, value, state, low, high, found FROM (${sql})`;
}

function resultOf(rule: HistoryRule, judged: bigint, failing: readonly (readonly SqlValue[])[]): RuleResult {
  const told = failing.slice(0, toldMax).map((row) => asText(row[6]));
  if (failing.length > toldMax) told.push(`and ${failing.length - toldMax} more`);
  return { code: rule.code, severity: rule.severity, judged, failed: judged, found: told.join("; "), rows: [] };
}

/** What comes again was measured before: only the newest version of a batch stays in the history. */
async function forgetReplaced({ connection }: GoodRows, request: LoadRequest): Promise<void> {
  if (request.replacesBatches.length === 0) return;
  await execute(
    connection,
    `DELETE FROM millrace.rule_history WHERE domain = ${literal(request.domain)} AND table_name = ${literal(request.contract.name)}
      AND batch IN (${request.replacesBatches.map(String).join(", ")})`,
  );
}

async function keep(
  { connection }: GoodRows,
  request: LoadRequest,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const rules = historyRules(request);
  const number = (value: SqlValue | undefined): string =>
    typeof value === "number" ? `CAST('${value}' AS DOUBLE)` : "NULL";
  const at = checkSql({ sql: "received_at()" }, request.receivedSeq);
  const about = `${request.batch}, ${literal(request.domain)}, ${literal(request.contract.name)}`;
  const values = rows.map(([place, dimension, value, state, low, high]) => {
    const code = rules[Number(place)]?.code ?? "";
    const figures = [value, low, high].map(number).join(", ");
    return `(${about}, ${literal(code)}, ${literal(asText(dimension))}, ${at}, ${figures}, ${literal(asText(state))})`;
  });
  await execute(connection, `INSERT INTO millrace.rule_history VALUES ${values.join(", ")}`);
}
