// Builds one parameterised statement. Values become parameters; names come from the catalogue alone.
import type { SqlValue } from "@millrace/core";

export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Numbers the parameters of one statement: `$1`, `$2`, ... Equal texts of equal type share one. */
export class Parameters {
  readonly values: SqlValue[] = [];
  readonly #known = new Map<string, string>();

  /** The place of a value, cast to a SQL type that the caller took from a fixed list. */
  add(value: SqlValue, sqlType: string): string {
    const key = typeof value === "string" ? `${sqlType} ${value}` : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    this.values.push(value);
    const place = `CAST($${this.values.length} AS ${sqlType})`;
    if (key !== undefined) this.#known.set(key, place);
    return place;
  }
}

/** A name of the catalogue as SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Name of the one table inside a statement. Every column is written with it: a bare name could mean an output column of the same name. */
const tableAlias = "_t";

export function columnReference(column: { readonly name: string }): string {
  return `${tableAlias}.${identifier(column.name)}`;
}

/** The table as a FROM clause names it. */
export function fromSql(table: { readonly domain: string; readonly name: string }): string {
  return `${identifier(table.domain)}.${identifier(table.name)} AS ${tableAlias}`;
}
