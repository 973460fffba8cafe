// Writes the repaired record of selected rows; originals never change.
import {
  MillraceError,
  stringifyExact,
  type ContractDefinition,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import type { QuarantineChange } from "./quarantine.ts";
import { fieldOf, isNested, quotedText, recordRelation, requireColumn, requireExpression } from "./record-sql.ts";

const RECORDS_MAX = 5_000;
const RECORDS_PER_STATEMENT = 500;

/** Writes the change of the rows in temp table `quarantine_selected`. */
export type Repair = (tx: WriteTransaction) => Promise<void>;

/** @throws MillraceError request-invalid, query-invalid, query-refused; before anything is written */
export async function planRepair(
  warehouse: Pick<Warehouse, "analyze" | "describe">,
  contract: ContractDefinition,
  change: QuarantineChange,
): Promise<Repair> {
  if (change.kind === "records") return recordsRepair(change.records);
  const fields: string[] = [];
  const assignments: string[] = [];
  for (const [name, value] of Object.entries(change.set)) {
    const column = requireColumn(contract, name);
    const expression = change.kind === "sql" ? String(value) : literalOf(column, value);
    if (change.kind === "sql") await requireExpression(warehouse, contract, expression);
    fields.push(fieldOf(column));
    const typed = isNested(column) ? `to_json((${expression}\n))` : `CAST((${expression}\n) AS VARCHAR)`;
    assignments.push(`${quotedText(fieldOf(column))}, ${typed}`);
  }
  if (fields.length === 0)
    throw new MillraceError("request-invalid", "A fix sets at least one column; nothing was changed.");
  // Patched twice, so that a nested value is replaced and not merged with the one before.
  const cleared = quotedText(JSON.stringify(Object.fromEntries(fields.map((field) => [field, null]))));
  const fixed = `json_merge_patch(json_merge_patch(_record, ${cleared}), json_object(${assignments.join(", ")}))`;
  const relation = recordRelation(contract, "(batch, row_no) IN (SELECT batch, row_no FROM quarantine_selected)");
  return async (tx) => {
    await tx.run(
      `UPDATE millrace.quarantine AS q SET repaired = CAST(f.fixed AS VARCHAR), changed_at = now()
        FROM (SELECT _batch, _row, ${fixed} AS fixed FROM (${relation}) WHERE _record IS NOT NULL) AS f
        WHERE q.batch = f._batch AND q.row_no = f._row`,
    );
  };
}

function literalOf(column: ContractDefinition["columns"][number], value: string | null): string {
  if (value === null) return "NULL";
  if (!isNested(column)) return quotedText(value);
  try {
    JSON.parse(value);
  } catch {
    throw new MillraceError("request-invalid", `The value of column ${column.name} is no JSON; nothing was changed.`);
  }
  return `${quotedText(value)}::JSON`;
}

type Records = Extract<QuarantineChange, { kind: "records" }>["records"];

function recordsRepair(records: Records): Repair {
  if (records.length === 0 || records.length > RECORDS_MAX)
    throw new MillraceError("request-invalid", `A fix holds 1 to ${RECORDS_MAX} records; nothing was changed.`);
  for (const { record, batch, row } of records)
    if (typeof record !== "object" || record === null || Array.isArray(record))
      throw new MillraceError(
        "request-invalid",
        `The record for row ${row} of batch ${batch} is no object; nothing was changed.`,
      );
  return async (tx) => {
    for (let at = 0; at < records.length; at += RECORDS_PER_STATEMENT) {
      const part = records.slice(at, at + RECORDS_PER_STATEMENT);
      await tx.run(
        `UPDATE millrace.quarantine AS q SET repaired = f.record, changed_at = now()
          FROM (VALUES ${part.map(() => "(CAST(? AS BIGINT), CAST(? AS BIGINT), ?)").join(", ")}) AS f (batch, row_no, record)
          WHERE q.batch = f.batch AND q.row_no = f.row_no
            AND (q.batch, q.row_no) IN (SELECT batch, row_no FROM quarantine_selected)`,
        part.flatMap(({ batch, row, record }) => [batch, row, stringifyExact(record)]),
      );
    }
  };
}

/** What is kept of a change for the record of who did what: never values of records. */
export function describeChange(change: QuarantineChange | undefined): string | null {
  if (change === undefined) return null;
  if (change.kind === "sql") return stringifyExact({ sql: change.set });
  if (change.kind === "values") return stringifyExact({ values: Object.keys(change.set) });
  return stringifyExact({
    records: change.records.length,
    ...(change.source === undefined ? {} : { source: change.source }),
  });
}
