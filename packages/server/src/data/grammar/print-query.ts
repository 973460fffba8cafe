// The canonical text of a DataQuery: part of every ETag and of the link to the next page. `parseQuery(printQuery(q))` gives `q` again.
import type { DataQuery, Filter, OrderTerm, SelectItem, Test } from "./syntax.ts";

const plainName = /^[a-z_][a-z0-9_]*$/i;
const plainElement = /^[^,(){}"\\]+$/;
const plainOperand = /^[^,()"]+$/;

/** Without a leading `?`. Parameters stand in a fixed order, filters as they were given. */
export function printQuery(query: DataQuery): string {
  return printPairs(query)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join("&");
}

export function printPairs(query: DataQuery): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  const everything = query.select.length === 1 && query.select[0]?.kind === "all";
  if (!everything) pairs.push(["select", query.select.map(printSelectItem).join(",")]);
  for (const filter of query.filters) pairs.push(printFilterPair(filter));
  if (query.order.length > 0) pairs.push(["order", query.order.map(printOrderTerm).join(",")]);
  if (query.limit !== undefined) pairs.push(["limit", String(query.limit)]);
  if (query.offset !== undefined) pairs.push(["offset", String(query.offset)]);
  if (query.after !== undefined) pairs.push(["after", query.after]);
  return pairs;
}

function printFilterPair(filter: Filter): [string, string] {
  if (filter.kind !== "column")
    return [`${negation(filter)}${filter.kind}`, `(${filter.items.map(printItem).join(",")})`];
  return [filter.column, `${negation(filter)}${printTest(filter.test, (operand) => operand)}`];
}

function printItem(filter: Filter): string {
  if (filter.kind !== "column") return `${negation(filter)}${filter.kind}(${filter.items.map(printItem).join(",")})`;
  return `${printName(filter.column)}.${negation(filter)}${printTest(filter.test, printOperand)}`;
}

function negation(filter: Filter): string {
  return filter.negated ? "not." : "";
}

function printTest(test: Test, operand: (text: string) => string): string {
  switch (test.kind) {
    case "value":
      return `${test.operator}.${operand(test.operand)}`;
    case "quantified":
      return `${test.operator}(${test.quantifier}).{${test.operands.map(printElement).join(",")}}`;
    case "in":
      return `in.(${test.operands.map(printElement).join(",")})`;
    case "is":
      return `is.${test.operand}`;
  }
}

function printSelectItem(item: SelectItem): string {
  if (item.kind === "all") return "*";
  const alias = item.alias === undefined ? "" : `${printName(item.alias)}:`;
  return `${alias}${printName(item.column)}${item.cast === undefined ? "" : `::${item.cast}`}`;
}

function printOrderTerm(term: OrderTerm): string {
  const nulls = term.nullsFirst === term.descending ? "" : term.nullsFirst ? ".nullsfirst" : ".nullslast";
  return `${printName(term.column)}${term.descending ? ".desc" : ""}${nulls}`;
}

function printName(name: string): string {
  return plainName.test(name) ? name : quote(name);
}

function printElement(text: string): string {
  return plainElement.test(text) ? text : quote(text);
}

function printOperand(text: string): string {
  return plainOperand.test(text) ? text : quote(text);
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
