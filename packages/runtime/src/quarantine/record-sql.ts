// Quarantined records as SQL: the contract's columns over the JSON text of a record, and expressions that people wrote over them, checked before
// they run.
import {
  isMillraceError,
  MillraceError,
  type ColumnDefinition,
  type ContractDefinition,
  type Warehouse,
} from "@millrace/core";

export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Field of the source record. */
export function fieldOf(column: Pick<ColumnDefinition, "name" | "source">): string {
  return column.source ?? column.name;
}

/** Columns that have a field of their own. */
function ownFields({ columns }: ContractDefinition): readonly ColumnDefinition[] {
  return columns.filter((column) => column.rest !== true);
}

function namesOf(contract: ContractDefinition): string {
  return ownFields(contract)
    .map((column) => column.name)
    .join(", ");
}

/** Nested values stay JSON; everything else is text until the contract has judged it. */
export function isNested({ type }: Pick<ColumnDefinition, "type">): boolean {
  return type.kind === "json" || type.kind === "list" || type.kind === "struct";
}

/**
 * Rows of quarantine with `_channel`, `_batch`, `_row`, `_record` (JSON, NULL when the record cannot be parsed) and the contract's columns, whose names
 * never begin with an underscore.
 *
 * @param condition over the columns of millrace.quarantine
 */
export function recordRelation(contract: ContractDefinition, condition: string): string {
  const columns = ownFields(contract).map((column) => {
    const pointer = quotedText(`$.${JSON.stringify(fieldOf(column))}`);
    const extract = isNested(column) ? "json_extract" : "json_extract_string";
    return `${extract}(_record, ${pointer}) AS ${quotedName(column.name)}`;
  });
  return `SELECT _channel, _batch, _row, _record, ${columns.join(", ")} FROM (
    SELECT channel AS _channel, batch AS _batch, row_no AS _row, CASE WHEN json_valid(_text) AND json_type(_text) = 'OBJECT' THEN _text::JSON END AS _record
      FROM (SELECT *, coalesce(repaired, original) AS _text FROM millrace.quarantine WHERE ${condition}))`;
}

/**
 * Lets only an expression pass that reads the record's own columns and nothing else.
 *
 * @throws MillraceError query-invalid, query-refused
 */
export async function requireExpression(
  warehouse: Pick<Warehouse, "analyze" | "describe">,
  contract: ContractDefinition,
  expression: string,
): Promise<void> {
  const columns = ownFields(contract).map(
    (column) => `NULL::${isNested(column) ? "JSON" : "VARCHAR"} AS ${quotedName(column.name)}`,
  );
  // The line break ends a comment that the expression may end with.
  const statement = `SELECT (${expression}\n) AS _value FROM (SELECT ${columns.join(", ")}) AS _record_columns`;
  const told = (text: string): string => `${JSON.stringify(expression.slice(0, 200))} ${text}`;
  try {
    const { kind, tables, tableFunctions } = await warehouse.analyze(statement);
    if (kind !== "select" || tables.length > 0 || tableFunctions.length > 0)
      throw new MillraceError("query-refused", told("is no expression over the columns of one record."), {
        hint: "It may use the contract's columns and scalar functions; nothing was changed.",
      });
    const described = await warehouse.describe(statement);
    if (described.length !== 1 || described[0]?.name !== "_value")
      throw new MillraceError("query-refused", told("is more than one expression; nothing was changed."));
  } catch (error) {
    if (!isMillraceError(error, "query-invalid")) throw error;
    throw new MillraceError("query-invalid", told(`cannot be understood: ${error.message.split("\n")[0] ?? ""}`), {
      hint: `Columns: ${namesOf(contract)}. Each is text, as in the record; nothing was changed.`,
      cause: error,
    });
  }
}

/** The column of that name. @throws MillraceError request-invalid */
export function requireColumn(contract: ContractDefinition, name: string): ColumnDefinition {
  const column = ownFields(contract).find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (column !== undefined) return column;
  throw new MillraceError("request-invalid", `Contract ${contract.name} has no column ${JSON.stringify(name)}.`, {
    hint: `Columns: ${namesOf(contract)}. Nothing was changed.`,
  });
}
