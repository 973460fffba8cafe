// Which rows an action is about: the condition of a selection, and the one table that all of them lie in.
import { MillraceError, type SqlValue, type Warehouse } from "@millrace/core";
import { toText } from "../load/sql-values.ts";
import type { QuarantineChange, QuarantineSelection } from "./quarantine.ts";
import type { RowIdentity } from "./readmit-rows.ts";

export interface SelectionSql {
  readonly condition: string;
  readonly params: readonly SqlValue[];
}

/** Open and held rows; of records that are given, only theirs. @throws MillraceError request-invalid */
export function selectionSql(selection: QuarantineSelection, change?: QuarantineChange): SelectionSql {
  const conditions = ["state IN ('open', 'held')"];
  const params: SqlValue[] = [];
  if (change?.kind === "records") conditions.push(`(batch, row_no) IN (${listed(change.records)})`);
  const add = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add("domain || '.' || table_name = ?", selection.table);
  add("channel = ?", selection.channel);
  add("list_contains(codes, ?)", selection.code);
  add("batch = ?", selection.batch);
  add("row_no = ?", selection.row);
  if (params.length === 0)
    throw new MillraceError("request-invalid", "No rows are named; nothing was changed.", {
      hint: "Name a batch and row, a table, a channel or a code.",
    });
  if (selection.row !== undefined && selection.batch === undefined)
    throw new MillraceError("request-invalid", "A row is named without its batch; nothing was changed.");
  return { condition: conditions.join(" AND "), params };
}

function listed(records: readonly RowIdentity[]): string {
  return records.map(({ batch, row }) => `(${BigInt(batch)}, ${BigInt(row)})`).join(", ") || "(NULL, NULL)";
}

/**
 * The table of the rows; undefined when there are none.
 *
 * @throws MillraceError request-invalid (several tables, or a single row that is settled), quarantine-not-found (a single row that is not there)
 */
export async function tableOf(
  warehouse: Pick<Warehouse, "query">,
  selection: QuarantineSelection,
  { condition, params }: SelectionSql,
): Promise<string | undefined> {
  const found = await warehouse.query(
    `SELECT DISTINCT domain || '.' || table_name FROM millrace.quarantine WHERE ${condition} ORDER BY 1 LIMIT 10`,
    params,
  );
  const tables = found.rows.map(([table]) => toText(table));
  if (tables.length > 1)
    throw new MillraceError("request-invalid", `The rows lie in several tables: ${tables.join(", ")}.`, {
      hint: "Name one of them with --table. Nothing was changed.",
    });
  if (tables[0] === undefined && selection.row !== undefined) await explainSingle(warehouse, selection);
  return tables[0];
}

async function explainSingle(warehouse: Pick<Warehouse, "query">, selection: QuarantineSelection): Promise<void> {
  const { batch = 0n, row = 0n } = selection;
  const sql = "SELECT state FROM millrace.quarantine WHERE batch = ? AND row_no = ?";
  const state = (await warehouse.query(sql, [batch, row])).rows[0]?.[0];
  if (state === undefined)
    throw new MillraceError("quarantine-not-found", `Row ${row} of batch ${batch} is not in quarantine.`);
  if (state === "readmitted" || state === "discarded")
    throw new MillraceError("request-invalid", `Row ${row} of batch ${batch} is ${state}; nothing was changed.`);
}
