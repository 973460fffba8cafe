// Turns expressions into functions once, so that evaluating many times costs no parsing. Nothing of a template is ever run as JavaScript.
import { attribute, call, item, sliceItem } from "./attributes.ts";
import { demandHashable, binary, compares, unary } from "./operators.ts";
import { demandLength } from "./limits.ts";
import { plainDict } from "./python-literal.ts";
import { str } from "./python-text.ts";
import { dictKeys, dictGet, isDict, iterate, PythonError, PyTuple, truthy, Undefined } from "./python-values.ts";
import { filterNames, testNames, type Scope } from "./scope.ts";
import { TemplateSyntaxError, type CallArguments, type Expression } from "./syntax.ts";
import { didYouMean } from "@millrace/core";

export type Evaluate = (scope: Scope) => unknown;

/** @throws TemplateSyntaxError for an unknown filter or test */
export function compileExpression(expression: Expression): Evaluate {
  switch (expression.kind) {
    case "constant": {
      const { value } = expression;
      return () => value;
    }
    case "name": {
      const { name } = expression;
      return (scope) => scope.get(name);
    }
    case "attribute":
    case "item":
    case "slice":
      return compileAccess(expression);
    case "call":
    case "filter":
    case "test":
      return compileApplication(expression);
    case "list":
    case "tuple":
    case "dict":
      return compileContainer(expression);
    default:
      return compileOperation(expression);
  }
}

function compileAccess(expression: Extract<Expression, { kind: "attribute" | "item" | "slice" }>): Evaluate {
  const object = compileExpression(expression.object);
  if (expression.kind === "attribute") {
    const { name } = expression;
    return (scope) => attribute(object(scope), name);
  }
  if (expression.kind === "item") {
    const key = compileExpression(expression.key);
    return (scope) => item(object(scope), key(scope));
  }
  const bounds = [expression.start, expression.stop, expression.step].map((bound) =>
    bound === null ? () => null : compileExpression(bound),
  );
  return (scope) =>
    sliceItem(
      object(scope),
      bounds.map((bound) => bound(scope)),
    );
}

function compileApplication(expression: Extract<Expression, { kind: "call" | "filter" | "test" }>): Evaluate {
  const args = compileArguments(expression.args);
  if (expression.kind === "call") {
    const callee = compileExpression(expression.callee);
    return (scope) => {
      scope.registry.steps.take();
      const target = callee(scope);
      const { positional, named } = args(scope);
      return bounded(call(target, positional, named));
    };
  }
  const { name } = expression;
  const input = compileExpression(expression.input);
  if (expression.kind === "filter") {
    demandKnown("filter", name, filterNames);
    return (scope) => {
      scope.registry.steps.take();
      const value = input(scope);
      const { positional, named } = args(scope);
      return bounded(scope.registry.filter(name, [value, ...positional], named));
    };
  }
  demandKnown("test", name, testNames);
  const { negated } = expression;
  return (scope) => scope.registry.test(name, [input(scope), ...args(scope).positional]) !== negated;
}

/** Text that filters and methods make cannot grow from one to the next. */
function bounded(value: unknown): unknown {
  if (typeof value === "string") demandLength(value.length, "text");
  return value;
}

function demandKnown(what: string, name: string, known: readonly string[]): void {
  if (!known.includes(name))
    throw new TemplateSyntaxError(`there is no ${what} "${name}"${didYouMean(name, known)}`, 0);
}

function compileArguments(
  args: CallArguments,
): (scope: Scope) => { readonly positional: readonly unknown[]; readonly named: ReadonlyMap<string, unknown> } {
  const positional = args.positional.map(compileExpression);
  const named = args.named.map(({ name, value }) => [name, compileExpression(value)] as const);
  const spread = args.spread.map(compileExpression);
  const spreadNamed = args.spreadNamed.map(compileExpression);
  return (scope) => ({
    positional: [...positional.map((value) => value(scope)), ...spread.flatMap((value) => iterate(value(scope)))],
    named: new Map<string, unknown>([
      ...named.map(([name, value]) => [name, value(scope)] as const),
      ...spreadNamed.flatMap((value) => namedValues(value(scope))),
    ]),
  });
}

function namedValues(value: unknown): (readonly [string, unknown])[] {
  if (!isDict(value)) throw new PythonError("TypeError", "argument after ** must be a mapping");
  return dictKeys(value).map((key) => [str(key), dictGet(value, key)] as const);
}

function compileContainer(expression: Extract<Expression, { kind: "list" | "tuple" | "dict" }>): Evaluate {
  if (expression.kind === "dict") {
    const entries = expression.entries.map(
      ([key, value]) => [compileExpression(key), compileExpression(value)] as const,
    );
    return (scope) => plainDict(entries.map(([key, value]) => [demandHashable(key(scope)), value(scope)] as const));
  }
  const items = expression.items.map(compileExpression);
  if (expression.kind === "list") return (scope) => items.map((value) => value(scope));
  return (scope) => new PyTuple(items.map((value) => value(scope)));
}

type Operation = Extract<Expression, { kind: "unary" | "binary" | "logic" | "concat" | "compare" | "if" }>;

function compileOperation(expression: Operation): Evaluate {
  switch (expression.kind) {
    case "unary": {
      const { operator } = expression;
      const operand = compileExpression(expression.operand);
      return operator === "not" ? (scope) => !truthy(operand(scope)) : (scope) => unary(operator, operand(scope));
    }
    case "binary": {
      const { operator } = expression;
      const [left, right] = [compileExpression(expression.left), compileExpression(expression.right)];
      return (scope) => binary(operator, left(scope), right(scope));
    }
    case "logic":
      return compileLogic(expression);
    case "concat": {
      const parts = expression.parts.map(compileExpression);
      return (scope) => {
        const texts = parts.map((part) => str(part(scope)));
        demandLength(
          texts.reduce((length, text) => length + text.length, 0),
          "text",
        );
        return texts.join("");
      };
    }
    case "compare":
      return compileComparison(expression);
    case "if": {
      const [condition, then] = [compileExpression(expression.condition), compileExpression(expression.value)];
      const otherwise = expression.otherwise === null ? noElse : compileExpression(expression.otherwise);
      return (scope) => (truthy(condition(scope)) ? then(scope) : otherwise(scope));
    }
  }
}

const noElse = (): Undefined =>
  new Undefined("the inline if-expression evaluated to false and no else section was defined");

/** The operand that decides, not a boolean: Python's `and` and `or`. */
function compileLogic(expression: Extract<Expression, { kind: "logic" }>): Evaluate {
  const [left, right] = [compileExpression(expression.left), compileExpression(expression.right)];
  const stopsOn = expression.operator === "or";
  return (scope) => {
    const value = left(scope);
    return truthy(value) === stopsOn ? value : right(scope);
  };
}

function compileComparison({ first, rest }: Extract<Expression, { kind: "compare" }>): Evaluate {
  const start = compileExpression(first);
  const steps = rest.map(({ operator, right }) => ({ operator, right: compileExpression(right) }));
  return (scope) => {
    let left = start(scope);
    for (const { operator, right } of steps) {
      const value = right(scope);
      if (!compares(operator, left, value)) return false;
      left = value;
    }
    return true;
  };
}
