// Turns a parsed template into a function that renders it, and finds the names that it expects from its context.
import { compileExpression, type Evaluate } from "./compile-expression.ts";
import { demandLength } from "./limits.ts";
import { str } from "./python-text.ts";
import { dictSet, isDict, iterate, PythonError, truthy } from "./python-values.ts";
import type { Scope } from "./scope.ts";
import { capturedName, type Body, type Expression, type Statement, type Target } from "./syntax.ts";

type Render = (scope: Scope, out: Output) => void;

class Output {
  readonly #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    demandLength(this.#length, "text");
    this.#parts.push(text);
  }

  text(): string {
    return this.#parts.join("");
  }
}

/** Renders with a scope; the scope is not used afterwards. @throws PythonError */
export function compileBody(body: Body): (scope: Scope) => string {
  const render = sequence(body);
  return (scope) => {
    const out = new Output();
    render(scope, out);
    return out.text();
  };
}

function sequence(body: Body): Render {
  const steps = body.map(compileStatement);
  return (scope, out) => {
    for (const step of steps) step(scope, out);
  };
}

function compileStatement(statement: Statement): Render {
  switch (statement.kind) {
    case "text":
      return (_scope, out) => out.add(statement.text);
    case "output": {
      const evaluate = compileExpression(statement.expression);
      return (scope, out) => out.add(str(evaluate(scope)));
    }
    case "if":
      return compileIf(statement);
    case "for":
      return compileFor(statement);
    case "set": {
      const value = compileExpression(statement.value);
      return (scope) => assign(scope, statement.target, value(scope));
    }
    case "set-block": {
      const capture = captured(statement.body, statement.filters);
      return (scope) => assign(scope, statement.target, capture(scope));
    }
    case "filter": {
      const capture = captured(statement.body, statement.filters);
      return (scope, out) => out.add(str(capture(scope)));
    }
    case "with":
      return compileWith(statement);
  }
}

/** Renders a body and hands its text to filters. */
function captured(body: Body, filters: Expression | null): Evaluate {
  const render = compileBody(body);
  const through = filters === null ? null : compileExpression(filters);
  return (scope) => {
    const inner = scope.child();
    const text = render(inner);
    if (through === null) return text;
    inner.set(capturedName, text);
    return through(inner);
  };
}

function compileIf({ branches, otherwise }: Extract<Statement, { kind: "if" }>): Render {
  const cases = branches.map(({ condition, body }) => ({
    condition: compileExpression(condition),
    render: sequence(body),
  }));
  const fallback = sequence(otherwise);
  return (scope, out) => {
    const chosen = cases.find(({ condition }) => truthy(condition(scope)));
    (chosen?.render ?? fallback)(scope, out);
  };
}

function compileFor({ target, items, condition, body, otherwise }: Extract<Statement, { kind: "for" }>): Render {
  const source = compileExpression(items);
  const filter = condition === null ? null : compileExpression(condition);
  const [render, fallback] = [sequence(body), sequence(otherwise)];
  return (scope, out) => {
    const all = iterate(source(scope));
    scope.registry.steps.take(all.length);
    const kept = filter === null ? all : all.filter((value) => truthy(filter(turn(scope, target, value))));
    if (kept.length === 0) fallback(scope, out);
    for (const [index, value] of kept.entries()) {
      const inner = turn(scope, target, value);
      inner.set("loop", loopState(kept, index));
      render(inner, out);
    }
  };
}

function turn(scope: Scope, target: Target, value: unknown): Scope {
  const inner = scope.child();
  assign(inner, target, value);
  return inner;
}

function loopState(items: readonly unknown[], index: number): object {
  const state: Record<string, unknown> = {
    index: index + 1,
    index0: index,
    revindex: items.length - index,
    revindex0: items.length - index - 1,
    first: index === 0,
    last: index === items.length - 1,
    length: items.length,
    depth: 1,
    depth0: 0,
  };
  if (index > 0) state["previtem"] = items[index - 1];
  if (index + 1 < items.length) state["nextitem"] = items[index + 1];
  return state;
}

function compileWith({ entries, body }: Extract<Statement, { kind: "with" }>): Render {
  const values = entries.map(({ target, value }) => ({ target, value: compileExpression(value) }));
  const render = sequence(body);
  return (scope, out) => {
    const inner = scope.child();
    for (const { target, value } of values) assign(inner, target, value(scope));
    render(inner, out);
  };
}

function assign(scope: Scope, target: Target, value: unknown): void {
  if (target.kind === "name") scope.set(target.name, value);
  else if (target.kind === "field") {
    const holder = scope.get(target.name);
    if (!isDict(holder))
      throw new PythonError("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
    dictSet(holder, target.field, value);
  } else {
    const items = iterate(value);
    if (items.length !== target.targets.length)
      throw new PythonError("ValueError", `cannot unpack ${items.length} values into ${target.targets.length} names`);
    for (const [at, inner] of target.targets.entries()) assign(scope, inner, items[at]);
  }
}
