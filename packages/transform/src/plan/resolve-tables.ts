// Plain names become full ones: the model's own domain first, then `domain.table` as written.
import { didYouMean, type MillraceError, type ModelSource } from "@millrace/core";
import type { ParsedModel } from "../model/model.ts";
import { modelError } from "../model/parse-model.ts";
import { referencesOf } from "../sql/references.ts";
import { copyTree, type SyntaxNode } from "../sql/syntax-tree.ts";

export interface ResolvedStatement {
  /** The tree with every table in full. */
  readonly query: SyntaxNode;
  /** Full names, sorted, each once. */
  readonly inputs: readonly string[];
}

/** @param known full names of all tables and models, lower case to as declared @throws MillraceError model-invalid */
export function resolveTables(
  source: ModelSource,
  parsed: ParsedModel,
  query: SyntaxNode,
  known: ReadonlyMap<string, string>,
): ResolvedStatement {
  const full = new Map<SyntaxNode, string>();
  for (const table of referencesOf(query).tables) {
    const written = table.domain === undefined ? table.name : `${table.domain}.${table.name}`;
    const found = known.get(`${table.domain ?? source.domain}.${table.name}`.toLowerCase());
    const line = lineOf(parsed, table.position);
    if (found === undefined) throw unknownTable(source, line, written, [...known.values()]);
    if (found === `${source.domain}.${source.name}`) throw modelError(source, line, "the model reads itself");
    full.set(table.node, found);
  }
  const qualified = copyTree(query, (node) => {
    const name = full.get(node);
    if (name === undefined) return undefined;
    const [domain = "", table = ""] = name.split(".");
    return { ...node, schema_name: domain, table_name: table };
  });
  return { query: qualified, inputs: [...new Set(full.values())].sort() };
}

/** Line in the file of a byte position in the statement. */
export function lineOf(parsed: ParsedModel, position: number | undefined): number {
  if (position === undefined) return parsed.sqlLine;
  return parsed.sqlLine + Buffer.from(parsed.sql).subarray(0, position).toString().split("\n").length - 1;
}

function unknownTable(source: ModelSource, line: number, written: string, names: readonly string[]): MillraceError {
  const candidates = written.includes(".")
    ? names
    : [
        ...names
          .filter((name) => name.startsWith(`${source.domain}.`))
          .map((name) => name.slice(source.domain.length + 1)),
        ...names,
      ];
  return modelError(source, line, `there is no table or model "${written}"${didYouMean(written, candidates)}`);
}
