// The column lineage of a model: for each of its columns the columns of its inputs that go into it, and what decides which rows there are.
import type { ResultColumn } from "@millrace/core";
import type { SyntaxNode } from "../sql/syntax-tree.ts";
import { queryLineage, type InputRelation } from "./query-lineage.ts";
import { allOf } from "./scope.ts";
import type { SourceUse } from "./sources.ts";

export interface ColumnSource {
  /** `domain.name` */
  readonly table: string;
  readonly column: string;
  readonly uses: readonly SourceUse[];
}

export interface ColumnLineage {
  readonly columns: readonly { readonly name: string; readonly sources: readonly ColumnSource[] }[];
  readonly rows: readonly ColumnSource[];
}

/**
 * Needs no engine. Where result columns cannot be told apart (PIVOT, COLUMNS), each has the sources of all: lineage may name too much, never too little.
 *
 * @param columns of the result, as the engine bound them
 */
export function columnLineage(
  statement: { readonly query: SyntaxNode; readonly inputs: readonly InputRelation[] },
  columns: readonly ResultColumn[],
  aggregates: ReadonlySet<string>,
): ColumnLineage {
  const found = queryLineage(statement.query, statement.inputs, aggregates);
  const told = found.open === undefined && found.columns.length === columns.length;
  const all = told ? undefined : allOf({ alias: "", ...found });
  return {
    columns: columns.map(({ name }, at) => ({
      name,
      sources: (all ?? found.columns[at]?.sources)?.list() ?? [],
    })),
    rows: found.rows.list(),
  };
}
