// The SQL of "recompute touched keys": which keys new rows touch, and the statement over the rows of these keys only. NULL is a key value like any other.
import type { PushedKeys, TouchedKeys } from "../model/model.ts";
import { quoteName } from "../sql/dialect.ts";

/** What a statement over new rows reads in the place of a table. */
export const newRows = "millrace_new_rows";

/** Name of the restricted scan of `TouchedKeys.pushed[at]`. */
export function pushedInput(at: number): string {
  return `millrace_pushed_${at}`;
}

/** The key columns, quoted, as a list. */
function keysOf({ key }: Pick<TouchedKeys, "key">): string {
  return key.map(quoteName).join(", ");
}

/** SELECT of the keys that a statement over new rows names; it reads `millrace_new_rows` and the stand-ins. */
export function touchedBy(touched: TouchedKeys, statement: string): string {
  return `SELECT DISTINCT ${keysOf(touched)} FROM (${statement}) AS result(${touched.columns.map(quoteName).join(", ")})`;
}

/** The model's rows of the keys that `touchedSelect` selects. `standIns` are the `name AS (SELECT ...)` that it reads. */
export function restricted(touched: TouchedKeys, standIns: readonly string[], touchedSelect: string): string {
  const parts = [
    ...standIns,
    `millrace_touched AS MATERIALIZED (${touchedSelect})`,
    ...touched.pushed.map((push, at) => `${pushedInput(at)} AS NOT MATERIALIZED (${restrictedScan(push)})`),
  ];
  const same = touched.key
    .map((name) => `result.${quoteName(name)} IS NOT DISTINCT FROM touched.${quoteName(name)}`)
    .join(" AND ");
  return `WITH ${parts.join(", ")} SELECT result.* FROM (${touched.recompute}) AS result(${touched.columns
    .map(quoteName)
    .join(", ")}) SEMI JOIN millrace_touched AS touched ON ${same}`;
}

/** The keys get names of their own, because the table may have columns of the same names. */
function restrictedScan({ standIn, alias, keys }: PushedKeys): string {
  const own = keys.map((_, at) => `millrace_key_${at}`);
  const keyed = keys.map(({ expression }, at) => `${expression} AS ${own[at] ?? ""}`).join(", ");
  const same = keys
    .map(({ column }, at) => `keyed.${own[at] ?? ""} IS NOT DISTINCT FROM touched.${quoteName(column)}`)
    .join(" AND ");
  return `SELECT keyed.* EXCLUDE (${own.join(", ")}) FROM (SELECT ${quoteName(alias)}.*, ${keyed} FROM ${standIn} AS ${quoteName(alias)}) AS keyed SEMI JOIN millrace_touched AS touched ON ${same}`;
}
