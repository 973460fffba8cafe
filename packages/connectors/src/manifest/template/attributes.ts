// What `value.name` and `value[key]` mean: attributes and methods of each type, then keys; Jinja's order and fallbacks.
import { callable, parameters, type Call } from "./callables.ts";
import { collectionMethod } from "./collection-methods.ts";
import { dateMethod } from "./dates/date-methods.ts";
import { characters, slice } from "./operators.ts";
import { braceFormat } from "./python-format.ts";
import {
  AttributedMapping,
  dictGet,
  incoming,
  isDateLike,
  isDict,
  isFloat,
  isInt,
  isList,
  isNumeric,
  asNumber,
  PyCallable,
  PySet,
  PythonError,
  PyTuple,
  typeName,
  Undefined,
} from "./python-values.ts";
import { textMethods } from "./text-methods.ts";

/** `value.name`. @throws PythonError UndefinedError when the value itself is undefined */
export function attribute(value: unknown, name: string): unknown {
  return present(ownAttribute(value, name), () => present(key(value, name), () => undefinedOf(value, name)));
}

/** `value[key]`. */
export function item(value: unknown, wanted: unknown): unknown {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  const found = key(value, wanted);
  if (found !== undefined) return found;
  return present(typeof wanted === "string" ? ownAttribute(value, wanted) : undefined, () =>
    undefinedOf(value, wanted),
  );
}

/** The value when there is one, null included, else what `otherwise` gives. */
function present(value: unknown, otherwise: () => unknown): unknown {
  return value === undefined ? otherwise() : value;
}

/** `value[start:stop:step]`. */
export function sliceItem(value: unknown, bounds: readonly unknown[]): unknown {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  const found = slice(value, bounds);
  if (found === undefined) throw new PythonError("TypeError", `'${typeName(value)}' object cannot be sliced so`);
  return found;
}

function undefinedOf(value: unknown, name: unknown): Undefined {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  return new Undefined(`'${typeName(value)} object' has no attribute '${String(name)}'`);
}

function key(value: unknown, wanted: unknown): unknown {
  if (isDict(value)) return dictGet(value, wanted);
  if (!isInt(wanted) && typeof wanted !== "boolean") return undefined;
  const items =
    typeof value === "string" ? characters(value) : isList(value) ? value : value instanceof PyTuple ? value.items : [];
  const at = Number(wanted);
  const place = at < 0 ? at + items.length : at;
  return place >= 0 && place < items.length ? incoming(items[place]) : undefined;
}

/** Attributes of the type, never a key. Names that begin with an underscore are closed, but for the one that old manifests use. */
function ownAttribute(value: unknown, name: string): unknown {
  if (value instanceof AttributedMapping && Object.hasOwn(value.attributes, name)) return value.attributes[name];
  if (name.startsWith("_")) return undefined;
  if (typeof value === "string") return textAttribute(value, name);
  if (isDateLike(value)) return present(value.attribute(name), () => dateMethod(value, name));
  if (isNumeric(value)) return numberMethod(value, name);
  if (isList(value) || isDict(value) || value instanceof PyTuple || value instanceof PySet)
    return collectionMethod(value, name);
  return undefined;
}

function textAttribute(text: string, name: string): unknown {
  if (name === "format")
    return new PyCallable("format", (args, named) => braceFormat(text, { args, named, walk: walkPath }));
  if (name === "format_map")
    return callable("format_map", parameters("mapping"), (mapping) => {
      const named = isDict(mapping) ? new Map(Object.entries(mapping)) : new Map<string, unknown>();
      return braceFormat(text, { args: [], named, walk: walkPath });
    });
  const method = Object.hasOwn(textMethods, name) ? textMethods[name] : undefined;
  return method === undefined ? undefined : callable(name, method.parameters, method.call(text));
}

/** Follows `.name[key]` of a replacement field; `:format` formats a date. */
function walkPath(start: unknown, path: string): unknown {
  if (path.startsWith(":")) return call(attribute(start, "strftime"), [path.slice(1)], new Map());
  let value = start;
  for (const [, name, index] of path.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g))
    value =
      name === undefined ? item(value, /^\d+$/.test(index ?? "") ? Number(index) : index) : attribute(value, name);
  return value;
}

function numberMethod(value: Parameters<typeof asNumber>[0], name: string): unknown {
  const methods: Readonly<Record<string, Call>> = {
    ...(isFloat(value) ? { is_integer: () => Number.isInteger(asNumber(value)) } : {}),
    bit_length: () =>
      isInt(value) ? (value < 0 ? -BigInt(value) : BigInt(value)).toString(2).replace(/^0$/, "").length : 0,
  };
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method === undefined ? undefined : callable(name, parameters(), method);
}

/** Calls what can be called. @throws PythonError TypeError, or UndefinedError for something that is not there */
export function call(callee: unknown, args: readonly unknown[], named: ReadonlyMap<string, unknown>): unknown {
  if (callee instanceof PyCallable) return callee.call(args, named);
  if (callee instanceof Undefined) throw new PythonError("UndefinedError", callee.hint);
  throw new PythonError("TypeError", `'${typeName(callee)}' object is not callable`);
}
