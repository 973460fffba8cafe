// Which SQL a person may run: one SELECT over domains and system tables. Physical tables in `store` change their names; nobody may depend on them.
import { MillraceError, type Warehouse } from "@millrace/core";

/** @throws MillraceError query-invalid, query-refused */
export async function requireReadable(sql: string, warehouse: Pick<Warehouse, "analyze">): Promise<void> {
  const { kind, tables } = await warehouse.analyze(sql);
  if (kind !== "select")
    throw new MillraceError("query-refused", "Only a single SELECT can be run here; the statement is something else.");
  const hidden = tables.find(({ domain }) => domain?.toLowerCase() === "store");
  if (hidden !== undefined)
    throw new MillraceError("query-refused", `"store.${hidden.name}" is a physical table; its name may change.`, {
      hint: "Read <domain>.<table> instead; system tables are in millrace.*.",
    });
}
