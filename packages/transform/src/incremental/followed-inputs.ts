// Which inputs may an incremental model follow row by row? An input can be followed where each of its rows makes rows of the result on its own, so that
// the keys of what a new row touches are the keys of the statement over that row alone. Everything else says why not. Errs on the side of a full build.
import type { FunctionFacts } from "../sql/dialect.ts";
import { cteBody, referencesOf, subqueryBody, type StatementReferences } from "../sql/references.ts";
import { childrenOf, nodeOf, nodesOf, sameExpression, textOf, textsOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { callsAny, has } from "./expressions.ts";

/** A SELECT whose rows are rows of the result: the statement itself, or a branch of its UNION. */
export interface ResultSelect {
  readonly node: SyntaxNode;
  /** The expression of each key column, in key order. */
  readonly keys: readonly SyntaxNode[];
}

export interface Analysis {
  readonly selects: readonly ResultSelect[];
  /** Table nodes of which every new row can be followed. */
  readonly followed: ReadonlySet<SyntaxNode>;
  /** Why the other table nodes cannot. */
  readonly because: ReadonlyMap<SyntaxNode, string>;
}

/** What about a statement forbids to recompute some of its keys and keep the others. */
export interface Obstacle {
  readonly obstacle: string;
}

export function analyse(query: SyntaxNode, key: readonly string[], functions: FunctionFacts): Analysis | Obstacle {
  const selects = resultSelects(query, key);
  if ("obstacle" in selects) return selects;
  for (const select of selects) {
    const obstacle = obstacleOf(select, key, functions);
    if (obstacle !== undefined) return { obstacle };
  }
  const followed = new Set<SyntaxNode>();
  const because = new Map<SyntaxNode, string>();
  const walker = new FromWalker(referencesOf(query), functions, followed, because);
  for (const { node } of selects) {
    const from = nodeOf(node, "from_table");
    if (from !== undefined) walker.follow(from);
  }
  return { selects, followed, because };
}

function resultSelects(query: SyntaxNode, key: readonly string[]): readonly ResultSelect[] | Obstacle {
  const branches = branchesOf(query);
  const [first] = branches ?? [];
  if (branches === undefined || first === undefined)
    return { obstacle: "it is neither a SELECT nor a UNION of SELECTs" };
  if (limited(query)) return { obstacle: "it has LIMIT, OFFSET or a sample" };
  if (branches.length === 1) {
    const keys = key.map((column) => keyExpression(first, column));
    const missing = key[keys.indexOf(undefined)];
    if (missing !== undefined) return { obstacle: `key column ${missing} is not an expression of its own` };
    return [{ node: first, keys: keys.filter((expression) => expression !== undefined) }];
  }
  const items = nodesOf(first, "select_list");
  const places = key.map((column) => items.findIndex((item) => sameName(outputName(item), column)));
  const starred = branches.some((branch) => nodesOf(branch, "select_list").some((item) => has(item, "STAR")));
  if (starred || places.includes(-1)) return { obstacle: "it is a UNION whose key columns are not written out" };
  return branches.map((node) => {
    const list = nodesOf(node, "select_list");
    return { node, keys: places.map((place) => list[place]).filter((expression) => expression !== undefined) };
  });
}

/** The SELECTs of a tree of UNIONs, left to right; undefined when something else is among them. */
export function branchesOf(query: SyntaxNode): readonly SyntaxNode[] | undefined {
  if (textOf(query, "type") === "SELECT_NODE") return [query];
  if (!isUnion(query) || limited(query)) return undefined;
  const sides = unionSides(query).map(branchesOf);
  return sides.includes(undefined) ? undefined : sides.flatMap((side) => side ?? []);
}

/** The queries that a UNION puts together. The engine writes two sides or a list, depending on its storage version. */
export function unionSides(query: SyntaxNode): readonly SyntaxNode[] {
  return [nodeOf(query, "left"), nodeOf(query, "right"), ...nodesOf(query, "children")].filter(
    (side) => side !== undefined,
  );
}

export function isUnion(query: SyntaxNode): boolean {
  return textOf(query, "type") === "SET_OPERATION_NODE" && textOf(query, "setop_type") === "UNION";
}

function limited(query: SyntaxNode): boolean {
  const kinds = nodesOf(query, "modifiers").map((modifier) => textOf(modifier, "type"));
  return nodeOf(query, "sample") !== undefined || kinds.some((kind) => kind.startsWith("LIMIT"));
}

function keyExpression(select: SyntaxNode, column: string): SyntaxNode | undefined {
  const items = nodesOf(select, "select_list");
  const written = items.find((item) => sameName(outputName(item), column));
  if (written !== undefined) return written;
  const star = items.find((item) => textOf(item, "class") === "STAR");
  const plain = star !== undefined && star["columns"] === false && nodesOf(star, "replace_list").length === 0;
  const renamed = star !== undefined && nodesOf(star, "rename_list").length > 0;
  return plain && !renamed ? { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", column_names: [column] } : undefined;
}

function outputName(item: SyntaxNode): string {
  const alias = textOf(item, "alias");
  if (alias !== "" || textOf(item, "class") !== "COLUMN_REF") return alias;
  return textsOf(item, "column_names").at(-1) ?? "";
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function obstacleOf(select: ResultSelect, key: readonly string[], functions: FunctionFacts): string | undefined {
  const { node, keys } = select;
  if (limited(node)) return "it has LIMIT, OFFSET or a sample";
  const reduced = keys.findIndex(
    (item) => callsAny(item, functions.aggregates) || has(item, "WINDOW") || has(item, "SUBQUERY"),
  );
  if (reduced >= 0) return `key column ${key[reduced] ?? ""} is an aggregate, a window or a subquery`;
  const distinctOn = nodesOf(node, "modifiers").flatMap((modifier) => nodesOf(modifier, "distinct_on_targets"));
  if (distinctOn.length > 0 && !holdsKeys(distinctOn, select)) return "its DISTINCT ON leaves out key columns";
  const mixing = windowsOf(node).find((window) => !holdsKeys(nodesOf(window, "partitions"), select));
  return mixing === undefined ? undefined : "a window is not partitioned by the key columns";
}

/** True when every key expression is among `expressions`, so that rows of one such group share their key. */
function holdsKeys(expressions: readonly SyntaxNode[], { keys }: ResultSelect): boolean {
  return keys.every((key) => expressions.some((expression) => sameExpression(key, expression)));
}

/** Window calls of the SELECT itself, those inside expression subqueries left out. */
function windowsOf(select: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (textOf(node, "class") === "SUBQUERY") return;
    if (textOf(node, "class") === "WINDOW") found.push(node);
    for (const child of childrenOf(node)) visit(child);
  };
  for (const item of nodesOf(select, "select_list")) visit(item);
  const qualify = nodeOf(select, "qualify");
  if (qualify !== undefined) visit(qualify);
  return found;
}

type Side = "both" | "left" | "right" | "none";

/** Sides of a join of which each row makes result rows on its own. On the other side a new row can also take rows away. */
function followedSide(join: SyntaxNode): Side {
  const how = textOf(join, "ref_type");
  if (how === "POSITIONAL" || how === "NATURAL") return "none";
  const kind = textOf(join, "join_type");
  if (kind === "LEFT" || kind === "SEMI" || kind === "ANTI") return "left";
  if (kind === "RIGHT") return how === "ASOF" ? "none" : "right";
  if (kind === "INNER") return how === "ASOF" ? "left" : "both";
  return "none";
}

class FromWalker {
  readonly #references: StatementReferences;
  readonly #functions: FunctionFacts;
  readonly #followed: Set<SyntaxNode>;
  readonly #because: Map<SyntaxNode, string>;
  readonly #uses = new Map<SyntaxNode, number>();
  readonly #blamed = new Set<SyntaxNode>();

  constructor(
    references: StatementReferences,
    functions: FunctionFacts,
    followed: Set<SyntaxNode>,
    because: Map<SyntaxNode, string>,
  ) {
    this.#references = references;
    this.#functions = functions;
    this.#followed = followed;
    this.#because = because;
    for (const entry of references.ctes.values()) this.#uses.set(entry, (this.#uses.get(entry) ?? 0) + 1);
  }

  follow(from: SyntaxNode): void {
    if (nodeOf(from, "sample") !== undefined) return this.#blame(from, "it is sampled");
    switch (textOf(from, "type")) {
      case "BASE_TABLE":
        return this.#followTable(from);
      case "SUBQUERY": {
        const body = subqueryBody(from);
        return body === undefined ? undefined : this.#followDerived(body);
      }
      case "JOIN":
        return this.#followJoin(from);
      case "EMPTY":
      case "TABLE_FUNCTION":
      case "EXPRESSION_LIST":
        return undefined;
      default:
        return this.#blame(from, "it is read through a construct that is not followed");
    }
  }

  #followTable(table: SyntaxNode): void {
    const entry = this.#references.ctes.get(table);
    const body = entry === undefined ? undefined : cteBody(entry);
    if (entry === undefined || body === undefined) this.#followed.add(table);
    else if ((this.#uses.get(entry) ?? 0) > 1)
      this.#blame(body, `it is read in a WITH query that is used more than once`);
    else this.#followDerived(body);
  }

  #followJoin(join: SyntaxNode): void {
    const followed = followedSide(join);
    for (const side of ["left", "right"] as const) {
      const below = nodeOf(join, side);
      if (below === undefined) continue;
      if (followed === "both" || followed === side) this.follow(below);
      else this.#blame(below, "it is on the side of a join whose new rows can take rows away");
    }
  }

  /** A query in FROM or WITH: plain rows of its own inputs, nothing grouped, ranked or cut off. */
  #followDerived(query: SyntaxNode): void {
    const branches = branchesOf(query);
    if (branches === undefined) return this.#blame(query, "it is read inside a query that is no SELECT or UNION");
    for (const branch of branches) {
      const grouping = this.#groupingOf(branch);
      const from = nodeOf(branch, "from_table");
      if (grouping !== undefined) this.#blame(branch, grouping);
      else if (from !== undefined) this.follow(from);
    }
  }

  #groupingOf(select: SyntaxNode): string | undefined {
    const inner = "it is read inside a query that";
    const aggregated =
      nodesOf(select, "group_expressions").length > 0 ||
      textOf(select, "aggregate_handling") === "FORCE_AGGREGATES" ||
      nodeOf(select, "having") !== undefined ||
      nodesOf(select, "select_list").some((item) => callsAny(item, this.#functions.aggregates));
    if (aggregated) return `${inner} groups`;
    if (windowsOf(select).length > 0) return `${inner} has a window`;
    const on = nodesOf(select, "modifiers").some((modifier) => nodesOf(modifier, "distinct_on_targets").length > 0);
    return limited(select) || on ? `${inner} keeps only some rows` : undefined;
  }

  #blame(node: SyntaxNode, reason: string): void {
    // A recursive WITH query names itself.
    if (this.#blamed.has(node)) return;
    this.#blamed.add(node);
    if (textOf(node, "type") === "BASE_TABLE") {
      const entry = this.#references.ctes.get(node);
      const body = entry === undefined ? undefined : cteBody(entry);
      if (body !== undefined) this.#blame(body, reason);
      else if (!this.#because.has(node)) this.#because.set(node, reason);
      return;
    }
    for (const child of childrenOf(node)) this.#blame(child, reason);
  }
}
