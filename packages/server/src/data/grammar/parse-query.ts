// From the text behind `?` to a DataQuery. Knows no table; bounds everything that a caller can make long.
import { MillraceError } from "@millrace/core";
import { FilterBudget, isGroupKey, parseColumnFilter, parseGroup } from "./parse-filter.ts";
import { Reader } from "./reader.ts";
import { queryLimits, type DataQuery, type Filter, type OrderTerm, type SelectItem } from "./syntax.ts";

const castName = /[a-z0-9_ ]+(?:\([0-9]+(?:,[0-9]+)?\))?/iy;
const single = new Set(["select", "order", "limit", "offset", "after"]);

/** Parameters that are not filters of a column with the same name; such a column is filtered inside `and=(...)`. */
export function isReservedKey(key: string): boolean {
  return single.has(key) || isGroupKey(key);
}

/**
 * Parses the query part of a URL, without its `?`.
 *
 * @throws MillraceError request-invalid, naming the parameter and the character
 */
export function parseQuery(text: string): DataQuery {
  return parsePairs(splitPairs(text));
}

export function parsePairs(pairs: readonly (readonly [key: string, value: string])[]): DataQuery {
  const budget = new FilterBudget();
  const filters: Filter[] = [];
  const singles = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (isGroupKey(key)) filters.push(parseGroup(key, value, budget));
    else if (!single.has(key)) filters.push(parseColumnFilter(key, value, budget));
    else if (singles.has(key)) throw invalid(key, "is given twice");
    else singles.set(key, value);
  }
  const select = singles.get("select");
  const order = singles.get("order");
  const after = singles.get("after");
  return {
    select: select === undefined ? [{ kind: "all" }] : parseSelect(select),
    filters,
    order: order === undefined ? [] : parseOrder(order),
    ...optionalCount("limit", singles),
    ...optionalCount("offset", singles),
    ...(after === undefined ? {} : { after }),
  };
}

function splitPairs(text: string): [string, string][] {
  if (text === "") return [];
  const pieces = text.split("&").filter((piece) => piece !== "");
  if (pieces.length > queryLimits.parametersMax)
    throw new MillraceError("request-invalid", `A query has at most ${queryLimits.parametersMax} parameters.`);
  return pieces.map((piece) => {
    const at = piece.indexOf("=");
    return at < 0 ? [decode(piece), ""] : [decode(piece.slice(0, at)), decode(piece.slice(at + 1))];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new MillraceError("request-invalid", "A parameter is not valid percent-encoded UTF-8.");
  }
}

function parseSelect(text: string): readonly SelectItem[] {
  const reader = new Reader("select", text);
  const items: SelectItem[] = [];
  do {
    items.push(readSelectItem(reader));
    if (items.length > queryLimits.selectItemsMax)
      reader.fail(`select names at most ${queryLimits.selectItemsMax} columns`);
  } while (reader.accept(","));
  reader.end();
  return items;
}

function readSelectItem(reader: Reader): SelectItem {
  if (reader.accept("*")) return { kind: "all" };
  const first = reader.name();
  const renamed = !reader.sees("::") && reader.accept(":");
  const column = renamed ? reader.name() : first;
  const cast = reader.accept("::") ? reader.take(castName).trim().toLowerCase() : undefined;
  if (cast === "") reader.fail("expected a type");
  if (reader.sees("(")) reader.fail("a table answers its own columns only");
  return {
    kind: "column",
    column,
    ...(renamed ? { alias: first } : {}),
    ...(cast === undefined ? {} : { cast }),
  };
}

function parseOrder(text: string): readonly OrderTerm[] {
  const reader = new Reader("order", text);
  const terms: OrderTerm[] = [];
  do {
    const column = reader.name();
    const descending = reader.accept(".desc") || (reader.accept(".asc") && false);
    // PostgreSQL's default: nulls are larger than every value.
    const nullsFirst = reader.accept(".nullsfirst") || (!reader.accept(".nullslast") && descending);
    terms.push({ column, descending, nullsFirst });
    if (terms.length > queryLimits.orderTermsMax)
      reader.fail(`order names at most ${queryLimits.orderTermsMax} columns`);
  } while (reader.accept(","));
  reader.end();
  return terms;
}

function optionalCount(key: "limit" | "offset", singles: ReadonlyMap<string, string>): { [k in typeof key]?: number } {
  const text = singles.get(key);
  if (text === undefined) return {};
  if (!/^[0-9]{1,15}$/.test(text)) throw invalid(key, "is not a whole number of rows");
  return { [key]: Number(text) };
}

function invalid(parameter: string, problem: string): MillraceError {
  return new MillraceError("request-invalid", `${parameter}: ${problem}.`, { details: { parameter } });
}
