// `/data/<domain>/<table>/<key>` as a query: equality of every key column.
import { MillraceError } from "@millrace/core";
import type { ServedTable } from "../../catalogue/served-table.ts";
import type { ColumnFilter, DataQuery, OrderTerm } from "../grammar/syntax.ts";

/**
 * The values of a key of several columns stand in its order, with commas between them; a comma inside a value is written as %2C.
 * Where a table keeps every version of a key, the newest one is meant.
 *
 * @throws MillraceError not-found when the table has no key; request-invalid when the number of values is not that of the key's columns
 */
export function rowQuery(query: DataQuery, table: ServedTable, key: string): DataQuery {
  const names = table.key.map((column) => column.name);
  if (names.length === 0)
    throw new MillraceError("not-found", `${table.fullName} has no key, so its rows have no address.`, {
      hint: `Filter instead: /data/${table.domain}/${table.name}?<column>=eq.<value>.`,
    });
  if (query.filters.length > 0 || query.order.length > 0 || query.after !== undefined || query.offset !== undefined)
    throw new MillraceError("request-invalid", "A single row takes only the parameter select.", {
      details: { parameter: "select" },
    });
  const values = key.split(",").map(decodeValue);
  if (values.length !== names.length)
    throw new MillraceError(
      "request-invalid",
      `The key of ${table.fullName} has ${names.length} values, not ${values.length}.`,
      {
        hint: `Write /data/${table.domain}/${table.name}/${names.map((name) => `<${name}>`).join(",")}.`,
        details: { key: names },
      },
    );
  const filters = names.map((column, at): ColumnFilter => {
    const test = { kind: "value", operator: "eq", operand: values[at] ?? "" } as const;
    return { kind: "column", column, negated: false, test };
  });
  return { select: query.select, filters, order: table.keyUnique ? [] : newestFirst };
}

const newestFirst: readonly OrderTerm[] = ["_seq", "_batch", "_row"].map((column) => ({
  column,
  descending: true,
  nullsFirst: true,
}));

function decodeValue(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MillraceError("request-invalid", "The key is not valid percent-encoded UTF-8.");
  }
}
