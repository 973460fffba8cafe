// Filters on lists and dicts, as Jinja has them.
import { attribute, item } from "./attributes.ts";
import { parameters } from "./callables.ts";
import { entries } from "./collection-methods.ts";
import type { Filter, Registry } from "./environment.ts";
import { demandLength } from "./limits.ts";
import { binary, length } from "./operators.ts";
import { str } from "./python-text.ts";
import { plainDict } from "./python-literal.ts";
import {
  compare,
  equal,
  isDict,
  isNumeric,
  iterate,
  PythonError,
  PyTuple,
  SeenValues,
  truthy,
  Undefined,
} from "./python-values.ts";
import { reversedText } from "./text-filters.ts";

/** The value at a dotted path, for `attribute=`; a missing one takes the default when there is one. */
function at(value: unknown, path: unknown, byDefault?: unknown): unknown {
  let found = value;
  for (const part of typeof path === "string" ? path.split(".") : [path])
    found = typeof part === "string" && !/^\d+$/.test(part) ? item(found, part) : item(found, Number(part));
  return found instanceof Undefined && byDefault !== undefined ? byDefault : found;
}

function sortKey(path: unknown, caseSensitive: unknown): (value: unknown) => readonly unknown[] {
  const folded = (value: unknown): unknown =>
    typeof value === "string" && !truthy(caseSensitive) ? value.toLowerCase() : value;
  if (path === null) return (value) => [folded(value)];
  const paths = typeof path === "string" ? path.split(",") : [path];
  return (value) => paths.map((one) => folded(at(value, one)));
}

function sorted(values: readonly unknown[], key: (value: unknown) => readonly unknown[], reverse: boolean): unknown[] {
  const keyed = values.map((value) => ({ value, key: new PyTuple(key(value)) }));
  // A stable sort; reversed, equal ones keep their order too.
  keyed.sort((a, b) => (reverse ? compare(b.key, a.key) : compare(a.key, b.key)));
  return keyed.map(({ value }) => value);
}

function extreme(values: readonly unknown[], [caseSensitive, path]: readonly unknown[], sign: 1 | -1): unknown {
  const [first] = values;
  if (values.length === 0) return new Undefined("No aggregated item, sequence was empty.");
  const key = sortKey(path, caseSensitive);
  return values.reduce(
    (best, value) => (sign * compare(new PyTuple(key(value)), new PyTuple(key(best))) > 0 ? value : best),
    first,
  );
}

function mapFilter(values: readonly unknown[], registry: Registry, named: ReadonlyMap<string, unknown>): unknown {
  const [input, name, ...args] = values;
  const items = truthy(input) ? iterate(input) : [];
  registry.steps.take(items.length);
  const path = named.get("attribute");
  if (path !== undefined) return items.map((value) => at(value, path, named.get("default")));
  if (typeof name !== "string") throw new PythonError("FilterArgumentError", "map requires a filter argument");
  return items.map((value) => registry.filter(name, [value, ...args], named));
}

/** `select`, `reject` and the two with an attribute. */
function choose(keep: boolean, byAttribute: boolean): Filter {
  return {
    parameters: "any",
    call: (values, registry) => {
      const [input, ...rest] = values;
      const path = byAttribute ? rest.shift() : undefined;
      if (byAttribute && path === undefined)
        throw new PythonError("FilterArgumentError", "Missing parameter for attribute name");
      const [test, ...args] = rest;
      const items = truthy(input) ? iterate(input) : [];
      registry.steps.take(items.length);
      return items.filter((value) => {
        const subject = byAttribute ? at(value, path) : value;
        return (test === undefined ? truthy(subject) : registry.test(str(test), [subject, ...args])) === keep;
      });
    },
  };
}

function groupBy([value, path, byDefault, caseSensitive]: readonly unknown[]): unknown {
  const key = (one: unknown): unknown => at(one, path, byDefault === null ? undefined : byDefault);
  const folded = (one: unknown): unknown => {
    const found = key(one);
    return typeof found === "string" && !truthy(caseSensitive) ? found.toLowerCase() : found;
  };
  const groups: { key: unknown; folded: unknown; items: unknown[] }[] = [];
  for (const one of sorted(iterate(value), (entry) => [folded(entry)], false)) {
    const last = groups.at(-1);
    if (last !== undefined && equal(last.folded, folded(one))) last.items.push(one);
    else groups.push({ key: key(one), folded: folded(one), items: [one] });
  }
  return groups.map((group) => new PyTuple([group.key, group.items]));
}

function join(values: readonly unknown[], separator: unknown, path: unknown): string {
  const texts = values.map((value) => str(path === null ? value : at(value, path)));
  demandLength(
    texts.reduce((size, text) => size + text.length + str(separator).length, 0),
    "text",
  );
  return texts.join(str(separator));
}

function unique([value, caseSensitive, path]: readonly unknown[]): unknown[] {
  const key = sortKey(path, caseSensitive);
  const seen = new SeenValues();
  return iterate(value).filter((one) => {
    const own = key(one);
    return seen.add(own.length === 1 ? own[0] : new PyTuple(own));
  });
}

function batch([value, size, fill]: readonly unknown[]): unknown[] {
  const items = iterate(value);
  const width = Math.max(1, Number(size));
  const rows = Array.from({ length: Math.ceil(items.length / width) }, (_row, row) =>
    items.slice(row * width, (row + 1) * width),
  );
  const last = rows.at(-1);
  if (fill !== null && last !== undefined && last.length < width) {
    demandLength(width, "list");
    rows[rows.length - 1] = [...last, ...Array.from({ length: width - last.length }, () => fill)];
  }
  return rows;
}

/** A fixed number of columns; the first ones are longer. */
function columns([value, count, fill]: readonly unknown[]): unknown[] {
  const items = iterate(value);
  const total = Math.max(1, Number(count));
  demandLength(total, "list");
  const [base, extra] = [Math.floor(items.length / total), items.length % total];
  return Array.from({ length: total }, (_column, column) => {
    const start = column * base + Math.min(column, extra);
    const own = items.slice(start, start + base + (column < extra ? 1 : 0));
    return fill !== null && column >= extra && extra > 0 ? [...own, fill] : own;
  });
}

function reversed(value: unknown): unknown[] {
  if (isNumeric(value) || value === null) throw new PythonError("FilterArgumentError", "argument must be iterable");
  return [...iterate(value)].reverse();
}

function last(value: unknown): unknown {
  const items = iterate(value);
  return items.length === 0 ? new Undefined("No last item, sequence was empty.") : items.at(-1);
}

function first(value: unknown): unknown {
  const items = iterate(value);
  return items.length === 0 ? new Undefined("No first item, sequence was empty.") : items[0];
}

function defaulted([value, byDefault, whenFalse]: readonly unknown[]): unknown {
  return value instanceof Undefined || (truthy(whenFalse) && !truthy(value)) ? byDefault : value;
}

const whole = parameters("value");
const defaulting: Filter = {
  parameters: parameters("value", ["default_value", ""], ["boolean", false]),
  call: defaulted,
};
const counting: Filter = { parameters: whole, call: ([value]) => length(value) };
const aggregate = parameters("value", ["case_sensitive", false], ["attribute", null]);

export const listFilters: Readonly<Record<string, Filter>> = {
  attr: { parameters: parameters("obj", "name"), call: ([value, name]) => attribute(value, str(name)) },
  batch: { parameters: parameters("value", "linecount", ["fill_with", null]), call: batch },
  count: counting,
  d: defaulting,
  default: defaulting,
  dictsort: {
    parameters: parameters("value", ["case_sensitive", false], ["by", "key"], ["reverse", false]),
    call: ([value, caseSensitive, by, reverse]) => {
      if (!isDict(value)) throw new PythonError("AttributeError", "dictsort needs a dict");
      return sorted(entries(value), sortKey(by === "value" ? 1 : 0, caseSensitive), truthy(reverse));
    },
  },
  first: { parameters: whole, call: ([value]) => first(value) },
  groupby: {
    parameters: parameters("value", "attribute", ["default", null], ["case_sensitive", false]),
    call: groupBy,
  },
  items: {
    parameters: whole,
    call: ([value]) => {
      if (value instanceof Undefined) return [];
      if (!isDict(value)) throw new PythonError("TypeError", "Can only get item pairs from a mapping.");
      return entries(value);
    },
  },
  join: {
    parameters: parameters("value", ["d", ""], ["attribute", null]),
    call: ([value, separator, path]) => join(iterate(value), separator, path),
  },
  last: { parameters: whole, call: ([value]) => last(value) },
  length: counting,
  list: { parameters: whole, call: ([value]) => [...iterate(value)] },
  map: { parameters: "any", call: mapFilter },
  max: { parameters: aggregate, call: ([value, ...rest]) => extreme(iterate(value), rest, 1) },
  min: { parameters: aggregate, call: ([value, ...rest]) => extreme(iterate(value), rest, -1) },
  reject: choose(false, false),
  rejectattr: choose(false, true),
  reverse: {
    parameters: whole,
    call: ([value]) => (typeof value === "string" ? reversedText(value) : reversed(value)),
  },
  select: choose(true, false),
  selectattr: choose(true, true),
  slice: { parameters: parameters("value", "slices", ["fill_with", null]), call: columns },
  sort: {
    parameters: parameters("value", ["reverse", false], ["case_sensitive", false], ["attribute", null]),
    call: ([value, reverse, caseSensitive, path]) =>
      sorted(iterate(value), sortKey(path, caseSensitive), truthy(reverse)),
  },
  sum: {
    parameters: parameters("iterable", ["attribute", null], ["start", 0]),
    call: ([value, path, start]) =>
      iterate(value).reduce((sum, one) => binary("+", sum, path === null ? one : at(one, path)), start),
  },
  unique: { parameters: parameters("value", ["case_sensitive", false], ["attribute", null]), call: unique },
};

/** A dict from named arguments, as `dict(a=1)` makes one. */
export function dictOf(values: readonly unknown[], named: ReadonlyMap<string, unknown>): object {
  const [start] = values;
  const pairs =
    start === undefined ? [] : (isDict(start) ? entries(start) : iterate(start)).map((pair) => iterate(pair));
  return plainDict([...pairs.map(([key, value]) => [key, value] as const), ...named]);
}
