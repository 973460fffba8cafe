// The version that a transaction gives to a table, read inside it, so that the commit event is exact.
import type { Warehouse } from "@millrace/core";
import { toBigint } from "./sql-values.ts";

/** 0 when the table does not exist. */
export async function tableVersion(
  reader: Pick<Warehouse, "query">,
  table: { readonly domain: string; readonly name: string },
): Promise<bigint> {
  const sql = "SELECT version FROM millrace.tables WHERE domain = ? AND name = ?";
  const found = await reader.query(sql, [table.domain, table.name]);
  return toBigint(found.rows[0]?.[0]);
}
