// Which SQL a person may run: one SELECT that names tables of domains and system tables. Everything else is refused before it is run.
import { didYouMean, MillraceError, type TableReference, type Warehouse } from "@millrace/core";

const systemSchema = "millrace";
/** System tables that hold records as they came, or rows as they are sent. */
const recordTables = new Set(["quarantine", "outbox", "delivery_keys"]);
/** Table functions that read nothing. Others can open files of the data folder or run text as SQL. */
const harmlessFunctions = new Set(["range", "generate_series", "unnest", "json_each", "json_tree"]);

export interface ReadableOptions {
  /** Whether the caller may see the records of quarantine, which hold personal data as it came. */
  readonly showPii: boolean;
}

/**
 * @throws MillraceError query-invalid (cannot be parsed, unknown table), query-refused (anything but a SELECT over served tables), forbidden (quarantined
 * records, for callers who may not see personal data)
 */
export async function requireReadable(
  sql: string,
  warehouse: Pick<Warehouse, "analyze" | "tables">,
  { showPii }: ReadableOptions,
): Promise<void> {
  const { kind, tables, tableFunctions } = await warehouse.analyze(sql);
  if (kind !== "select")
    throw new MillraceError("query-refused", "Only a single SELECT can be run here; the statement is something else.");
  const refused = tableFunctions.find((name) => !harmlessFunctions.has(name));
  if (refused !== undefined)
    throw new MillraceError("query-refused", `The table function ${refused} may not be used here.`, {
      hint: "Read <domain>.<table>; files come in through a channel.",
    });
  if (!showPii && tables.some(holdsRecords))
    throw new MillraceError(
      "forbidden",
      "millrace.quarantine, outbox and delivery_keys hold personal data, which operators alone may query.",
      {
        hint: "Use a token with platform.operate, or GET /admin/quarantine and /admin/deliveries, which hide personal data.",
        details: { permission: "platform.operate" },
      },
    );
  const foreign = tables.filter(({ domain }) => domain?.toLowerCase() !== systemSchema);
  if (foreign.length === 0) return;
  const served = (await warehouse.tables()).map((table) => `${table.domain}.${table.name}`);
  const known = new Set(served.map((name) => name.toLowerCase()));
  for (const table of foreign) if (!known.has(fullName(table).toLowerCase())) throw unreadable(table, served);
}

function holdsRecords({ domain, name }: TableReference): boolean {
  return domain?.toLowerCase() === systemSchema && recordTables.has(name.toLowerCase());
}

function unreadable(table: TableReference, served: readonly string[]): MillraceError {
  if (table.domain?.toLowerCase() === "store")
    return new MillraceError("query-refused", `store.${table.name} is a physical table; its name may change.`, {
      hint: "Read <domain>.<table> instead; system tables are in millrace.*.",
    });
  const name = fullName(table);
  const sameName = served.filter((one) => one.toLowerCase().endsWith(`.${table.name.toLowerCase()}`));
  const meant =
    table.domain === undefined && sameName.length > 0 ? `; write ${sameName.join(" or ")}` : didYouMean(name, served);
  return new MillraceError("query-invalid", `There is no table ${JSON.stringify(name)}${meant}`, {
    hint: "Tables are written <domain>.<table>; system tables are in millrace.*.",
  });
}

function fullName({ domain, name }: TableReference): string {
  return domain === undefined ? name : `${domain}.${name}`;
}
