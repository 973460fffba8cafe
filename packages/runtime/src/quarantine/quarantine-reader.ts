// Shows what stands in quarantine. Values of PII columns are hidden unless asked for.
import { MillraceError, type ContractDefinition, type SqlValue, type Warehouse } from "@millrace/core";
import { records, toBigint, toText, toTexts } from "../load/sql-values.ts";
import { storedContracts } from "../contracts/contract-versions.ts";
import { actionsOf } from "./action-log.ts";
import type { QuarantineCounts, QuarantinedRow, QuarantinedRowHistory, QuarantineFilter } from "./quarantine.ts";
import { hidePersonalData } from "./redact.ts";

const COLUMNS =
  "batch, row_no, channel, domain, table_name, codes, reasons, original, object_key, position, state, repaired";
const ROWS_MAX = 10_000;

/** Newest batches first. @throws MillraceError request-invalid */
export async function listQuarantine(
  warehouse: Warehouse,
  filter: QuarantineFilter,
): Promise<readonly QuarantinedRow[]> {
  if (!Number.isSafeInteger(filter.limit) || filter.limit < 1 || filter.limit > ROWS_MAX)
    throw new MillraceError("request-invalid", `limit ${filter.limit} is not a number from 1 to ${ROWS_MAX}.`);
  const conditions: string[] = [];
  const params: SqlValue[] = [];
  const add = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add("domain || '.' || table_name = ?", filter.table);
  add("channel = ?", filter.channel);
  add("list_contains(codes, ?)", filter.code);
  add("state = ?", filter.state);
  add("batch = ?", filter.batch);
  if (filter.after !== undefined) {
    conditions.push("(batch < ? OR (batch = ? AND row_no > ?))");
    params.push(filter.after.batch, filter.after.batch, filter.after.row);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT ${COLUMNS} FROM millrace.quarantine ${where} ORDER BY batch DESC, row_no LIMIT ${filter.limit}`;
  const rows = records(await warehouse.query(sql, params));
  const contracts = await definitions(warehouse);
  return rows.map((row) => toRow(row, contracts, filter.showPii === true));
}

/** These rows, personal data hidden; newest batches first. */
export async function readQuarantined(
  warehouse: Warehouse,
  rows: readonly { readonly batch: bigint; readonly row: bigint }[],
): Promise<readonly QuarantinedRow[]> {
  if (rows.length === 0) return [];
  const wanted = rows.map(({ batch, row }) => `(${batch}, ${row})`).join(", ");
  const sql = `SELECT ${COLUMNS} FROM millrace.quarantine SEMI JOIN (VALUES ${wanted}) AS w(b, r) ON batch = b AND row_no = r ORDER BY batch DESC, row_no`;
  const contracts = await definitions(warehouse);
  return records(await warehouse.query(sql)).map((row) => toRow(row, contracts, false));
}

/** @throws MillraceError quarantine-not-found */
export async function showQuarantined(
  warehouse: Warehouse,
  identity: { readonly batch: bigint; readonly row: bigint; readonly showPii: boolean },
): Promise<QuarantinedRowHistory> {
  const sql = `SELECT ${COLUMNS} FROM millrace.quarantine WHERE batch = ? AND row_no = ?`;
  const [row] = records(await warehouse.query(sql, [identity.batch, identity.row]));
  if (row === undefined)
    throw new MillraceError(
      "quarantine-not-found",
      `Row ${identity.row} of batch ${identity.batch} is not in quarantine.`,
    );
  const actions = await actionsOf(warehouse, identity);
  return { ...toRow(row, await definitions(warehouse), identity.showPii), actions };
}

export async function countQuarantine(warehouse: Warehouse): Promise<QuarantineCounts> {
  const found = await warehouse.query("SELECT state, count(*) FROM millrace.quarantine GROUP BY state");
  const counts = new Map(found.rows.map(([state, count]) => [toText(state), toBigint(count)]));
  const of = (state: string): bigint => counts.get(state) ?? 0n;
  return { open: of("open"), held: of("held"), readmitted: of("readmitted"), discarded: of("discarded") };
}

/** Also of contracts that the project no longer has: their rows are as personal as before. */
async function definitions(warehouse: Warehouse): Promise<ReadonlyMap<string, ContractDefinition>> {
  const stored = await storedContracts(warehouse);
  return new Map([...stored].map(([name, { contract }]) => [name, contract]));
}

function toRow(
  row: Record<string, SqlValue>,
  contracts: ReadonlyMap<string, ContractDefinition>,
  showPii: boolean,
): QuarantinedRow {
  const table = `${toText(row["domain"])}.${toText(row["table_name"])}`;
  const shown = (text: string): string => (showPii ? text : hidePersonalData(text, contracts.get(table)));
  const repaired = row["repaired"];
  return {
    batch: toBigint(row["batch"]),
    row: toBigint(row["row_no"]),
    channel: toText(row["channel"]),
    table,
    codes: toTexts(row["codes"]),
    reasons: toTexts(row["reasons"]),
    state: toText(row["state"]),
    original: shown(toText(row["original"])),
    ...(typeof repaired === "string" ? { repaired: shown(repaired) } : {}),
    objectKey: toText(row["object_key"]),
    position: toBigint(row["position"]),
  };
}
