// How a component of manifests is declared: one line per field, `name!: type = default`, where `!` means required.

export interface ComponentDeclaration {
  readonly summary: string;
  /** `path!: list(string)`; types are JSON's, `any`, `list(...)`, `map(...)`, `enum(...)` and names of components, with `|` between alternatives. */
  readonly fields: readonly string[];
}

export type ComponentTable = Readonly<Record<string, ComponentDeclaration>>;

/** A type of a field, parsed. */
export type FieldType =
  | { readonly kind: "any" | "string" | "integer" | "number" | "boolean" | "object" | "array" | "null" }
  | { readonly kind: "list" | "map"; readonly of: FieldType }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "component"; readonly name: string }
  | { readonly kind: "union"; readonly of: readonly FieldType[] };

export interface ComponentField {
  readonly name: string;
  readonly required: boolean;
  readonly type: FieldType;
  readonly typeText: string;
  readonly byDefault?: string;
}

const simple = new Set(["any", "string", "integer", "number", "boolean", "object", "array", "null"]);

export function parseField(text: string): ComponentField {
  const match = /^(\w+)(!?): (.*?)(?: = (.*))?$/.exec(text);
  const [, name = "", required, typeText = "any", byDefault] = match ?? [];
  return {
    name,
    required: required === "!",
    typeText,
    type: parseType(typeText),
    ...(byDefault === undefined ? {} : { byDefault }),
  };
}

function parseType(text: string): FieldType {
  const alternatives = splitTopLevel(text);
  if (alternatives.length > 1) return { kind: "union", of: alternatives.map(parseType) };
  const nested = /^(list|map|enum)\((.*)\)$/.exec(text);
  if (nested?.[1] === "enum") return { kind: "enum", values: (nested[2] ?? "").split(",") };
  if (nested !== null) return { kind: nested[1] as "list" | "map", of: parseType(nested[2] ?? "any") };
  if (simple.has(text)) return { kind: text as "any" };
  return { kind: "component", name: text };
}

/** The alternatives between bars that stand outside of brackets. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, char] of Array.from(text).entries()) {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    if (char !== "|" || depth > 0) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}
