// Steps that change records. Each changes the record in place or gives a new one.
import type { RecordStep } from "./components.ts";
import { hasWildcard, removeAtPath, setAtPath, valueAtPath, valuesAtPath } from "./record-path.ts";
import type { StreamSlice } from "./slice.ts";

type Values = Record<string, unknown>;

export interface AddedField {
  readonly path: readonly string[];
  readonly value: (record: Values, slice: StreamSlice) => unknown;
  /** The field is added only where this holds. */
  readonly condition?: (record: Values, slice: StreamSlice, value: unknown) => boolean;
}

/** Adds fields in their order: a later one sees the earlier ones. */
export function addFields(fields: readonly AddedField[]): RecordStep {
  return (record, slice) => {
    for (const { path, value, condition } of fields) {
      const found = value(record, slice);
      if (condition === undefined || condition(record, slice, found)) setAtPath(record, path, found);
    }
    return record;
  };
}

/** Removes what the paths reach; with `condition`, only values for which it holds. */
export function removeFields(
  paths: readonly (readonly string[])[],
  condition?: (value: unknown) => boolean,
): RecordStep {
  return (record) => {
    for (const path of paths) removeAtPath(record, path, condition);
    return record;
  };
}

/** Renames the keys of the record, and with `deep` those of objects in it. Of two keys that become equal the later one stays. */
export function renameKeys(rename: (key: string) => string, { deep }: { readonly deep: boolean }): RecordStep {
  const walk = (record: Values): Values =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [rename(key), deep && isObject(value) ? walk(value) : value]),
    );
  return walk;
}

export function keysToLower(): RecordStep {
  return renameKeys((key) => key.toLowerCase(), { deep: false });
}

export function keysToSnakeCase(): RecordStep {
  return renameKeys(snakeCase, { deep: true });
}

/** Words (runs of letters that begin with capitals, runs of digits) in lower case, joined by underscores; a digit at the start gets one before it. */
export function snakeCase(key: string): string {
  const plain = key.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  let tokens = Array.from(plain.matchAll(/[A-Z]+[a-z]*|[a-z]+|\d+|([^a-zA-Z\d]+)/g), (match) =>
    match[1] === undefined ? match[0] : "",
  );
  if (tokens.length >= 3)
    tokens = [...tokens.slice(0, 1), ...tokens.slice(1, -1).filter((token) => token !== ""), ...tokens.slice(-1)];
  if (/^\d/.test(tokens[0] ?? "")) tokens.unshift("");
  return tokens.map((token) => token.toLowerCase()).join("_");
}

export function replaceInKeys(from: string, to: string): RecordStep {
  return renameKeys((key) => key.replaceAll(from, to), { deep: true });
}

/** Nested fields move to the top. A name that is taken, and everything behind a list, keeps the way to it: `list.0.name`. */
export function flattenFields({ lists }: { readonly lists: boolean }): RecordStep {
  return (record) => {
    const flat: Values = {};
    const stack: [unknown, string][] = [[record, "_"]];
    let behindList = false;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const [value, name] = top;
      if (isObject(value)) {
        for (const [key, inner] of Object.entries(value))
          stack.push([inner, Object.hasOwn(flat, key) || behindList ? `${name}.${key}` : key]);
      } else if (Array.isArray(value) && lists) {
        for (const [at, inner] of value.entries()) {
          behindList = true;
          stack.push([inner, `${name}.${at}`]);
        }
      } else flat[name] = value;
    }
    return flat;
  };
}

export interface FlattenPath {
  readonly path: readonly string[];
  /** The object is removed from its place. */
  readonly removes: boolean;
  /** The record is the object from then on. */
  readonly replaces: boolean;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** The fields of one object move to the top; nothing happens when a name is taken. */
export function flattenPath({ path, removes, replaces, prefix = "", suffix = "" }: FlattenPath): RecordStep {
  return (record) => {
    const found = hasWildcard(path) ? valuesAtPath(record, path)[0] : valueAtPath(record, path);
    if (!isObject(found)) return record;
    const moved = Object.fromEntries(Object.entries(found).map(([key, value]) => [`${prefix}${key}${suffix}`, value]));
    if (replaces && Object.keys(moved).length > 0) return moved;
    if (Object.keys(moved).some((key) => Object.hasOwn(record, key))) return record;
    if (removes) removeAtPath(record, path);
    return Object.assign(record, moved);
  };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null;
}
