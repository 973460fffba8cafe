// Statements of templates: text, output, if, set, for, with, filter. What needs other templates (include, extends, import) or runs user code
// (macro, call) is refused by name.
import { parseExpression, parseFilterChain, parseOr, parseTuple } from "./parse-expression.ts";
import {
  capturedName,
  TemplateSyntaxError,
  type Body,
  type Expression,
  type Statement,
  type Target,
} from "./syntax.ts";
import { TokenReader } from "./token-reader.ts";

/** @throws TemplateSyntaxError */
export function parseTemplate(source: string): Body {
  const reader = new TokenReader(source);
  const body = parseBody(reader, []);
  if (reader.current.kind !== "end") throw reader.unexpected("the end of the template");
  return body;
}

/** Statements up to a block whose name is one of `ends`; that name is the current token then. */
function parseBody(reader: TokenReader, ends: readonly string[]): Body {
  return reader.nested(() => {
    const body: Statement[] = [];
    for (;;) {
      const { kind } = reader.current;
      if (kind === "text") body.push({ kind: "text", text: reader.next().value });
      else if (kind === "output-begin") body.push(parseOutput(reader));
      else if (kind === "block-begin") {
        reader.next();
        if (reader.isName(...ends) && ends.length > 0) return body;
        body.push(parseStatement(reader));
      } else {
        if (ends.length > 0) throw new TemplateSyntaxError(`{% ${ends.at(-1)} %} is missing`, reader.current.at);
        return body;
      }
    }
  });
}

function parseOutput(reader: TokenReader): Statement {
  reader.next();
  const expression = parseTuple(reader);
  reader.expectKind("output-end");
  return { kind: "output", expression };
}

function parseStatement(reader: TokenReader): Statement {
  const { at } = reader.current;
  const name = reader.expectName();
  switch (name) {
    case "if":
      return parseIf(reader);
    case "set":
      return parseSet(reader);
    case "for":
      return parseFor(reader);
    case "with":
      return parseWith(reader);
    case "filter":
      return parseFilterBlock(reader);
    default:
      throw new TemplateSyntaxError(`{% ${name} %} is not supported; known are if, set, for, with, filter and raw`, at);
  }
}

function parseIf(reader: TokenReader): Statement {
  const branches: { condition: Expression; body: Body }[] = [];
  let otherwise: Body = [];
  let condition: Expression | null = parseTuple(reader);
  while (condition !== null) {
    reader.expectKind("block-end");
    branches.push({ condition, body: parseBody(reader, ["elif", "else", "endif"]) });
    const end = reader.next().value;
    condition = end === "elif" ? parseTuple(reader) : null;
    if (end !== "else") continue;
    reader.expectKind("block-end");
    otherwise = parseBody(reader, ["endif"]);
    reader.next();
  }
  reader.expectKind("block-end");
  return { kind: "if", branches, otherwise };
}

function parseTarget(reader: TokenReader): Target {
  const targets = [parseOneTarget(reader)];
  while (reader.skipOperator(",")) {
    if (!reader.isName() && !reader.isOperator("(")) break;
    targets.push(parseOneTarget(reader));
  }
  const [only] = targets;
  return targets.length === 1 && only !== undefined ? only : { kind: "several", targets };
}

function parseOneTarget(reader: TokenReader): Target {
  if (reader.skipOperator("(")) {
    const target = parseTarget(reader);
    reader.expectOperator(")");
    return target;
  }
  const name = reader.expectName();
  return reader.skipOperator(".") ? { kind: "field", name, field: reader.expectName() } : { kind: "name", name };
}

function parseSet(reader: TokenReader): Statement {
  const target = parseTarget(reader);
  if (reader.skipOperator("=")) {
    const value = parseTuple(reader);
    reader.expectKind("block-end");
    return { kind: "set", target, value };
  }
  const filters = reader.isOperator("|") ? parseFilterChain(reader, { kind: "name", name: capturedName }) : null;
  reader.expectKind("block-end");
  const body = parseEnd(reader, "endset");
  return { kind: "set-block", target, filters, body };
}

/** A body up to its closing block, that block included. */
function parseEnd(reader: TokenReader, end: string): Body {
  const body = parseBody(reader, [end]);
  reader.next();
  reader.expectKind("block-end");
  return body;
}

function parseFor(reader: TokenReader): Statement {
  const target = parseTarget(reader);
  if (!reader.skipName("in")) throw reader.unexpected('"in"');
  const items = parseOr(reader);
  const condition = reader.skipName("if") ? parseExpression(reader) : null;
  reader.expectKind("block-end");
  const body = parseBody(reader, ["else", "endfor"]);
  let otherwise: Body = [];
  if (reader.next().value === "else") {
    reader.expectKind("block-end");
    otherwise = parseBody(reader, ["endfor"]);
    reader.next();
  }
  reader.expectKind("block-end");
  return { kind: "for", target, items, condition, body, otherwise };
}

function parseWith(reader: TokenReader): Statement {
  const entries: { target: Target; value: Expression }[] = [];
  while (reader.current.kind !== "block-end") {
    if (entries.length > 0) reader.expectOperator(",");
    const target = parseOneTarget(reader);
    reader.expectOperator("=");
    entries.push({ target, value: parseExpression(reader) });
  }
  reader.next();
  return { kind: "with", entries, body: parseEnd(reader, "endwith") };
}

function parseFilterBlock(reader: TokenReader): Statement {
  const filters = parseFilterChain(reader, { kind: "name", name: capturedName }, true);
  reader.expectKind("block-end");
  return { kind: "filter", filters, body: parseEnd(reader, "endfilter") };
}
