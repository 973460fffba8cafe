// Rules over several rows as SQL over `batch_rows`, `table_rows` and `other_rows`; the port says what these hold. NULL passes everywhere.
import {
  anonymousAggregates,
  type ColumnDefinition,
  type ContractDefinition,
  type DriftMethod,
  type HistoryCheck,
  type RowSetCheck,
  type SetCheck,
  type SetScope,
  type WholeSetCheck,
} from "@millrace/core";
import { expressionSql } from "./expression-sql.ts";
import { figureSql } from "./figure-sql.ts";
import { quotedName } from "./literals.ts";

export function setSql(contract: ContractDefinition, set: Exclude<SetCheck, HistoryCheck>): string {
  switch (set.set) {
    case "unique":
      return unique(set);
    case "exists":
      return exists(contract, set);
    case "noOverlap":
      return noOverlap(set);
    case "sequence":
    case "increasing":
      return following(set);
    case "outliers":
      return outliers(set);
    case "drift":
      return drift(contract, set);
    default:
      return measured(contract, set);
  }
}

type RowKind<Name extends SetCheck["set"]> = RowSetCheck & { readonly set: Name };
type WholeKind<Name extends SetCheck["set"]> = WholeSetCheck & { readonly set: Name };

/** Groups are looked for first: ordering all rows to find the few that repeat would cost far more. */
function unique({ columns, keep }: RowKind<"unique">): string {
  const names = columns.map(quotedName);
  const list = names.join(", ");
  const present = names.map((name) => `${name} IS NOT NULL`).join(" AND ");
  const order = keep === "first" ? "ASC" : "DESC";
  return `SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY ${list} ORDER BY _row ${order}) AS place FROM batch_rows
      SEMI JOIN (SELECT ${list} FROM batch_rows WHERE ${present} GROUP BY ${list} HAVING count(*) > 1) AS again USING (${list})) WHERE place > 1
    UNION SELECT b._row FROM batch_rows AS b SEMI JOIN table_rows AS t ON ${same(names, "b", "t")}`;
}

function exists(contract: ContractDefinition, { columns, parentColumns, when }: RowKind<"exists">): string {
  const names = columns.map(quotedName);
  const equal = names.map((name, at) => `b.${name} = p.${quotedName(parentColumns[at] ?? "")}`).join(" AND ");
  const asked = [
    ...names.map((name) => `${name} IS NOT NULL`),
    ...(when === undefined ? [] : [expressionSql(when, contract.columns)]),
  ].join(" AND ");
  return `SELECT b._row FROM (SELECT * FROM batch_rows WHERE ${asked}) AS b ANTI JOIN other_rows AS p ON ${equal}`;
}

function noOverlap({ start, end, by }: RowKind<"noOverlap">): string {
  const [from, to] = [quotedName(start), quotedName(end)];
  const group = by.map((name) => ` AND o.${quotedName(name)} = b.${quotedName(name)}`).join("");
  const meets = `o.${from} < b.${to} AND b.${from} < o.${to}${group}`;
  return `SELECT DISTINCT b._row FROM batch_rows AS b JOIN batch_rows AS o ON ${meets} AND o._row < b._row
    UNION SELECT DISTINCT b._row FROM batch_rows AS b JOIN table_rows AS o ON ${meets}`;
}

/** Each value and the one before it within its group; the first of the batch follows the highest of the table. */
function following(set: RowKind<"sequence" | "increasing">): string {
  const column = quotedName(set.column);
  const names = set.by.map(quotedName);
  const list = names.map((name) => `${name}, `).join("");
  const partition = names.length === 0 ? "" : `PARTITION BY ${names.join(", ")} `;
  const last = `SELECT ${list}max(${column}) AS _last FROM table_rows${names.length === 0 ? "" : ` GROUP BY ${names.join(", ")}`}`;
  const joined = names.length === 0 ? "CROSS JOIN" : "LEFT JOIN";
  const using = names.length === 0 ? "" : ` USING (${names.join(", ")})`;
  // Values too far apart for their type are no step apart.
  const fails =
    set.set === "sequence"
      ? `_before IS NOT NULL AND coalesce(TRY(${column} - _before <> ${set.step}), true)`
      : `${column} <= _before`;
  return `SELECT _row FROM (SELECT _row, ${column}, coalesce(lag(${column}) OVER (${partition}ORDER BY _row), _last) AS _before
      FROM (SELECT * FROM batch_rows WHERE ${column} IS NOT NULL) AS b ${joined} (${last}) AS l${using}) WHERE ${fails}`;
}

function outliers({ column, deviations }: RowKind<"outliers">): string {
  const name = quotedName(column);
  const value = `CAST(${name} AS DOUBLE)`;
  // Measured in parts of the greatest value, because the engine fails where a square has no place in a DOUBLE.
  return `SELECT _row FROM batch_rows, (SELECT any_value(_unit) AS _unit, avg(v / _unit) AS _mean, stddev_samp(v / _unit) AS _spread FROM (
      SELECT v, nullif(max(abs(v)) OVER (), 0) AS _unit FROM (SELECT ${value} AS v FROM batch_rows UNION ALL SELECT ${value} FROM table_rows)))
    WHERE _spread > 0 AND abs(${value} / _unit - _mean) > ${deviations} * _spread`;
}

function rowsOf(scope: SetScope, columns: readonly string[]): string {
  const list = columns.map(quotedName).join(", ") || "1 AS one";
  return scope === "batch"
    ? `(SELECT ${list} FROM batch_rows)`
    : `(SELECT ${list} FROM batch_rows UNION ALL SELECT ${list} FROM table_rows)`;
}

function within(value: string, { min, max }: { readonly min?: number; readonly max?: number }): string {
  const bounds = [
    ...(min === undefined ? [] : [`${value} >= ${min}`]),
    ...(max === undefined ? [] : [`${value} <= ${max}`]),
  ];
  return bounds.join(" AND ");
}

function measured(contract: ContractDefinition, set: Exclude<WholeSetCheck, { set: "drift" }>): string {
  switch (set.set) {
    case "rowCount":
      return `SELECT ${within("n", set)} AS passes, concat(n, ' rows') AS found FROM (SELECT count(*) AS n FROM ${rowsOf(set.scope, [])})`;
    case "aggregate":
    case "quantile": {
      const what = set.set === "quantile" ? `quantile ${set.at}` : set.of;
      return `SELECT ${within("v", set)} AS passes, concat('${what} ', coalesce(${shown(contract, set, "v")}, 'of nothing')) AS found
        FROM (SELECT ${figure(contract, set)} AS v FROM ${rowsOf(set.scope, [set.column])})`;
    }
    case "freshness":
      return `SELECT newest >= received_at() - to_minutes(CAST(${set.withinMinutes} AS BIGINT)) AS passes, concat('newest ', ${shown(contract, set, "newest")}) AS found
        FROM (SELECT max(CAST(${quotedName(set.column)} AS TIMESTAMP WITH TIME ZONE)) AS newest FROM ${rowsOf(set.scope, [set.column])})`;
    case "noGaps":
      return noGaps(set);
    case "sameCount":
      return `SELECT abs(n - m) <= ${set.difference} AS passes, concat(n, ' rows, the other table ', m) AS found
        FROM (SELECT count(*) AS n FROM ${rowsOf(set.scope, [])}), (SELECT count(*) AS m FROM other_rows)`;
    case "fewerRows":
      return `SELECT n < m AS passes, concat(n, ' rows, the other table ', m) AS found
        FROM (SELECT count(*) AS n FROM ${rowsOf(set.scope, [])}), (SELECT count(*) AS m FROM other_rows)`;
    case "sameRows":
      return sameRows(set);
  }
}

/** What was measured, as text; of personal data it would show a value. */
function shown(
  contract: ContractDefinition,
  set: WholeKind<"aggregate" | "quantile" | "freshness">,
  value: string,
): string {
  const pii = contract.columns.some((column) => column.name === set.column && column.pii);
  if (!pii || (set.set === "aggregate" && anonymousAggregates.includes(set.of))) return `CAST(${value} AS VARCHAR)`;
  return `CASE WHEN ${value} IS NOT NULL THEN '[pii]' END`;
}

function figure(contract: ContractDefinition, set: WholeKind<"aggregate" | "quantile">): string {
  if (set.set === "quantile") return `quantile_cont(${quotedName(set.column)}, ${set.at})`;
  return figureSql(contract, set.of, set.column);
}

function noGaps({ column, per, scope }: WholeKind<"noGaps">): string {
  const bucket = `date_trunc('${per}', CAST(${quotedName(column)} AS TIMESTAMP WITH TIME ZONE))`;
  return `SELECT missing = 0 AS passes, concat(missing, ' without a row') AS found FROM (
    SELECT coalesce(date_diff('${per}', min(moment), max(moment)) + 1, 0) - count(DISTINCT moment) AS missing
    FROM (SELECT ${bucket} AS moment FROM ${rowsOf(scope, [column])}))`;
}

function sameRows({ columns, scope }: WholeKind<"sameRows">): string {
  const other = `(SELECT ${columns.map(quotedName).join(", ")} FROM other_rows)`;
  const own = rowsOf(scope, columns);
  return `SELECT n = 0 AND m = 0 AS passes, concat(n, ' rows more, ', m, ' rows less than the other table') AS found
    FROM (SELECT count(*) AS n FROM (FROM ${own} EXCEPT ALL FROM ${other})), (SELECT count(*) AS m FROM (FROM ${other} EXCEPT ALL FROM ${own}))`;
}

/**
 * Over values, or over the table's deciles for numbers, where a share of 0 counts as 0.0001: `psi` is the sum of (q - p) ln(q / p), `kl` that of q ln(q / p);
 * `chiSquare` is Pearson's statistic as standard deviations (the cube root of Wilson and Hilferty, 1931). `ks`: the greatest distance of the two cumulative
 * distributions.
 */
function drift(contract: ContractDefinition, { column, method, max, rowsMin }: WholeKind<"drift">): string {
  const name = quotedName(column);
  const enough = `(SELECT count(${name}) FROM batch_rows) >= ${rowsMin} AND (SELECT count(${name}) FROM table_rows) >= ${rowsMin}`;
  const distance =
    method === "ks"
      ? distributions(name)
      : `SELECT ${distances[method]} FROM ${shares(name, isNumeric(contract, column))}`;
  return `SELECT CASE WHEN ${enough} THEN v <= ${max} END AS passes, concat('${method} ', round(v, 4)) AS found FROM (${distance})`;
}

const spread = "(2 / (9 * greatest(count(*) - 1, 1)))";

const distances: { readonly [Method in Exclude<DriftMethod, "ks">]: string } = {
  psi: "coalesce(sum((q - p) * ln(q / p)), 0) AS v",
  kl: "coalesce(sum(q * ln(q / p)), 0) AS v",
  chiSquare: `coalesce((pow(sum(any_rows * (q - p) * (q - p) / p) / greatest(count(*) - 1, 1), 1.0 / 3) - (1 - ${spread})) / sqrt(${spread}), 0) AS v`,
};

/** Shares of each value or decile: `p` in the table, `q` in the batch, whose rows are `any_rows`. */
function shares(name: string, numeric: boolean): string {
  const bucket = numeric
    ? `len(list_filter((SELECT quantile_cont(CAST(${name} AS DOUBLE), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) FROM table_rows), lambda _edge: _edge < CAST(${name} AS DOUBLE)))`
    : `CAST(${name} AS VARCHAR)`;
  const of = (rows: string): string =>
    `(SELECT k, count(*) / sum(count(*)) OVER () AS share FROM (SELECT ${bucket} AS k FROM ${rows} WHERE ${name} IS NOT NULL) GROUP BY k)`;
  return `(SELECT greatest(coalesce(t.share, 0), 0.0001) AS p, greatest(coalesce(b.share, 0), 0.0001) AS q, (SELECT count(${name}) FROM batch_rows) AS any_rows
    FROM ${of("table_rows")} AS t FULL JOIN ${of("batch_rows")} AS b USING (k))`;
}

function distributions(name: string): string {
  const value = `CAST(${name} AS DOUBLE)`;
  return `SELECT max(abs(ours - theirs)) AS v FROM (SELECT sum(sum(b)) OVER (ORDER BY x) / sum(sum(b)) OVER () AS ours, sum(sum(t)) OVER (ORDER BY x) / sum(sum(t)) OVER () AS theirs
    FROM (SELECT ${value} AS x, 1 AS b, 0 AS t FROM batch_rows UNION ALL SELECT ${value}, 0, 1 FROM table_rows) WHERE x IS NOT NULL GROUP BY x)`;
}

function isNumeric(contract: ContractDefinition, name: string): boolean {
  const kind = contract.columns.find((column: ColumnDefinition) => column.name === name)?.type.kind;
  return kind === "int32" || kind === "int64" || kind === "decimal" || kind === "float";
}

function same(names: readonly string[], left: string, right: string): string {
  return names.map((name) => `${left}.${name} = ${right}.${name}`).join(" AND ");
}
