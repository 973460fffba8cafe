// JSON as Python's json.dumps writes it: `", "` and `": "` between parts, and characters beyond ASCII escaped.
import { demandLength } from "./limits.ts";
import { repr, reprFloat } from "./python-text.ts";
import {
  dictGet,
  dictKeys,
  incoming,
  isDict,
  isFloat,
  isInt,
  isList,
  PyFloat,
  PythonError,
  PyTuple,
  typeName,
} from "./python-values.ts";

const depthMax = 200;

export interface JsonLayout {
  readonly sortKeys?: boolean;
  readonly indent?: number | null;
}

/** @throws PythonError TypeError for values that JSON cannot say */
export function toJson(value: unknown, layout: JsonLayout = {}, depth = 0): string {
  if (depth > depthMax) throw new PythonError("RecursionError", `more than ${depthMax} nested values`);
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoted(value);
  if (isInt(value)) return repr(value);
  if (isFloat(value)) return floatText(value instanceof PyFloat ? value.value : value);
  const items = isList(value) ? value : value instanceof PyTuple ? value.items : undefined;
  if (items !== undefined)
    return enclose(
      "[]",
      items.map((item) => toJson(incoming(item), layout, depth + 1)),
      { layout, depth },
    );
  if (!isDict(value)) throw new PythonError("TypeError", `Object of type ${typeName(value)} is not JSON serializable`);
  const keys = dictKeys(value);
  if (layout.sortKeys === true) keys.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  const fields = keys.map((key) => `${quoted(keyText(key))}: ${toJson(dictGet(value, key), layout, depth + 1)}`);
  return enclose("{}", fields, { layout, depth });
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? reprFloat(value) : value > 0 ? "Infinity" : "-Infinity";
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (key === null || typeof key === "boolean" || isInt(key) || isFloat(key)) return toJson(key);
  throw new PythonError("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function enclose(
  brackets: string,
  parts: readonly string[],
  at: { readonly layout: JsonLayout; readonly depth: number },
): string {
  const { indent } = at.layout;
  if (parts.length === 0) return brackets;
  const width = Math.max(0, indent ?? 0);
  demandLength(
    parts.reduce((length, part) => length + part.length + width * (at.depth + 1), 0),
    "text",
  );
  if (indent === undefined || indent === null) return brackets[0] + parts.join(", ") + brackets[1];
  const inner = `\n${" ".repeat(width * (at.depth + 1))}`;
  return `${brackets[0]}${inner}${parts.join(`,${inner}`)}\n${" ".repeat(width * at.depth)}${brackets[1]}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (char) =>
    char === "\u007f" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
