// What planning needs of an engine's SQL: to parse statements in bulk, to print changed trees, and to know the functions. duckdb-dialect.ts implements it.
import type { ResultColumn } from "@millrace/core";
import type { SyntaxNode } from "./syntax-tree.ts";

export type ParseOutcome =
  | { readonly ok: true; readonly query: SyntaxNode }
  /** `position` is a byte offset in the statement, where the engine names one. */
  | { readonly ok: false; readonly message: string; readonly position?: number };

/** Names in lower case. */
export interface FunctionFacts {
  /** Functions that make one row of many, macros over such functions included. */
  readonly aggregates: ReadonlySet<string>;
  /** Functions whose answer changes although their arguments do not: clock, chance, session. */
  readonly volatile: ReadonlySet<string>;
}

export interface SqlDialect {
  readonly functions: FunctionFacts;
  /** One outcome per statement, in order; one round trip for all. */
  parse(statements: readonly string[]): Promise<readonly ParseOutcome[]>;
  /** One text per query tree, in order. */
  print(queries: readonly SyntaxNode[]): Promise<readonly string[]>;
  /** The text of one scalar expression. */
  printExpressions(expressions: readonly SyntaxNode[]): Promise<readonly string[]>;
  /** Result columns of a SELECT without running it. @throws MillraceError query-invalid */
  describe(sql: string): Promise<readonly ResultColumn[]>;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `"domain"."name"` of a full table name; domains and tables have no dots in their names. */
export function quoteTable(table: string): string {
  return table.split(".").map(quoteName).join(".");
}
