// Paths into decoded documents, as lists of names: a name of an object, the index of a list, `*` for every value, `**` for any depth.

/** The value at a path without wildcards; undefined when a step is missing. */
export function valueAtPath(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) value = step(value, name);
  return value;
}

export function hasWildcard(path: readonly string[]): boolean {
  return path.some((name) => name === "*" || name === "**");
}

/** Every value that the path reaches, in the document's order. */
export function valuesAtPath(document: unknown, path: readonly string[]): unknown[] {
  const found: unknown[] = [];
  collect(document, path, 0, found);
  return found;
}

/** Sets a value, making objects on the way; a list on the way is followed by index and grows by nulls. */
export function setAtPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let holder: unknown = target;
  for (const [at, name] of path.entries()) {
    const last = at === path.length - 1;
    const next: unknown = last ? value : step(holder, name);
    const kept = last || (typeof next === "object" && next !== null) ? next : {};
    put(holder, name, kept);
    holder = kept;
  }
}

/** Removes what the path reaches, where `accepts` agrees. What is not there is passed over; elements of lists become null, so that others keep their place. */
export function removeAtPath(target: unknown, path: readonly string[], accepts?: (value: unknown) => boolean): void {
  const [name, ...rest] = path;
  if (name === undefined || typeof target !== "object" || target === null) return;
  for (const key of keysOf(target, name)) {
    const value = step(target, key);
    if (rest.length > 0) removeAtPath(value, rest, accepts);
    else if (accepts === undefined || accepts(value)) drop(target, key);
  }
  if (name !== "**") return;
  removeAtPath(target, rest, accepts);
  for (const value of Object.values(target)) removeAtPath(value, path, accepts);
}

/** Lists follow numbers, from the end when they are negative; objects follow their own names. */
function step(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^-?\d+$/.test(name) ? (value.at(Number(name)) as unknown) : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function collect(value: unknown, path: readonly string[], at: number, found: unknown[]): void {
  const name = path[at];
  if (name === undefined) {
    found.push(value);
    return;
  }
  if (name === "**") collect(value, path, at + 1, found);
  if (typeof value !== "object" || value === null) return;
  if (name === "*" || name === "**") {
    for (const inner of Object.values(value)) collect(inner, path, name === "*" ? at + 1 : at, found);
    return;
  }
  const inner = step(value, name);
  if (inner !== undefined) collect(inner, path, at + 1, found);
}

function put(holder: unknown, name: string, value: unknown): void {
  if (Array.isArray(holder)) {
    const at = Number(name);
    // A list that a path could grow without bound would be a way to fill the memory.
    if (!Number.isInteger(at) || at < 0 || at > holder.length + 1000) return;
    while (holder.length < at) holder.push(null);
    holder[at] = value;
  } else {
    // Own, also for names such as `__proto__`.
    Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

function keysOf(target: object, name: string): readonly string[] {
  if (name === "**") return [];
  if (name === "*") return Object.keys(target);
  return step(target, name) === undefined ? [] : [name];
}

function drop(target: object, key: string): void {
  if (Array.isArray(target)) target[Number(key)] = null;
  else delete (target as Record<string, unknown>)[key];
}
