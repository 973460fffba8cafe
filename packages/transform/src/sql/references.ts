// Which tables a statement reads, with the names of its own CTEs told apart. plan/ resolves them, incremental/ replaces them.
import { childrenOf, nodeOf, nodesOf, positionOf, textOf, textsOf, walk, type SyntaxNode } from "./syntax-tree.ts";

/** One place where a statement reads a table. */
export interface TableOccurrence {
  /** The node in the tree; its identity is the occurrence's identity. */
  readonly node: SyntaxNode;
  readonly domain?: string;
  readonly name: string;
  readonly position?: number;
}

export interface StatementReferences {
  readonly tables: readonly TableOccurrence[];
  /** Base-table nodes that name a CTE, with the CTE's entry in the tree. */
  readonly ctes: ReadonlyMap<SyntaxNode, SyntaxNode>;
  readonly cteNames: readonly string[];
}

type Scope = ReadonlyMap<string, SyntaxNode>;

/** Follows SQL's scopes: a CTE sees those before it, and itself only when it is recursive. Cost grows with the size of the tree. */
export function referencesOf(query: SyntaxNode): StatementReferences {
  const tables: TableOccurrence[] = [];
  const ctes = new Map<SyntaxNode, SyntaxNode>();
  const cteNames: string[] = [];
  const visit = (node: SyntaxNode, outer: Scope): void => {
    let scope = outer;
    const entries = cteEntries(node);
    for (const entry of entries) {
      const name = textOf(entry, "key").toLowerCase();
      cteNames.push(name);
      const body = cteBody(entry);
      const inner = new Map(scope).set(name, entry);
      if (body !== undefined) visit(body, textOf(body, "type") === "RECURSIVE_CTE_NODE" ? inner : scope);
      scope = inner;
    }
    if (textOf(node, "type") === "BASE_TABLE") note(node, scope);
    const map = nodeOf(node, "cte_map");
    for (const child of childrenOf(node)) if (child !== map) visit(child, scope);
  };
  const note = (node: SyntaxNode, scope: Scope): void => {
    const domain = [textOf(node, "catalog_name"), textOf(node, "schema_name")].filter((part) => part !== "").join(".");
    const name = textOf(node, "table_name");
    const cte = domain === "" ? scope.get(name.toLowerCase()) : undefined;
    const position = positionOf(node);
    if (cte !== undefined) ctes.set(node, cte);
    else
      tables.push({
        node,
        name,
        ...(domain === "" ? {} : { domain }),
        ...(position === undefined ? {} : { position }),
      });
  };
  visit(query, new Map());
  return { tables, ctes, cteNames };
}

/** The WITH entries of a query node, in order. */
export function cteEntries(query: SyntaxNode): readonly SyntaxNode[] {
  const map = nodeOf(query, "cte_map");
  return map === undefined ? [] : nodesOf(map, "map");
}

/** The query of a WITH entry. */
export function cteBody(entry: SyntaxNode): SyntaxNode | undefined {
  const value = nodeOf(entry, "value");
  const query = value === undefined ? undefined : nodeOf(value, "query");
  return query === undefined ? undefined : nodeOf(query, "node");
}

/** The query below a FROM-subquery or an expression's subquery. */
export function subqueryBody(node: SyntaxNode): SyntaxNode | undefined {
  const query = nodeOf(node, "subquery");
  return query === undefined ? undefined : nodeOf(query, "node");
}

/** FROM items that are neither tables nor queries, with the name of their function. */
export function tableFunctionsOf(query: SyntaxNode): NamedUse[] {
  const found: NamedUse[] = [];
  walk(query, (node) => {
    const type = textOf(node, "type");
    const call = type === "TABLE_FUNCTION" ? nodeOf(node, "function") : undefined;
    if (call !== undefined) found.push(named(textOf(call, "function_name").toLowerCase(), call));
    if (type === "SHOW_REF") found.push(named("describe", node));
    return undefined;
  });
  return found;
}

function named(name: string, node: SyntaxNode): NamedUse {
  const position = positionOf(node);
  return position === undefined ? { name } : { name, position };
}

export interface NamedUse {
  readonly name: string;
  readonly position?: number;
}

/** Names that SQL reads without parentheses. Any other bare name is a column. */
const bareFunctions: ReadonlySet<string> = new Set([
  "current_date",
  "current_role",
  "current_time",
  "current_timestamp",
  "current_user",
  "localtime",
  "localtimestamp",
  "session_user",
]);

/** Calls of the functions whose lower-case names are in `names`, also of those that are written without parentheses. */
export function usesOf(query: SyntaxNode, names: ReadonlySet<string>): NamedUse[] {
  const found: NamedUse[] = [];
  walk(query, (node) => {
    const name = calledName(node);
    if (name !== undefined && names.has(name)) found.push(named(name, node));
    return undefined;
  });
  return found;
}

function calledName(node: SyntaxNode): string | undefined {
  const kind = textOf(node, "class");
  if (kind === "FUNCTION" || kind === "WINDOW") {
    const name = textOf(node, "function_name").toLowerCase();
    // age(t) with one argument counts from today.
    return name === "age" && nodesOf(node, "children").length === 1 ? "current_date" : name;
  }
  const names = kind === "COLUMN_REF" ? textsOf(node, "column_names") : [];
  const bare = names[0]?.toLowerCase() ?? "";
  return names.length === 1 && bareFunctions.has(bare) ? bare : undefined;
}
