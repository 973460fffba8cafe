// The sources of an expression: every column in it, with how the expression uses it.
import { childrenOf, nodeOf, nodesOf, textOf, textsOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { subqueryBody } from "../sql/references.ts";
import { allOf, Scope } from "./scope.ts";
import { Sources, type SourceUse } from "./sources.ts";

/** What the sources of a subquery are; the walk over queries gives it, because each needs the other. */
export interface ExpressionContext {
  readonly aggregates: ReadonlySet<string>;
  readonly subquery: (query: SyntaxNode, outer: Scope) => { readonly values: Sources; readonly rows: Sources };
}

export function expressionSources(node: SyntaxNode, scope: Scope, context: ExpressionContext): Sources {
  const of = (part: SyntaxNode): Sources => expressionSources(part, scope, context);
  const used = (parts: readonly SyntaxNode[], use: SourceUse): Sources => Sources.union(parts.map(of)).as(use);
  switch (textOf(node, "class")) {
    case "COLUMN_REF":
      // A field of a struct counts as its column.
      return scope.resolve(textsOf(node, "column_names"));
    case "STAR":
      return Sources.union(scope.relations.filter((one) => named(one.alias, node)).map(allOf)).as("transformation");
    case "FUNCTION":
      return functionSources(node, used, context);
    case "WINDOW":
      return windowSources(node, used);
    case "CASE":
      return caseSources(node, used);
    case "SUBQUERY":
      return subquerySources(node, scope, context, used);
    case "LAMBDA": {
      const parameters = lambdaParameters(node);
      const inner = new Scope([], scope, parameters);
      const body = nodeOf(node, "expr");
      return body === undefined ? Sources.none : expressionSources(body, inner, context).as("transformation");
    }
    default:
      return used(childrenOf(node), "transformation");
  }
}

function named(alias: string, star: SyntaxNode): boolean {
  const relation = textOf(star, "relation_name").toLowerCase();
  return relation === "" || relation === alias;
}

type Used = (parts: readonly SyntaxNode[], use: SourceUse) => Sources;

function functionSources(node: SyntaxNode, used: Used, { aggregates }: ExpressionContext): Sources {
  const aggregate = aggregates.has(textOf(node, "function_name").toLowerCase());
  const filter = nodeOf(node, "filter");
  const orders = nodeOf(node, "order_bys");
  return Sources.union([
    used(nodesOf(node, "children"), aggregate ? "aggregation" : "transformation"),
    used(filter === undefined ? [] : [filter], "conditional"),
    used(orders === undefined ? [] : childrenOf(orders), "sort"),
  ]);
}

function windowSources(node: SyntaxNode, used: Used): Sources {
  const aggregate = textOf(node, "type") === "WINDOW_AGGREGATE";
  const filter = nodeOf(node, "filter_expr");
  return Sources.union([
    used(nodesOf(node, "children"), aggregate ? "aggregation" : "transformation"),
    used(filter === undefined ? [] : [filter], "conditional"),
    used([...nodesOf(node, "partitions"), ...nodesOf(node, "orders"), ...nodesOf(node, "arg_orders")], "window"),
  ]);
}

function caseSources(node: SyntaxNode, used: Used): Sources {
  const checks = nodesOf(node, "case_checks");
  const part = (field: string): SyntaxNode[] =>
    checks.map((check) => nodeOf(check, field)).filter((found) => found !== undefined);
  const otherwise = nodeOf(node, "else_expr");
  return Sources.union([
    used(part("when_expr"), "conditional"),
    used([...part("then_expr"), ...(otherwise === undefined ? [] : [otherwise])], "transformation"),
  ]);
}

/** A scalar subquery is a value; EXISTS and IN only ask whether there are rows. */
function subquerySources(node: SyntaxNode, scope: Scope, context: ExpressionContext, used: Used): Sources {
  const body = subqueryBody(node);
  if (body === undefined) return Sources.none;
  const { values, rows } = context.subquery(body, scope);
  const child = nodeOf(node, "child");
  const asked = used(child === undefined ? [] : [child], "conditional");
  const isValue = textOf(node, "subquery_type") === "SCALAR";
  return Sources.union([values.as(isValue ? "transformation" : "conditional"), rows.as("conditional"), asked]);
}

function lambdaParameters(node: SyntaxNode): readonly string[] {
  const left = nodeOf(node, "lhs");
  if (left === undefined) return [];
  const places = textOf(left, "class") === "COLUMN_REF" ? [left] : nodesOf(left, "children");
  return places.flatMap((place) => textsOf(place, "column_names"));
}
