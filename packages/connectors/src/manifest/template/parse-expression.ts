// Expressions of templates, with Jinja's precedence: conditional, or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter and test.
import { readEscape } from "./python-literal.ts";
import { float, int } from "./python-values.ts";
import {
  TemplateSyntaxError,
  type BinaryOperator,
  type CallArguments,
  type CompareOperator,
  type Expression,
} from "./syntax.ts";
import type { TokenReader } from "./token-reader.ts";

const noArguments: CallArguments = { positional: [], named: [], spread: [], spreadNamed: [] };

/** One expression; with commas it is a tuple, as in `{{ a, b }}`. */
export function parseTuple(reader: TokenReader): Expression {
  const first = parseExpression(reader);
  if (!reader.isOperator(",")) return first;
  const items = [first];
  while (reader.skipOperator(",")) {
    if (reader.current.kind !== "name" && !startsExpression(reader)) break;
    items.push(parseExpression(reader));
  }
  return { kind: "tuple", items };
}

function startsExpression(reader: TokenReader): boolean {
  const { kind } = reader.current;
  if (kind === "operator") return reader.isOperator("(", "[", "{", "-", "+");
  return kind === "string" || kind === "integer" || kind === "float";
}

export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => parseConditional(reader));
}

function parseConditional(reader: TokenReader): Expression {
  let value = parseOr(reader);
  while (reader.skipName("if")) {
    const condition = parseOr(reader);
    const otherwise = reader.skipName("else") ? parseExpression(reader) : null;
    value = { kind: "if", condition, value, otherwise };
  }
  return value;
}

/** An expression without `if`, for the items of a loop. */
export function parseOr(reader: TokenReader): Expression {
  let left = parseAnd(reader);
  while (reader.skipName("or")) left = { kind: "logic", operator: "or", left, right: parseAnd(reader) };
  return left;
}

function parseAnd(reader: TokenReader): Expression {
  let left = parseNot(reader);
  while (reader.skipName("and")) left = { kind: "logic", operator: "and", left, right: parseNot(reader) };
  return left;
}

function parseNot(reader: TokenReader): Expression {
  if (reader.skipName("not")) return { kind: "unary", operator: "not", operand: reader.nested(() => parseNot(reader)) };
  return parseComparison(reader);
}

function parseComparison(reader: TokenReader): Expression {
  const first = parseSum(reader);
  const rest: { operator: CompareOperator; right: Expression }[] = [];
  for (;;) {
    const operator = comparison(reader);
    if (operator === undefined) break;
    rest.push({ operator, right: parseSum(reader) });
  }
  return rest.length === 0 ? first : { kind: "compare", first, rest };
}

function comparison(reader: TokenReader): CompareOperator | undefined {
  if (reader.isOperator("==", "!=", "<", "<=", ">", ">=")) return reader.next().value as CompareOperator;
  if (reader.skipName("in")) return "in";
  if (reader.isName("not") && reader.following.kind === "name" && reader.following.value === "in") {
    reader.next();
    reader.next();
    return "not in";
  }
  return undefined;
}

function parseSum(reader: TokenReader): Expression {
  let left = parseConcat(reader);
  while (reader.isOperator("+", "-"))
    left = { kind: "binary", operator: reader.next().value as BinaryOperator, left, right: parseConcat(reader) };
  return left;
}

function parseConcat(reader: TokenReader): Expression {
  const parts = [parseProduct(reader)];
  while (reader.skipOperator("~")) parts.push(parseProduct(reader));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: "concat", parts };
}

function parseProduct(reader: TokenReader): Expression {
  let left = parsePower(reader);
  while (reader.isOperator("*", "/", "//", "%"))
    left = { kind: "binary", operator: reader.next().value as BinaryOperator, left, right: parsePower(reader) };
  return left;
}

function parsePower(reader: TokenReader): Expression {
  let left = parseSigned(reader, true);
  while (reader.skipOperator("**")) left = { kind: "binary", operator: "**", left, right: parseSigned(reader, true) };
  return left;
}

function parseSigned(reader: TokenReader, withFilters: boolean): Expression {
  if (reader.isOperator("-", "+")) {
    const operator = reader.next().value as "+" | "-";
    const operand = reader.nested(() => parseSigned(reader, false));
    const value = parsePostfix(reader, { kind: "unary", operator, operand });
    return withFilters ? parseFilters(reader, value) : value;
  }
  const value = parsePostfix(reader, parsePrimary(reader));
  return withFilters ? parseFilters(reader, value) : value;
}

function parsePrimary(reader: TokenReader): Expression {
  const { kind, value, at } = reader.current;
  if (kind === "name") {
    reader.next();
    return constantName(value) ?? { kind: "name", name: value };
  }
  if (kind === "string") return { kind: "constant", value: parseStrings(reader) };
  if (kind === "integer" || kind === "float") {
    reader.next();
    return { kind: "constant", value: number(kind, value) };
  }
  if (reader.skipOperator("(")) return parseParenthesis(reader);
  if (reader.skipOperator("[")) return { kind: "list", items: parseItems(reader, "]") };
  if (reader.skipOperator("{")) return parseDict(reader);
  if (kind === "end") throw new TemplateSyntaxError("the expression is not complete", at);
  throw reader.unexpected("an expression");
}

function constantName(name: string): Expression | undefined {
  if (name === "true" || name === "True") return { kind: "constant", value: true };
  if (name === "false" || name === "False") return { kind: "constant", value: false };
  return name === "none" || name === "None" ? { kind: "constant", value: null } : undefined;
}

function number(kind: "integer" | "float", text: string): unknown {
  const digits = text.replaceAll("_", "");
  return kind === "float" ? float(Number(digits)) : int(BigInt(/^0+$/.test(digits) ? "0" : digits));
}

function parseStrings(reader: TokenReader): string {
  let text = "";
  while (reader.current.kind === "string") {
    const { value, at } = reader.next();
    text += unescape(value.slice(1, -1), at);
  }
  return text;
}

function unescape(text: string, at: number): string {
  if (!text.includes("\\")) return text;
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] !== "\\") {
      out += text[index];
      continue;
    }
    const escape = readEscape(text, index + 1);
    if (escape === undefined) throw new TemplateSyntaxError("wrong escape in a string", at + index);
    out += escape.value;
    index += escape.length;
  }
  return out;
}

function parseParenthesis(reader: TokenReader): Expression {
  if (reader.skipOperator(")")) return { kind: "tuple", items: [] };
  const value = parseTuple(reader);
  reader.expectOperator(")");
  return value;
}

function parseItems(reader: TokenReader, close: string): Expression[] {
  const items: Expression[] = [];
  while (!reader.skipOperator(close)) {
    if (items.length > 0) reader.expectOperator(",");
    if (reader.skipOperator(close)) break;
    items.push(parseExpression(reader));
  }
  return items;
}

function parseDict(reader: TokenReader): Expression {
  const entries: [Expression, Expression][] = [];
  while (!reader.skipOperator("}")) {
    if (entries.length > 0) reader.expectOperator(",");
    if (reader.skipOperator("}")) break;
    const key = parseExpression(reader);
    reader.expectOperator(":");
    entries.push([key, parseExpression(reader)]);
  }
  return { kind: "dict", entries };
}

function parsePostfix(reader: TokenReader, start: Expression): Expression {
  let value = start;
  for (;;) {
    if (reader.skipOperator(".")) value = parseAttribute(reader, value);
    else if (reader.skipOperator("[")) value = parseSubscript(reader, value);
    else if (reader.skipOperator("(")) value = { kind: "call", callee: value, args: parseArguments(reader) };
    else return value;
  }
}

function parseAttribute(reader: TokenReader, object: Expression): Expression {
  if (reader.current.kind === "integer")
    return { kind: "item", object, key: { kind: "constant", value: Number(reader.next().value) } };
  return { kind: "attribute", object, name: reader.expectName() };
}

function parseSubscript(reader: TokenReader, object: Expression): Expression {
  const part = (): Expression | null => (reader.isOperator(":", "]", ",") ? null : parseExpression(reader));
  const start = part();
  if (!reader.isOperator(":")) {
    if (start === null) throw reader.unexpected("an expression");
    const keys = [start];
    while (reader.skipOperator(",")) keys.push(parseExpression(reader));
    reader.expectOperator("]");
    return { kind: "item", object, key: keys.length === 1 ? start : { kind: "tuple", items: keys } };
  }
  reader.expectOperator(":");
  const stop = part();
  const step = reader.skipOperator(":") ? part() : null;
  reader.expectOperator("]");
  return { kind: "slice", object, start, stop, step };
}

/** The arguments after an opening parenthesis. */
function parseArguments(reader: TokenReader): CallArguments {
  const args = { positional: [], named: [], spread: [], spreadNamed: [] } as {
    [K in keyof CallArguments]: CallArguments[K][number][];
  };
  let first = true;
  while (!reader.skipOperator(")")) {
    if (!first) reader.expectOperator(",");
    if (reader.skipOperator(")")) break;
    first = false;
    if (reader.skipOperator("*")) args.spread.push(parseExpression(reader));
    else if (reader.skipOperator("**")) args.spreadNamed.push(parseExpression(reader));
    else if (reader.isName() && reader.following.kind === "operator" && reader.following.value === "=") {
      const name = reader.next().value;
      reader.next();
      args.named.push({ name, value: parseExpression(reader) });
    } else args.positional.push(parseExpression(reader));
  }
  return args;
}

/** Filters and tests after a value. */
function parseFilters(reader: TokenReader, start: Expression): Expression {
  let value = start;
  for (;;) {
    if (reader.isOperator("|")) value = parseFilterChain(reader, value);
    else if (reader.skipName("is")) value = parseTest(reader, value);
    else if (reader.isOperator("(")) {
      reader.next();
      value = { kind: "call", callee: value, args: parseArguments(reader) };
    } else return value;
  }
}

/** `|name(args)|...`, or the same without the first bar when `bare` (in `{% filter name %}`). */
export function parseFilterChain(reader: TokenReader, input: Expression, bare = false): Expression {
  let value = input;
  let barless = bare;
  while (barless || reader.skipOperator("|")) {
    barless = false;
    let name = reader.expectName();
    while (reader.skipOperator(".")) name += `.${reader.expectName()}`;
    const args = reader.skipOperator("(") ? parseArguments(reader) : noArguments;
    value = { kind: "filter", name, input: value, args };
  }
  return value;
}

function parseTest(reader: TokenReader, input: Expression): Expression {
  const negated = reader.skipName("not");
  let name = reader.expectName();
  while (reader.skipOperator(".")) name += `.${reader.expectName()}`;
  return { kind: "test", name, input, args: testArguments(reader), negated };
}

function testArguments(reader: TokenReader): CallArguments {
  if (reader.skipOperator("(")) return parseArguments(reader);
  const { kind } = reader.current;
  const named = kind === "name" && !reader.isName("else", "or", "and", "is", "if", "in", "not");
  const literal = kind === "string" || kind === "integer" || kind === "float" || reader.isOperator("[", "{");
  if (!named && !literal) return noArguments;
  return { ...noArguments, positional: [parsePostfix(reader, parsePrimary(reader))] };
}
