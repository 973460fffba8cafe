// Checks a config against the part of JSON Schema that specifications use. Messages name fields and what is valid, never values: they may be secret.
import { isComponent, type Component } from "../load/source-lines.ts";

const depthMax = 30;

/** What is wrong first, or undefined. */
export function schemaProblem(value: unknown, schema: Component, path: string, depth = 0): string | undefined {
  if (depth > depthMax) return undefined;
  const name = path === "" ? "the config" : `"${path}"`;
  const types = typeNames(schema);
  if (types.length > 0 && !types.some((type) => hasType(value, type))) return `${name} must be ${types.join(" or ")}`;
  return (
    allowedProblem(value, schema, name) ??
    textProblem(value, schema, name) ??
    objectProblem(value, schema, { path, depth }) ??
    itemsProblem(value, schema, { path, depth }) ??
    choiceProblem(value, schema, { path, depth })
  );
}

function typeNames({ type }: Component): readonly string[] {
  return Array.isArray(type) ? (type as unknown[]).map(String) : typeof type === "string" ? [type] : [];
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value) || typeof value === "bigint";
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    case "array":
      return Array.isArray(value);
    case "object":
      return isComponent(value);
    default:
      return typeof value === type;
  }
}

function allowedProblem(value: unknown, schema: Component, name: string): string | undefined {
  const same = (one: unknown): boolean => JSON.stringify(one) === JSON.stringify(value);
  if (Array.isArray(schema["enum"]) && !(schema["enum"] as unknown[]).some(same))
    return `${name} must be one of ${(schema["enum"] as unknown[]).map((one) => JSON.stringify(one)).join(", ")}`;
  return "const" in schema && !same(schema["const"]) ? `${name} must be ${JSON.stringify(schema["const"])}` : undefined;
}

function textProblem(value: unknown, schema: Component, name: string): string | undefined {
  const { pattern, minLength, minimum, maximum } = schema;
  if (typeof value === "string") {
    if (typeof minLength === "number" && Array.from(value).length < minLength)
      return `${name} must have at least ${minLength} characters`;
    if (typeof pattern === "string" && !fits(pattern, value)) return `${name} must look like ${pattern}`;
  }
  if (typeof value !== "number") return undefined;
  if (typeof minimum === "number" && value < minimum) return `${name} must be at least ${minimum}`;
  return typeof maximum === "number" && value > maximum ? `${name} must be at most ${maximum}` : undefined;
}

/** A pattern that JavaScript cannot read refuses nothing. */
function fits(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

interface At {
  readonly path: string;
  readonly depth: number;
}

function objectProblem(value: unknown, { required, properties }: Component, { path, depth }: At): string | undefined {
  if (!isComponent(value)) return undefined;
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const missing = Array.isArray(required)
    ? (required as string[]).find((name) => value[name] === undefined)
    : undefined;
  if (missing !== undefined) return `"${at(missing)}" is missing`;
  if (!isComponent(properties)) return undefined;
  for (const [name, schema] of Object.entries(properties)) {
    const problem =
      value[name] !== undefined && isComponent(schema)
        ? schemaProblem(value[name], schema, at(name), depth + 1)
        : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function itemsProblem(value: unknown, { items }: Component, { path, depth }: At): string | undefined {
  if (!Array.isArray(value) || !isComponent(items)) return undefined;
  for (const [index, item] of (value as unknown[]).entries()) {
    const problem = schemaProblem(item, items, `${path}[${index}]`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function choiceProblem(value: unknown, schema: Component, { path, depth }: At): string | undefined {
  const list = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(list)) return undefined;
  const problems = (list as unknown[]).filter(isComponent).map((one) => schemaProblem(value, one, path, depth + 1));
  return problems.includes(undefined) || problems.length === 0
    ? undefined
    : `"${path}" fits none of its ${problems.length} forms; for the first, ${problems[0]}`;
}
