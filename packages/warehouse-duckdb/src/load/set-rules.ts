// Rules over several rows, after the scan and in its transaction: rows that fail a rejecting one are marked (staged way) or hidden (direct way), the
// others warn or refuse the batch.
import type { DuckDBConnection } from "@duckdb/node-api";
import { keyColumns, type ColumnDefinition, type LoadRequest, type LoadVerdict, type SetRule } from "@millrace/core";
import { ident, literal, qualified } from "../engine/identifiers.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { asBigint, asText } from "../engine/values.ts";
import { catalogueRecord } from "../tables/stored-tables.ts";
import { checkSql } from "./label.ts";
import { withUnknown } from "./unknown-fields.ts";
import { recordResults, refuseBlocked, samplesMax, type RuleResult } from "./rule-results.ts";

/** The relations that the rules are judged over. */
export interface SetRelations {
  readonly connection: DuckDBConnection;
  readonly bounds: Bounds;
  /** Rows that pass so far: the contract's columns, `_seq` and `_row`. */
  readonly good: string;
  /** Qualified name of the table, and the condition of its rows that are not of this batch. */
  readonly table: string;
  readonly kept: string;
}

/** True when rows that pass on their own may still be rejected: for their quarantine the record is needed, or what was stored of it. */
export function mayReject({ sets = [] }: LoadVerdict): boolean {
  return sets.some((rule) => rule.severity === "reject");
}

/** True when that must be the record as it came, because what is stored was cleansed: cleansed again, it would become something else. */
export function needsOriginals(verdict: LoadVerdict): boolean {
  return mayReject(verdict) && (verdict.cleansing ?? []).length > 0;
}

/** Rows that fail a rejecting rule, as `_row`, `codes`, `reasons`; undefined when there are no such rules. */
export async function failedRows(relations: SetRelations, request: LoadRequest): Promise<string | undefined> {
  const rules = (request.verdict.sets ?? []).filter((rule) => rule.severity === "reject");
  if (rules.length === 0) return undefined;
  const failing: string[] = [];
  for (const [at, rule] of rules.entries())
    failing.push(`SELECT f._row, ${at} AS place, ${literal(rule.code)} AS code, ${reasonOf(request, rule)} AS reason
      FROM (${await withRelations(relations, request, rule)}) AS f JOIN (${relations.good}) AS g ON g._row = f._row`);
  return `SELECT _row, list(code ORDER BY place) AS codes, list(reason ORDER BY place) AS reasons FROM (${failing.join(" UNION ALL ")}) GROUP BY _row`;
}

/**
 * Judges the rules that warn or block; failures that warn are recorded.
 *
 * @throws MillraceError batch-blocked
 */
export async function watchSets(relations: SetRelations, request: LoadRequest): Promise<void> {
  const results: RuleResult[] = [];
  for (const rule of request.verdict.sets ?? [])
    if (rule.severity !== "reject") results.push(...(await judge(relations, request, rule)));
  if (results.length === 0) return;
  refuseBlocked(request, results);
  await recordResults(relations.connection, request, results);
}

async function judge(relations: SetRelations, request: LoadRequest, rule: SetRule): Promise<RuleResult[]> {
  const { connection, bounds, good } = relations;
  const sql = await withRelations(relations, request, rule);
  const judged = `(SELECT count(*) FROM (${good}))`;
  if (rule.judges === "rows") {
    const found = await select(
      connection,
      `SELECT ${judged}, count(*), min(_row, ${samplesMax}) FROM (${sql})`,
      [],
      bounds,
    );
    const [all, failed, rows] = found.rows[0] ?? [];
    if (asBigint(failed) === 0n) return [];
    const { code, severity } = rule;
    return [{ code, severity, judged: asBigint(all), failed: asBigint(failed), rows: rows as readonly bigint[] }];
  }
  const measured = await select(connection, `SELECT ${judged}, passes, found FROM (${sql})`, [], bounds);
  const [all, passes, found] = measured.rows[0] ?? [];
  if (passes !== false) return [];
  const { code, severity } = rule;
  return [{ code, severity, judged: asBigint(all), failed: asBigint(all), found: asText(found), rows: [] }];
}

async function withRelations(relations: SetRelations, request: LoadRequest, rule: SetRule): Promise<string> {
  const { good, table, kept } = relations;
  const key = request.write === "merge" ? keyColumns(request.contract).map(ident) : [];
  // A row that is older than the table's changes nothing, so it neither fails nor stands for its key.
  const sameKey = (a: string, b: string): string =>
    key.map((column) => `${a}.${column} = ${b}.${column}`).join(" AND ");
  const newest =
    key.length === 0
      ? good
      : `SELECT * FROM (${good}) AS g ANTI JOIN ${table} AS newer ON ${sameKey("newer", "g")} AND newer._seq > g._seq QUALIFY row_number() OVER (PARTITION BY ${key.join(", ")} ORDER BY _seq DESC, _row DESC) = 1`;
  const others = key.length === 0 ? "" : ` ANTI JOIN batch_rows AS b ON ${sameKey("t", "b")}`;
  const condition = request.write === "replace" ? "false" : kept;
  const own = request.contract.columns.map((column) => `t.${ident(column.name)}`).join(", ");
  return `WITH batch_rows AS (${newest}), table_rows AS (SELECT ${own} FROM (SELECT * FROM ${table} WHERE ${condition}) AS t${others})${await other(relations, rule)}
    ${checkSql(rule, request.receivedSeq)}`;
}

/** The other table's rows; none while the table is not there. */
async function other({ connection }: SetRelations, rule: SetRule): Promise<string> {
  if (rule.other === undefined) return "";
  const { domain, name, columns } = rule.other;
  const found = await catalogueRecord(connection, domain, name);
  const none = columns.map((column) => `NULL AS ${ident(column)}`).join(", ") || "1";
  const rows =
    found === undefined ? `SELECT ${none} WHERE false` : `SELECT * FROM ${qualified(found.domain, found.name)}`;
  return `, other_rows AS (${rows})`;
}

function reasonOf(request: LoadRequest, rule: SetRule): string {
  const shown = rule.columns.map((name) => {
    const column = request.contract.columns.find((one) => one.name === name);
    if (column?.pii === true) return literal(`${name} = [pii]`);
    return `concat(${literal(`${name} = `)}, coalesce(left(CAST(g.${ident(name)} AS VARCHAR), 100), 'null'))`;
  });
  const what = literal(`${rule.code.slice(request.contract.name.length + 1)}: `);
  return `concat(${what}, concat_ws(', ', ${shown.join(", ") || "''"}))`;
}

/** SQL of the record as JSON text of its source fields, from the values that are stored: what re-admission reads. */
export function storedOriginal(columns: readonly ColumnDefinition[], from: string): string {
  const rest = columns.find((column) => column.rest === true);
  const own = columns.filter((column) => column !== rest);
  const fields = own.map((column) => {
    const value = `${from}${ident(column.name)}`;
    return `${ident(column.source ?? column.name)} := ${storedText(column, value)}`;
  });
  const record = `CAST(to_json(struct_pack(${fields.join(", ")})) AS VARCHAR)`;
  return rest === undefined ? record : withUnknown(record, `${from}${ident(rest.name)}`);
}

function storedText({ type }: ColumnDefinition, value: string): string {
  if (type.kind === "json" || type.kind === "list" || type.kind === "struct") return `to_json(${value})`;
  return type.kind === "bytes" ? `to_base64(${value})` : `CAST(${value} AS VARCHAR)`;
}

/**
 * Marks the rows of the stage that fail a rejecting rule. In a merge the row that a rejected one would have replaced stays, in the table or as the next
 * newest of the batch: the rules are judged again until nothing more fails. A stage of the transaction's own does not number its rows from 0.
 */
export async function markFailed(relations: SetRelations, request: LoadRequest, stage: string): Promise<void> {
  const failed = await failedRows(relations, request);
  if (failed === undefined) return;
  const sql = `INSERT INTO batch_stage_marks SELECT _row - 1 + (SELECT min(rowid) FROM ${stage}), 'rejected', codes, reasons FROM (${failed})`;
  const merges = request.write === "merge" && keyColumns(request.contract).length > 0;
  for (;;) {
    const { rowsChanged } = await execute(relations.connection, sql, [], relations.bounds);
    if (!merges || Number(rowsChanged) === 0) return;
  }
}
