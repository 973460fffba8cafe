// Compares rows as people write them with rows as the warehouse gives them: numbers by value, moments by their instant, only the columns that are named.
import { isRawNumber, stringifyExact, type SqlValue } from "@millrace/core";
import type { TestRow } from "./row-test.ts";

export type ActualRow = Readonly<Record<string, SqlValue>>;

/** What differs, for people; empty when nothing does. */
export function compareRows(
  expected: readonly TestRow[],
  actual: readonly ActualRow[],
  { ordered }: { readonly ordered: boolean },
): readonly string[] {
  return ordered ? compareInOrder(expected, actual) : compareAsSet(expected, actual);
}

function compareInOrder(expected: readonly TestRow[], actual: readonly ActualRow[]): readonly string[] {
  const differences: string[] = [];
  for (let at = 0; at < Math.max(expected.length, actual.length); at += 1) {
    const [wanted, found] = [expected[at], actual[at]];
    if (wanted === undefined) differences.push(`row ${at + 1}: not expected  ${rowText(found ?? {})}`);
    else if (found === undefined) differences.push(`row ${at + 1}: missing       ${rowText(wanted)}`);
    else for (const line of columnDifferences(wanted, found)) differences.push(`row ${at + 1}: ${line}`);
  }
  return differences;
}

/** Rows that are equal leave in pairs; each that is left is told with the one that comes nearest. */
function compareAsSet(expected: readonly TestRow[], actual: readonly ActualRow[]): readonly string[] {
  const left = [...actual];
  const missing: TestRow[] = [];
  for (const wanted of expected) {
    const at = left.findIndex((found) => columnDifferences(wanted, found).length === 0);
    if (at < 0) missing.push(wanted);
    else left.splice(at, 1);
  }
  const differences: string[] = [];
  for (const wanted of missing) {
    const nearest = nearestOf(wanted, left);
    if (nearest === undefined) differences.push(`missing       ${rowText(wanted)}`);
    else {
      left.splice(left.indexOf(nearest), 1);
      const columns = columnDifferences(wanted, nearest);
      differences.push(`differs       ${rowText(wanted)}`, ...columns.map((line) => `                ${line}`));
    }
  }
  return [...differences, ...left.map((found) => `not expected  ${rowText(found)}`)];
}

/** The row with the fewest differing columns, if any column but one agrees. */
function nearestOf(wanted: TestRow, left: readonly ActualRow[]): ActualRow | undefined {
  const columns = Object.keys(wanted).length;
  const ranked = left.map((found) => ({ found, count: columnDifferences(wanted, found).length }));
  const best = ranked.sort((a, b) => a.count - b.count)[0];
  return best !== undefined && best.count < columns ? best.found : undefined;
}

function columnDifferences(wanted: TestRow, found: ActualRow): readonly string[] {
  return Object.entries(wanted).flatMap(([column, value]) => {
    const name = Object.keys(found).find((candidate) => candidate.toLowerCase() === column.toLowerCase());
    if (name === undefined) return [`${column}: there is no such column; there are ${Object.keys(found).join(", ")}`];
    const actual = found[name] ?? null;
    return sameValue(value, actual) ? [] : [`${column}: expected ${valueText(value)}, is ${valueText(actual)}`];
  });
}

export function sameValue(expected: unknown, actual: SqlValue): boolean {
  if (expected === null || expected === undefined || actual === null)
    return (expected ?? null) === null && actual === null;
  return comparable(expected) === comparable(actual);
}

/** One text for equal values. */
function comparable(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "object" && value !== null && !isRawNumber(value)) return nested(value);
  const text = isRawNumber(value) ? value.rawJSON : String(value as string | number | bigint | boolean);
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return plainNumber(text);
  const moment = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]00(?::?00)?)?$/.exec(text);
  if (moment === null) return text;
  const [, day, time, fraction = ""] = moment;
  return `${day}T${time}${fraction.replace(/\.?0+$/, "")}`;
}

function nested(value: object): string {
  if (Array.isArray(value)) return `[${value.map(comparable).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${comparable(field)}`).join(",")}}`;
}

/** `007.50` is `7.5`, `-0` is `0`. */
function plainNumber(text: string): string {
  const [whole = "0", fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const digits = whole.replace(/^0+(?=\d)/, "");
  const rest = fraction.replace(/0+$/, "");
  const size = rest === "" ? digits : `${digits}.${rest}`;
  return text.startsWith("-") && size !== "0" ? `-${size}` : size;
}

export function rowText(row: TestRow | ActualRow): string {
  const shown = Object.entries(row).filter(([name]) => !["_batch", "_row", "_seq"].includes(name));
  return shown.map(([name, value]) => `${name}=${valueText(value)}`).join("  ");
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return typeof value === "string" ? value : stringifyExact(value);
}
