// Methods of lists, tuples, sets and dicts in templates. Those that change a list or dict change it for all who hold it, as in Python.
import { callable, parameters, type Call, type Parameter } from "./callables.ts";
import { demandHashable } from "./operators.ts";
import { demandLength } from "./limits.ts";
import {
  AttributedMapping,
  compare,
  dictGet,
  dictKeys,
  dictSet,
  equal,
  isDict,
  isList,
  iterate,
  PyCallable,
  PySet,
  PythonError,
  PyTuple,
  truthy,
  typeName,
  type PyDict,
} from "./python-values.ts";
import { plainDict } from "./python-literal.ts";

interface Methods<T> {
  readonly [name: string]: { readonly parameters: readonly Parameter[]; readonly call: (self: T) => Call };
}

const none = parameters();

function position(list: readonly unknown[], value: unknown): number {
  const at = list.findIndex((item) => equal(item, value));
  if (at < 0) throw new PythonError("ValueError", "the value is not in the list");
  return at;
}

const sequences: Methods<readonly unknown[]> = {
  index: { parameters: parameters("value"), call: (self) => (value) => position(self, value) },
  count: {
    parameters: parameters("value"),
    call: (self) => (value) => self.filter((item) => equal(item, value)).length,
  },
};

const lists: Methods<unknown[]> = {
  append: { parameters: parameters("object"), call: (self) => (value) => grow(self, [value]) },
  extend: { parameters: parameters("iterable"), call: (self) => (items) => grow(self, iterate(items)) },
  insert: {
    parameters: parameters("index", "object"),
    call: (self) => (at, value) => (self.splice(Number(at), 0, value), null),
  },
  pop: { parameters: parameters(["index", -1]), call: (self) => (at) => pop(self, Number(at)) },
  remove: { parameters: parameters("value"), call: (self) => (value) => (self.splice(position(self, value), 1), null) },
  reverse: { parameters: none, call: (self) => () => (self.reverse(), null) },
  clear: { parameters: none, call: (self) => () => (self.splice(0), null) },
  copy: { parameters: none, call: (self) => () => [...self] },
  sort: {
    parameters: parameters(["key", null], ["reverse", false]),
    call: (self) => (key, reverse) => sort(self, key, truthy(reverse)),
  },
};

/** Stable in both directions. */
function sort(list: unknown[], key: unknown, reverse: boolean): null {
  if (key !== null && !(key instanceof PyCallable))
    throw new PythonError("TypeError", `'${typeName(key)}' object is not callable`);
  const keyed = list.map((value) => ({ value, by: key === null ? value : key.call([value], new Map()) }));
  keyed.sort((a, b) => (reverse ? compare(b.by, a.by) : compare(a.by, b.by)));
  for (const [at, { value }] of keyed.entries()) list[at] = value;
  return null;
}

function grow(list: unknown[], items: readonly unknown[]): null {
  demandLength(list.length + items.length, "list");
  for (const item of items) list.push(item);
  return null;
}

function pop(list: unknown[], at: number): unknown {
  const place = at < 0 ? at + list.length : at;
  if (place < 0 || place >= list.length) throw new PythonError("IndexError", "pop index out of range");
  return list.splice(place, 1)[0];
}

const dicts: Methods<PyDict> = {
  get: {
    parameters: parameters("key", ["default", null]),
    call: (self) => (key, byDefault) => found(self, demandHashable(key), byDefault),
  },
  keys: { parameters: none, call: (self) => () => dictKeys(self) },
  values: { parameters: none, call: (self) => () => dictKeys(self).map((key) => dictGet(self, key)) },
  items: { parameters: none, call: (self) => () => entries(self) },
};

const mutableDicts: Methods<PyDict> = {
  pop: {
    parameters: parameters("key", ["default", undefined]),
    call: (self) => (key, byDefault) => take(self, key, byDefault),
  },
  setdefault: {
    parameters: parameters("key", ["default", null]),
    call: (self) => (key, byDefault) => {
      if (dictGet(self, key) === undefined) dictSet(self, key, byDefault);
      return dictGet(self, key);
    },
  },
  copy: { parameters: none, call: (self) => () => copyDict(self) },
  clear: {
    parameters: none,
    call: (self) => () => dictKeys(self).reduce<unknown>((_last, key) => (remove(self, key), null), null),
  },
};

export function entries(dict: PyDict): PyTuple[] {
  return dictKeys(dict).map((key) => new PyTuple([key, dictGet(dict, key)]));
}

function copyDict(dict: PyDict): object {
  return plainDict(dictKeys(dict).map((key) => [key, dictGet(dict, key)] as const));
}

function update(dict: PyDict, other: unknown): null {
  if (isDict(other)) for (const key of dictKeys(other)) dictSet(dict, key, dictGet(other, key));
  else if (other !== null)
    for (const pair of iterate(other)) {
      const [key, value] = iterate(pair);
      dictSet(dict, key, value);
    }
  return null;
}

function found(dict: PyDict, key: unknown, byDefault: unknown): unknown {
  const value = dictGet(dict, key);
  return value === undefined ? byDefault : value;
}

function take(dict: PyDict, key: unknown, byDefault: unknown): unknown {
  const value = found(dict, key, byDefault);
  if (value === undefined) throw new PythonError("KeyError", String(key));
  if (dictGet(dict, key) !== undefined) remove(dict, key);
  return value;
}

function remove(dict: PyDict, key: unknown): void {
  if (dict instanceof Map) dict.delete(key);
  else delete (dict as Record<string, unknown>)[String(key)];
}

/** The method bound to the collection, or undefined. */
export function collectionMethod(value: unknown, name: string): unknown {
  if (isList(value)) return bound(value, name, lists) ?? bound(value, name, sequences);
  if (value instanceof PyTuple) return bound(value.items, name, sequences);
  if (value instanceof PySet) return undefined;
  if (!isDict(value)) return undefined;
  const found = bound(value, name, dicts);
  if (found !== undefined || value instanceof AttributedMapping) return found;
  return name === "update" ? updateMethod(value) : bound(value, name, mutableDicts);
}

/** `update` takes values by name too. */
function updateMethod(dict: PyDict): PyCallable {
  return new PyCallable("update", (args, named) => {
    if (args.length > 1) throw new PythonError("TypeError", `update expected at most 1 argument, got ${args.length}`);
    update(dict, args[0] ?? null);
    for (const [key, value] of named) dictSet(dict, key, value);
    return null;
  });
}

function bound<T>(self: T, name: string, methods: Methods<T>): unknown {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method === undefined ? undefined : callable(name, method.parameters, method.call(self));
}
