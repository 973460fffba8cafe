// A check as SQL: how many rows fail, and a query that shows them.
import { quoteName, quoteTable, quoteText } from "../sql/dialect.ts";
import type { CheckDeclaration, CompiledCheck } from "../model/model.ts";

/** Columns that the check names, for the plan to find in the model. */
export function checkColumns(check: CheckDeclaration): readonly string[] {
  if (check.kind === "unique") return check.columns;
  return check.kind === "sql" ? [] : [check.column];
}

/**
 * `unique` takes NULL for a value like any other, as keys do; `accepted_values` lets NULL pass.
 *
 * @param table full name of the model
 * @param sql the statement of a `sql` check with every table in full
 */
export function compileCheck(check: CheckDeclaration, table: string, sql: string | undefined): CompiledCheck {
  const failing = failingRows(check, quoteTable(table), sql);
  return {
    name: check.name,
    severity: check.severity,
    count: `SELECT count(*) FROM (${failing}) AS failing`,
    sample: `${failing} LIMIT 20`,
  };
}

function failingRows(check: CheckDeclaration, table: string, sql: string | undefined): string {
  switch (check.kind) {
    case "not_null":
      return `SELECT * FROM ${table} WHERE ${quoteName(check.column)} IS NULL`;
    case "unique": {
      const columns = check.columns.map(quoteName).join(", ");
      return `SELECT ${columns}, count(*) AS row_count FROM ${table} GROUP BY ${columns} HAVING count(*) > 1`;
    }
    case "accepted_values":
      return `SELECT * FROM ${table} WHERE CAST(${quoteName(check.column)} AS VARCHAR) NOT IN (${check.values.map(quoteText).join(", ")})`;
    case "sql":
      return `SELECT * FROM (${sql ?? check.sql}) AS failing_rows`;
  }
}
