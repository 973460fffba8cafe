// The record of what people did to quarantined rows, in the warehouse, written in the transactions that do it.
import type { SqlValue, Warehouse, WriteTransaction } from "@millrace/core";
import { records, toBigint, toMs, toText } from "../load/sql-values.ts";
import type { QuarantineAction } from "./quarantine.ts";
import type { RowIdentity } from "./readmit-rows.ts";

type Reader = Pick<Warehouse, "query">;

/** Place in the order in which an action takes rows: channel, batch, row. */
export interface ActionPlace extends RowIdentity {
  readonly channel: string;
}

export interface StoredAction extends QuarantineAction {
  /** Up to where it is done; undefined when it is finished. */
  readonly last?: ActionPlace;
}

const COLUMNS = "id, kind, domain, table_name, actor, reason, change, row_count, readmitted, last, started_at";

export async function findAction(reader: Reader, id: string): Promise<StoredAction | undefined> {
  const [row] = records(await reader.query(`SELECT ${COLUMNS} FROM millrace.quarantine_actions WHERE id = ?`, [id]));
  return row === undefined ? undefined : toAction(row);
}

/** Newest first. */
export async function actionsOf(reader: Reader, { batch, row }: RowIdentity): Promise<readonly QuarantineAction[]> {
  const sql = `SELECT ${COLUMNS} FROM millrace.quarantine_actions
    WHERE id IN (SELECT action FROM millrace.quarantine_action_rows WHERE batch = ? AND row_no = ?) ORDER BY started_at DESC, id`;
  return records(await reader.query(sql, [batch, row])).map((found) => {
    const { last: _last, ...action } = toAction(found);
    return action;
  });
}

/** Adds the selected rows to the action, which begins with its first ones. */
export async function recordRows(
  tx: WriteTransaction,
  action: Omit<QuarantineAction, "rows" | "readmitted" | "startedMs" | "change"> & { readonly change: string | null },
  done: { readonly rows: bigint; readonly readmitted: bigint; readonly last: ActionPlace | undefined },
): Promise<void> {
  const last = done.last === undefined ? null : placeText(done.last);
  const changed = await tx.run(
    "UPDATE millrace.quarantine_actions SET row_count = row_count + ?, readmitted = readmitted + ?, last = ? WHERE id = ?",
    [done.rows, done.readmitted, last, action.id],
  );
  if (changed === 0) {
    const [domain = "", name = ""] = action.table.split(".");
    const values: SqlValue[] = [action.id, action.kind, domain, name, action.by, action.reason, action.change];
    await tx.run(`INSERT INTO millrace.quarantine_actions (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now())`, [
      ...values,
      done.rows,
      done.readmitted,
      last,
    ]);
  }
  await tx.run(
    "INSERT INTO millrace.quarantine_action_rows (action, batch, row_no) SELECT ?, batch, row_no FROM quarantine_selected",
    [action.id],
  );
}

function placeText({ channel, batch, row }: ActionPlace): string {
  return JSON.stringify([channel, String(batch), String(row)]);
}

function toAction(row: Record<string, SqlValue>): StoredAction {
  const change = row["change"];
  const last = row["last"];
  return {
    id: toText(row["id"]),
    kind: toText(row["kind"]) as QuarantineAction["kind"],
    table: `${toText(row["domain"])}.${toText(row["table_name"])}`,
    by: toText(row["actor"]),
    reason: toText(row["reason"]),
    rows: toBigint(row["row_count"]),
    readmitted: toBigint(row["readmitted"]),
    startedMs: toMs(row["started_at"]),
    ...(typeof change === "string" ? { change: JSON.parse(change) as unknown } : {}),
    ...(typeof last === "string" ? { last: toPlace(last) } : {}),
  };
}

function toPlace(text: string): ActionPlace {
  const [channel, batch, row] = JSON.parse(text) as [string, string, string];
  return { channel, batch: BigInt(batch), row: BigInt(row) };
}
