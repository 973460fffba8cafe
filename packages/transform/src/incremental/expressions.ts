// Questions about expressions that incremental planning asks: what they contain, which table's columns they use.
import { textOf, textsOf, walk, type SyntaxNode } from "../sql/syntax-tree.ts";

/** True when an expression of this class is in `node`. */
export function has(node: SyntaxNode, expressionClass: string): boolean {
  let found = false;
  walk(node, (below) => {
    found ||= textOf(below, "class") === expressionClass;
    return !found;
  });
  return found;
}

/** True when a function of these names (lower case) is called in `node`. */
export function callsAny(node: SyntaxNode, names: ReadonlySet<string>): boolean {
  let found = false;
  walk(node, (below) => {
    found ||= textOf(below, "class") === "FUNCTION" && names.has(textOf(below, "function_name").toLowerCase());
    return !found;
  });
  return found;
}

/** The column references in `node`, as lists of name parts in lower case. */
export function columnsIn(node: SyntaxNode): readonly (readonly string[])[] {
  const found: string[][] = [];
  walk(node, (below) => {
    if (textOf(below, "class") === "COLUMN_REF")
      found.push(textsOf(below, "column_names").map((part) => part.toLowerCase()));
    return undefined;
  });
  return found;
}
