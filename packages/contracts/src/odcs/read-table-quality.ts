// Quality checks of a whole table: SQL over a row, keys, row counts and Millrace's own rules.
import type { Expression, RuleDefinition, SetCheck, SetRuleDefinition } from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import type { TakenNames } from "../document/names.ts";
import { checkShape } from "../document/shape.ts";
import { engine } from "./own-fields.ts";
import { expressionShape, setShape } from "./own-shapes.ts";
import {
  argumentsOf,
  describeQuality,
  isNone,
  ruleFacts,
  ruleName,
  setFacts,
  severityOf,
  tellLostFields,
} from "./read-quality.ts";
import { setSummary } from "./write-type.ts";

export interface TableSource {
  readonly file: LocatedFile;
  /** Name of the contract. */
  readonly name: string;
  readonly report: ReportLoss;
  readonly ruleNames: TakenNames;
  /** Column of a property's name; undefined for one that is not there. */
  readonly columnOf: (property: string) => string | undefined;
}

export interface ReadTableQuality {
  readonly rules: readonly RuleDefinition[];
  readonly sets: readonly SetRuleDefinition[];
  readonly kept: readonly unknown[];
}

export function readTableQuality(source: TableSource, quality: unknown): ReadTableQuality {
  const rules: RuleDefinition[] = [];
  const sets: SetRuleDefinition[] = [];
  const kept: unknown[] = [];
  for (const item of listOf(quality).filter(isFields)) {
    const tell = (what: string): void => source.report(source.name, what, source.file.line(item));
    const found = item["type"] === "text" ? "text" : ruleOf(source, item);
    if (found === undefined || found === "text") {
      kept.push(item);
      if (found === undefined) tell(`${describeQuality(item)} is kept, not enforced`);
      continue;
    }
    tellLostFields(item, tell);
    if ("set" in found) sets.push(found);
    else rules.push(found);
  }
  return { rules, sets, kept };
}

function ruleOf(source: TableSource, item: Fields): RuleDefinition | SetRuleDefinition | undefined {
  if (item["engine"] === engine) return ownRule(source, item);
  if (item["type"] === "sql") return sqlRule(source, item);
  if (item["type"] !== undefined && item["type"] !== "library") return undefined;
  const set = metricSet(source, item);
  if (set === undefined) return undefined;
  const named = set.set === "unique" ? `unique_${set.columns.join("_")}` : "row_count";
  return { ...setFacts(item, source.ruleNames.take(ruleName(item) ?? named), set.set), set };
}

function ownRule({ file, name, ruleNames }: TableSource, item: Fields): RuleDefinition | SetRuleDefinition {
  const { implementation } = item;
  const place = { file, path: name, holder: item, key: "implementation", advice: "" };
  const fields = isFields(implementation) ? implementation : {};
  const own = ruleNames.take(ruleName(item) ?? "rule");
  if (fields["set"] !== undefined) {
    checkShape(fields["set"], setShape, place);
    const set = fields["set"] as SetCheck;
    const { description, ...facts } = setFacts(item, own, set.set);
    return {
      ...facts,
      ...(description === undefined || description === setSummary(set.set) ? {} : { description }),
      set,
    };
  }
  checkShape(fields["condition"], expressionShape, place);
  return { ...ruleFacts(item, own), condition: fields["condition"] as Expression };
}

const rowWise = /\b(?:select|group|having|order|limit|join|union|window|over|count|sum|avg|min|max)\b|[;{}]/i;
const counted =
  /^\s*select\s+count\s*\(\s*(?:\*|1)\s*\)\s+from\s+\$?\{(?:object|table)\}\s+where\s+([\s\S]+?)\s*;?\s*$/i;

/** A query that counts the bad rows of the table is a rule of a row; others are not understood. */
function sqlRule({ ruleNames, report, name, file }: TableSource, item: Fields): RuleDefinition | undefined {
  const bad = counted.exec(textOf(item["query"]) ?? "")?.[1];
  if (bad === undefined || !isNone(item)) return undefined;
  const good = /^not \(([\s\S]*)\)$/i.exec(bad)?.[1];
  const own = good !== undefined && isOneGroup(good);
  if (!own && rowWise.test(bad)) return undefined;
  const named = ruleNames.take(ruleName(item) ?? "rule");
  if (!own) report(name, `the SQL of "${named}" is taken as it is; the dialect is DuckDB's`, file.line(item, "query"));
  return { ...ruleFacts(item, named), condition: { op: "sql", sql: own ? good : `(${bad}) IS NOT TRUE` } };
}

/** The bracket that was taken away closes at the end, not before. */
function isOneGroup(text: string): boolean {
  let depth = 0;
  for (const [found] of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
    if (found === "(") depth += 1;
    else if (found === ")") depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function metricSet({ columnOf }: TableSource, item: Fields): SetCheck | undefined {
  const metric = item["metric"] ?? item["rule"];
  if (metric === "rowCount") {
    const range = rangeOf(item);
    return range === undefined ? undefined : { set: "rowCount", scope: "table", ...range };
  }
  if (metric !== "duplicateValues" || !isNone(item) || (severityOf(item) === undefined && item["unit"] === "percent"))
    return undefined;
  const columns = listOf(argumentsOf(item)["properties"]).map((one) => columnOf(String(one)));
  const known = columns.filter((column) => column !== undefined);
  return known.length === 0 || known.length < columns.length
    ? undefined
    : { set: "unique", columns: known, keep: "first" };
}

/** A range of whole numbers for the operators that mean one. */
function rangeOf(item: Fields): { readonly min?: number; readonly max?: number } | undefined {
  const number = (key: string): number | undefined => (typeof item[key] === "number" ? item[key] : undefined);
  const [low, high] = listOf(item["mustBeBetween"]);
  if (typeof low === "number" && typeof high === "number") return { min: low, max: high };
  const exact = number("mustBe");
  if (exact !== undefined) return { min: exact, max: exact };
  const above = number("mustBeGreaterThan");
  const below = number("mustBeLessThan");
  const min = number("mustBeGreaterOrEqualTo") ?? (above === undefined ? undefined : Math.floor(above) + 1);
  const max = number("mustBeLessOrEqualTo") ?? (below === undefined ? undefined : Math.ceil(below) - 1);
  if (min === undefined && max === undefined) return undefined;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
