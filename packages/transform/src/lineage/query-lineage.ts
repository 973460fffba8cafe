// The lineage of a query: the sources of each result column, and what decides which rows there are. Follows SQL's scopes: WITH queries, subqueries in FROM,
// lateral references, set operations. Constructs whose columns cannot be told apart (PIVOT, functions in FROM) count with all that goes into them.
import { childrenOf, nodeOf, nodesOf, textOf, textsOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { cteBody, cteEntries, subqueryBody } from "../sql/references.ts";
import { expressionSources, type ExpressionContext } from "./expressions.ts";
import { allOf, Scope, type Relation, type ScopeColumn } from "./scope.ts";
import { Sources, type SourceUse } from "./sources.ts";
import { starColumns } from "./star.ts";

export interface QueryLineage {
  readonly columns: readonly ScopeColumn[];
  /** Present when result columns cannot be told apart. */
  readonly open?: Sources;
  /** Filters, joins, groups: what decides which rows there are. */
  readonly rows: Sources;
}

export interface InputRelation {
  /** How the tree calls it. */
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

type Ctes = ReadonlyMap<string, QueryLineage>;

/** @param aggregates lower-case names of the functions that make one value of many */
export function queryLineage(
  query: SyntaxNode,
  inputs: readonly InputRelation[],
  aggregates: ReadonlySet<string>,
): QueryLineage {
  return new QueryWalk(inputs, aggregates).query(query, new Map(), undefined);
}

class QueryWalk {
  readonly #inputs: ReadonlyMap<string, InputRelation>;
  readonly #aggregates: ReadonlySet<string>;

  constructor(inputs: readonly InputRelation[], aggregates: ReadonlySet<string>) {
    this.#inputs = new Map(inputs.map((input) => [input.name.toLowerCase(), input]));
    this.#aggregates = aggregates;
  }

  query(query: SyntaxNode, outerCtes: Ctes, outer: Scope | undefined): QueryLineage {
    const ctes = new Map(outerCtes);
    for (const entry of cteEntries(query)) {
      const body = cteBody(entry);
      if (body === undefined) continue;
      const name = textOf(entry, "key").toLowerCase();
      const aliases = textsOf(nodeOf(entry, "value") ?? entry, "aliases");
      ctes.set(name, renamed(this.#cte(name, body, ctes, outer), aliases));
    }
    if (textOf(query, "type") === "SELECT_NODE") return this.#select(query, ctes, outer);
    return this.#setOperation(query, ctes, outer);
  }

  /** A recursive query sees what it has so far, until nothing is added: sources only grow. */
  #cte(name: string, body: SyntaxNode, ctes: Ctes, outer: Scope | undefined): QueryLineage {
    if (textOf(body, "type") !== "RECURSIVE_CTE_NODE") return this.query(body, ctes, outer);
    const [start, step] = [nodeOf(body, "left"), nodeOf(body, "right")];
    let found: QueryLineage = start === undefined ? nothing : this.query(start, ctes, outer);
    for (let size = -1; step !== undefined && size !== sizeOf(found);) {
      size = sizeOf(found);
      const again = this.query(step, new Map(ctes).set(name, found), outer);
      found = merged([found, again], false);
    }
    return found;
  }

  #setOperation(query: SyntaxNode, ctes: Ctes, outer: Scope | undefined): QueryLineage {
    const sides = [nodeOf(query, "left"), nodeOf(query, "right"), ...nodesOf(query, "children")]
      .filter((side) => side !== undefined)
      .map((side) => this.query(side, ctes, outer));
    const kind = textOf(query, "setop_type");
    if (kind === "UNION" || kind === "UNION_BY_NAME") return merged(sides, kind === "UNION_BY_NAME");
    const [left = nothing, ...others] = sides;
    const compared = others.map((side) => Sources.union([allOf({ alias: "", ...side }), side.rows]));
    return { ...left, rows: Sources.union([left.rows, ...compared.map((side) => side.as("filter"))]) };
  }

  #select(select: SyntaxNode, ctes: Ctes, outer: Scope | undefined): QueryLineage {
    const from = nodeOf(select, "from_table");
    const joined = from === undefined ? noFrom : this.#from(from, ctes, new Scope([], outer));
    const scope = new Scope(joined.relations, outer);
    const context = this.#context(ctes);
    const columns: ScopeColumn[] = [];
    let open: Sources | undefined;
    for (const item of nodesOf(select, "select_list")) {
      const expanded = starColumns(item, scope, (expression) => expressionSources(expression, scope, context));
      columns.push(...expanded.columns);
      for (const { name, sources } of expanded.columns) if (name !== "") scope.alias(name, sources);
      if (expanded.open !== undefined) open = Sources.union([open ?? Sources.none, expanded.open]);
    }
    const rows = Sources.union([joined.rows, ...this.#conditions(select, scope, context)]);
    return { columns, rows, ...(open === undefined ? {} : { open }) };
  }

  /** What a SELECT does to its rows. The order counts only where rows are cut off after it. */
  #conditions(select: SyntaxNode, scope: Scope, context: ExpressionContext): Sources[] {
    const used = (parts: readonly (SyntaxNode | undefined)[], use: SourceUse): Sources =>
      Sources.union(
        parts.map((part) => (part === undefined ? Sources.none : expressionSources(part, scope, context))),
      ).as(use);
    const modifiers = nodesOf(select, "modifiers");
    const limited = modifiers.some((modifier) => textOf(modifier, "type").startsWith("LIMIT"));
    const orders = limited ? modifiers.flatMap((modifier) => nodesOf(modifier, "orders")) : [];
    return [
      used([nodeOf(select, "where_clause"), nodeOf(select, "having"), nodeOf(select, "qualify")], "filter"),
      used(nodesOf(select, "group_expressions"), "group_by"),
      used(
        modifiers.flatMap((modifier) => nodesOf(modifier, "distinct_on_targets")),
        "group_by",
      ),
      used(orders, "sort"),
    ];
  }

  #context(ctes: Ctes): ExpressionContext {
    return {
      aggregates: this.#aggregates,
      subquery: (query, outer) => {
        const found = this.query(query, ctes, outer);
        return { values: allOf({ alias: "", ...found }), rows: found.rows };
      },
    };
  }

  #from(from: SyntaxNode, ctes: Ctes, left: Scope): From {
    const alias = textOf(from, "alias").toLowerCase();
    switch (textOf(from, "type")) {
      case "BASE_TABLE":
        return this.#table(from, alias || textOf(from, "table_name").toLowerCase(), ctes);
      case "SUBQUERY": {
        const body = subqueryBody(from);
        const found = body === undefined ? nothing : this.query(body, ctes, left);
        return one(alias, renamed(found, textsOf(from, "column_name_alias")));
      }
      case "JOIN":
        return this.#join(from, ctes, left);
      default:
        return this.#other(from, alias, ctes, left);
    }
  }

  #table(from: SyntaxNode, alias: string, ctes: Ctes): From {
    const name = textOf(from, "table_name").toLowerCase();
    const names = textsOf(from, "column_name_alias");
    const cte = textOf(from, "schema_name") === "" ? ctes.get(name) : undefined;
    if (cte !== undefined) return one(alias, renamed(cte, names));
    const input = this.#inputs.get(name);
    const columns = (input?.columns ?? []).map((column) => ({
      name: column,
      sources: Sources.column(input?.table ?? "", column),
    }));
    return one(alias, renamed({ columns, rows: Sources.none }, names));
  }

  /** The right side may look at the left one. Of SEMI and ANTI joins only the left side is seen afterwards. */
  #join(join: SyntaxNode, ctes: Ctes, outer: Scope): From {
    const [leftNode, rightNode] = [nodeOf(join, "left"), nodeOf(join, "right")];
    const left = leftNode === undefined ? noFrom : this.#from(leftNode, ctes, outer);
    const beside = new Scope(left.relations, outer);
    const right = rightNode === undefined ? noFrom : this.#from(rightNode, ctes, beside);
    const shared = usingColumns(join, left.relations, right.relations);
    const both = new Scope(oneOfBoth(left.relations, right.relations, shared), outer);
    const kind = textOf(join, "join_type");
    const asks = kind === "SEMI" || kind === "ANTI";
    const condition = nodeOf(join, "condition");
    const compared = [
      ...(condition === undefined ? [] : [expressionSources(condition, both, this.#context(ctes))]),
      ...shared.map((name) => both.resolve([name])),
    ];
    const rows = [left.rows, right.rows, ...compared.map((sources) => sources.as(asks ? "filter" : "join"))];
    return { relations: asks ? left.relations : both.relations, rows: Sources.union(rows) };
  }

  /** Functions, VALUES, PIVOT: columns by the names that they are given, all from everything that goes in. */
  #other(from: SyntaxNode, alias: string, ctes: Ctes, left: Scope): From {
    const source = nodeOf(from, "source");
    const below = source === undefined ? noFrom : this.#from(source, ctes, left);
    const scope = new Scope(below.relations, left);
    const parts = childrenOf(from).filter((child) => child !== source);
    const own = parts.map((part) => expressionSources(part, scope, this.#context(ctes)));
    const open = Sources.union([...own, ...below.relations.map(allOf)]).as("transformation");
    const columns = textsOf(from, "column_name_alias").map((name) => ({ name, sources: open }));
    const call = nodeOf(from, "function");
    const name = alias || (call === undefined ? "" : textOf(call, "function_name").toLowerCase());
    // What goes into a function also decides how many rows come out.
    return { relations: [{ alias: name, columns, open }], rows: Sources.union([below.rows, open.as("join")]) };
  }
}

interface From {
  readonly relations: readonly Relation[];
  readonly rows: Sources;
}

const nothing: QueryLineage = { columns: [], rows: Sources.none };
const noFrom: From = { relations: [], rows: Sources.none };

function one(alias: string, { rows, ...query }: QueryLineage): From {
  return { relations: [{ alias, ...query }], rows };
}

function renamed(query: QueryLineage, names: readonly string[]): QueryLineage {
  if (names.length === 0) return query;
  return { ...query, columns: query.columns.map((column, at) => ({ ...column, name: names[at] ?? column.name })) };
}

function usingColumns(join: SyntaxNode, left: readonly Relation[], right: readonly Relation[]): readonly string[] {
  if (textOf(join, "ref_type") !== "NATURAL") return textsOf(join, "using_columns");
  const names = (side: readonly Relation[]): string[] =>
    side.flatMap(({ columns }) => columns.map((column) => column.name.toLowerCase()));
  const there = new Set(names(right));
  return names(left).filter((name) => there.has(name));
}

/** Columns that USING names are one column with the sources of both. */
function oneOfBoth(
  left: readonly Relation[],
  right: readonly Relation[],
  shared: readonly string[],
): readonly Relation[] {
  if (shared.length === 0) return [...left, ...right];
  const merged = new Set(shared.map((name) => name.toLowerCase()));
  const sides = new Scope([...left, ...right]);
  const whole = left.map((relation) => ({
    ...relation,
    columns: relation.columns.map((column) =>
      merged.has(column.name.toLowerCase()) ? { ...column, sources: sides.resolve([column.name]) } : column,
    ),
  }));
  return [
    ...whole,
    ...right.map((relation) => ({ ...relation, merged: new Set([...(relation.merged ?? []), ...merged]) })),
  ];
}

/** Result columns of several queries over each other, by place or by name. */
function merged(queries: readonly QueryLineage[], byName: boolean): QueryLineage {
  const [first = nothing] = queries;
  const names = byName
    ? [...new Set(queries.flatMap(({ columns }) => columns.map(({ name }) => name.toLowerCase())))]
    : first.columns.map(({ name }) => name);
  const columns = names.map((name, at) => {
    const parts = queries.map((query) =>
      byName ? query.columns.find((column) => column.name.toLowerCase() === name) : query.columns[at],
    );
    return { name, sources: Sources.union(parts.map((part) => part?.sources ?? Sources.none)) };
  });
  const open = queries.flatMap((query) => (query.open === undefined ? [] : [query.open]));
  return {
    columns,
    rows: Sources.union(queries.map(({ rows }) => rows)),
    ...(open.length === 0 ? {} : { open: Sources.union(open) }),
  };
}

function sizeOf({ columns, rows }: QueryLineage): number {
  return rows.size + columns.reduce((sum, { sources }) => sum + sources.size, 0);
}
