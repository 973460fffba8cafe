// One item of a select list as columns: `*` with EXCLUDE, REPLACE and RENAME becomes those that it stands for.
import { isNode, nodeOf, nodesOf, textOf, textsOf, walk, type SyntaxNode } from "../sql/syntax-tree.ts";
import type { Scope, ScopeColumn } from "./scope.ts";
import { Sources } from "./sources.ts";

export interface ItemColumns {
  readonly columns: readonly ScopeColumn[];
  /** Present when the columns cannot be told apart. */
  readonly open?: Sources;
}

export function starColumns(item: SyntaxNode, scope: Scope, sourcesOf: (node: SyntaxNode) => Sources): ItemColumns {
  if (hasColumns(item)) return { columns: [], open: sourcesOf(item) };
  if (textOf(item, "class") !== "STAR") return { columns: [{ name: outputName(item), sources: sourcesOf(item) }] };
  const relation = textOf(item, "relation_name").toLowerCase();
  const relations = scope.relations.filter((one) => relation === "" || one.alias === relation);
  const excluded = excludedNames(item);
  const replaced = new Map(pairs(item, "replace_list").map(([key, value]) => [key, sourcesOf(value)]));
  const renamed = renames(item);
  const columns = relations.flatMap(({ alias, columns: all, merged }) =>
    all
      .filter(({ name }) => !excluded(alias, name.toLowerCase()))
      .filter(({ name }) => relation !== "" || merged?.has(name.toLowerCase()) !== true)
      .map(({ name, sources }) => ({
        name: renamed.get(name.toLowerCase()) ?? name,
        sources: replaced.get(name.toLowerCase()) ?? sources,
      })),
  );
  const open = relations.flatMap((one) => (one.open === undefined || one.columns.length > 0 ? [] : [one.open]));
  return { columns, ...(open.length === 0 ? {} : { open: Sources.union(open) }) };
}

/** COLUMNS(...) makes one column for each that it finds. */
function hasColumns(item: SyntaxNode): boolean {
  let found = false;
  walk(item, (node) => {
    if (textOf(node, "class") === "SUBQUERY") return false;
    found ||= textOf(node, "class") === "STAR" && node["columns"] === true;
    return !found;
  });
  return found;
}

function outputName(item: SyntaxNode): string {
  const alias = textOf(item, "alias");
  if (alias !== "" || textOf(item, "class") !== "COLUMN_REF") return alias;
  return textsOf(item, "column_names").at(-1) ?? "";
}

function excludedNames(star: SyntaxNode): (alias: string, name: string) => boolean {
  const plain = new Set(textsOf(star, "exclude_list").map((name) => name.toLowerCase()));
  const qualified = nodesOf(star, "qualified_exclude_list").map((one) => ({
    table: textOf(one, "table").toLowerCase(),
    column: textOf(one, "column").toLowerCase(),
  }));
  return (alias, name) =>
    plain.has(name) || qualified.some(({ table, column }) => column === name && (table === "" || table === alias));
}

function pairs(star: SyntaxNode, field: string): readonly (readonly [string, SyntaxNode])[] {
  return nodesOf(star, field).flatMap((pair) => {
    const value = nodeOf(pair, "value");
    return value === undefined ? [] : [[textOf(pair, "key").toLowerCase(), value] as const];
  });
}

function renames(star: SyntaxNode): ReadonlyMap<string, string> {
  return new Map(
    nodesOf(star, "rename_list").flatMap((pair) => {
      const key = pair["key"];
      return isNode(key) ? [[textOf(key, "column").toLowerCase(), textOf(pair, "value")] as const] : [];
    }),
  );
}
