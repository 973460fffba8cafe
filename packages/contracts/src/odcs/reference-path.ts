// How a document names a column of a table: `table.column` within the document, `domain.table.yaml#/schema/table/properties/column` in another domain's.
import type { ColumnDefinition } from "@millrace/core";
import { textOf } from "../document/located.ts";
import { validName } from "../document/names.ts";

export type Reference = NonNullable<ColumnDefinition["references"]>;

export function referencePath({ table, column }: Reference): string {
  const [domain, other] = table.split(".");
  return other === undefined ? `${table}.${column}` : `${domain}.${other}.yaml#/schema/${other}/properties/${column}`;
}

/** Undefined for several columns, and for files that are not named after a table of a domain. */
export function referenceTo(to: unknown): Reference | undefined {
  const text = textOf(to) ?? (Array.isArray(to) && to.length === 1 ? textOf(to[0]) : undefined);
  if (text === undefined) return undefined;
  const path = /^(?:(?<file>.+)#)?\/?schema\/(?<table>[^/]+)\/properties\/(?<column>[^/]+)$/.exec(text)?.groups;
  if (path !== undefined) return ofPath(path);
  const parts = text.split(".");
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^[\w -]+$/.test(part))) return undefined;
  const names = parts.map((part) => validName(part));
  return { table: names.slice(0, -1).join("."), column: names.at(-1) ?? "" };
}

function ofPath({ file, table = "", column = "" }: Readonly<Record<string, string>>): Reference | undefined {
  const own = { table: validName(table), column: validName(column) };
  if (file === undefined) return own;
  const domain = /(?:^|\/)(\w+)\.(\w+)\.yaml$/.exec(file);
  return domain?.[2] === own.table ? { ...own, table: `${domain[1] ?? ""}.${own.table}` } : undefined;
}
