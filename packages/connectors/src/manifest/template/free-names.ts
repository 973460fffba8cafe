// The names that a template expects from its context: those that it neither sets itself nor finds among the macros.
import type { Body, CallArguments, Expression, Statement, Target } from "./syntax.ts";
import { capturedName } from "./syntax.ts";

/** In the order in which they first appear. */
export function freeNames(body: Body): readonly string[] {
  const found = new Set<string>();
  inBody(body, new Set([capturedName]), found);
  return [...found];
}

type Names = Set<string>;

function inBody(body: Body, bound: Names, found: Names): void {
  for (const statement of body) inStatement(statement, bound, found);
}

function inStatement(statement: Statement, bound: Names, found: Names): void {
  switch (statement.kind) {
    case "text":
      return;
    case "output":
      return inExpression(statement.expression, bound, found);
    case "if":
      for (const { condition, body } of statement.branches) {
        inExpression(condition, bound, found);
        inBody(body, bound, found);
      }
      return inBody(statement.otherwise, bound, found);
    case "set":
      inExpression(statement.value, bound, found);
      return bind(statement.target, bound);
    case "set-block":
    case "filter":
      inBody(statement.body, new Set(bound), found);
      if (statement.filters !== null) inExpression(statement.filters, bound, found);
      return statement.kind === "set-block" ? bind(statement.target, bound) : undefined;
    case "for":
      return inLoop(statement, bound, found);
    case "with": {
      const inner = new Set(bound);
      for (const { target, value } of statement.entries) {
        inExpression(value, bound, found);
        bind(target, inner);
      }
      return inBody(statement.body, inner, found);
    }
  }
}

function inLoop(statement: Extract<Statement, { kind: "for" }>, bound: Names, found: Names): void {
  inExpression(statement.items, bound, found);
  const inner = new Set([...bound, "loop"]);
  bind(statement.target, inner);
  if (statement.condition !== null) inExpression(statement.condition, inner, found);
  inBody(statement.body, inner, found);
  inBody(statement.otherwise, new Set(bound), found);
}

function bind(target: Target, bound: Names): void {
  if (target.kind === "name") bound.add(target.name);
  else if (target.kind === "several") for (const inner of target.targets) bind(inner, bound);
}

function inExpression(expression: Expression, bound: Names, found: Names): void {
  if (expression.kind === "name") {
    if (!bound.has(expression.name)) found.add(expression.name);
    return;
  }
  for (const part of parts(expression)) inExpression(part, bound, found);
}

function parts(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "constant":
    case "name":
      return [];
    case "attribute":
      return [expression.object];
    case "item":
      return [expression.object, expression.key];
    case "slice":
      return [expression.object, expression.start, expression.stop, expression.step].filter((part) => part !== null);
    case "call":
      return [expression.callee, ...argumentParts(expression.args)];
    case "filter":
    case "test":
      return [expression.input, ...argumentParts(expression.args)];
    case "unary":
      return [expression.operand];
    case "binary":
    case "logic":
      return [expression.left, expression.right];
    case "concat":
      return expression.parts;
    case "compare":
      return [expression.first, ...expression.rest.map(({ right }) => right)];
    case "if":
      return [expression.condition, expression.value, expression.otherwise].filter((part) => part !== null);
    case "list":
    case "tuple":
      return expression.items;
    case "dict":
      return expression.entries.flat();
  }
}

function argumentParts(args: CallArguments): readonly Expression[] {
  return [...args.positional, ...args.named.map(({ value }) => value), ...args.spread, ...args.spreadNamed];
}
