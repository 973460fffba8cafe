// The engine's syntax tree as plain data: reading, walking and copying it. The dialect parses and prints it; references.ts and incremental/ read it.

declare global {
  interface JSON {
    /** A number that is written exactly as it was read (ECMAScript, JSON.parse source text access). */
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

interface RawNumber {
  readonly rawJSON: string;
}

export type SyntaxValue = null | boolean | string | RawNumber | readonly SyntaxValue[] | SyntaxNode;
export interface SyntaxNode {
  readonly [field: string]: SyntaxValue;
}

/** Parses the engine's JSON. Numbers keep their digits: constants beyond 2^53 and `1.0` survive the way back. */
export function parseTree(text: string): SyntaxNode {
  const keepDigits = (_key: string, value: unknown, context: { source: string }): unknown =>
    typeof value === "number" ? JSON.rawJSON(context.source) : value;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as SyntaxNode;
}

export function isNode(value: SyntaxValue | undefined): value is SyntaxNode {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

export function textOf(node: SyntaxNode, field: string): string {
  const value = node[field];
  return typeof value === "string" ? value : "";
}

export function nodeOf(node: SyntaxNode, field: string): SyntaxNode | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** The nodes of a list field; empty when the field is absent. */
export function nodesOf(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textsOf(node: SyntaxNode, field: string): readonly string[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The nodes directly below `node`, in the order of the tree. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const collect = (value: SyntaxValue): void => {
    if (Array.isArray(value)) for (const item of value) collect(item);
    else if (isNode(value)) found.push(value);
  };
  for (const value of Object.values(node)) collect(value);
  return found;
}

/** Calls `visit` for `node` and everything below it; below a node for which it returns false it does not look. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean | undefined): void {
  if (visit(node) === false) return;
  for (const child of childrenOf(node)) walk(child, visit);
}

/** A copy in which `replace` may put another node in the place of one; what it returns is not searched again. */
export function copyTree(node: SyntaxNode, replace: (node: SyntaxNode) => SyntaxNode | undefined): SyntaxNode {
  const copy = (value: SyntaxValue): SyntaxValue => {
    if (Array.isArray(value)) return value.map(copy);
    return isNode(value) ? (replace(value) ?? copyFields(value)) : value;
  };
  const copyFields = (from: SyntaxNode): SyntaxNode =>
    Object.fromEntries(Object.entries(from).map(([field, value]) => [field, copy(value)]));
  return replace(node) ?? copyFields(node);
}

/** True when two expressions say the same; positions in the text, output names and the case of column names do not count. */
export function sameExpression(a: SyntaxNode, b: SyntaxNode): boolean {
  return canonical(a) === canonical(b);
}

function canonical(expression: SyntaxNode): string {
  return JSON.stringify(expression, (field, value: unknown) => {
    if (field === "query_location" || field === "alias") return undefined;
    if (field === "column_names" && Array.isArray(value)) return value.map((name) => String(name).toLowerCase());
    return value;
  });
}

/** Byte position in the statement's text, or undefined when the node was not written by the author. */
export function positionOf(node: SyntaxNode): number | undefined {
  const value = node["query_location"];
  if (value === undefined || !JSON.isRawJSON(value)) return undefined;
  const position = Number(value.rawJSON);
  return Number.isSafeInteger(position) ? position : undefined;
}
