// Paths into a JSON document: `$`, `$.data.items`, `$['odd name']`. Names only: what the warehouse can follow as well.

const step = /\.([\p{L}_][\p{L}\p{N}_-]*)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/uy;

/** The names on the way, from the outside in. @throws Error that says where the path stops being one */
export function parseJsonPath(path: string): readonly string[] {
  if (!path.startsWith("$")) throw new Error(`a path starts with $, like "$.data"; received ${JSON.stringify(path)}`);
  const names: string[] = [];
  step.lastIndex = 1;
  let at = 1;
  while (at < path.length) {
    const match = step.exec(path);
    if (match === null)
      throw new Error(
        `cannot read ${JSON.stringify(path)} from position ${at} ("${path.slice(at)}"); write $.name or $['name']`,
      );
    names.push(match[1] ?? (match[2] ?? match[3] ?? "").replaceAll(/\\(.)/g, "$1"));
    at = step.lastIndex;
  }
  return names;
}

/** Like parseJsonPath, where `[*]` stands for every element or value: `$.groups[*].items`. */
export function parseRecordsPath(path: string): readonly string[] {
  const [first = "", ...rest] = path.split("[*]");
  return [...parseJsonPath(first), ...rest.flatMap((part) => ["*", ...parseJsonPath(`$${part}`)])];
}

/** The value at the path; undefined when a step is missing. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
