// Quality checks of a property: library metrics and Millrace's own checks become checks and rules; what Millrace cannot run is kept and told.
import { setChecks, type ColumnCheck, type LogicalType, type SetRuleDefinition, type Severity } from "@millrace/core";
import { isFields, listOf, numberText, textOf, type Fields } from "../document/located.ts";
import { TakenNames } from "../document/names.ts";
import { checkShape } from "../document/shape.ts";
import { engine } from "./own-fields.ts";
import { checkShapeOf } from "./own-shapes.ts";
import type { PropertySource } from "./read-property.ts";

export interface ReadColumnQuality {
  readonly checks: readonly ColumnCheck[];
  readonly sets: readonly SetRuleDefinition[];
  /** Texts that are valid, where that may be the type. */
  readonly values: readonly string[] | undefined;
  readonly required: boolean;
  /** The property is unique by a check, so that `unique: true` says nothing more. */
  readonly unique: boolean;
  readonly kept: readonly unknown[];
}

export function readColumnQuality(source: PropertySource, type: LogicalType): ReadColumnQuality {
  const reader = new QualityReader(source, type);
  for (const item of listOf(source.property["quality"]).filter(isFields)) reader.read(item);
  return reader;
}

class QualityReader implements ReadColumnQuality {
  readonly checks: ColumnCheck[] = [];
  readonly sets: SetRuleDefinition[] = [];
  readonly kept: unknown[] = [];
  values: readonly string[] | undefined;
  required = false;
  unique = false;
  readonly #source: PropertySource;
  readonly #type: LogicalType;
  /** Names of checks are the column's own. */
  readonly #names = new TakenNames();

  constructor(source: PropertySource, type: LogicalType) {
    this.#source = source;
    this.#type = type;
  }

  read(item: Fields): void {
    const { file, name, report } = this.#source;
    if (item["type"] === "text") return void this.kept.push(item);
    const taken = item["engine"] === engine ? this.#own(item) : this.#metric(item);
    if (taken) return tellLostFields(item, (what) => report(name, what, file.line(item)));
    this.kept.push(item);
    report(name, `${describeQuality(item)} is kept, not enforced`, file.line(item));
  }

  #own(item: Fields): boolean {
    const { file, name } = this.#source;
    const { implementation } = item;
    checkShape(implementation, checkShapeOf, { file, path: name, holder: item, key: "implementation", advice: "" });
    this.checks.push(implementation as ColumnCheck);
    return true;
  }

  #metric(item: Fields): boolean {
    if (item["type"] !== undefined && item["type"] !== "library") return false;
    switch (item["metric"] ?? item["rule"]) {
      case "nullValues":
        return this.#nulls(item);
      case "missingValues":
        return isNone(item) && this.#missing(item);
      case "invalidValues":
        return isNone(item) && this.#invalid(item);
      case "duplicateValues":
        return isNone(item) && this.#duplicates(item);
      default:
        return false;
    }
  }

  #nulls(item: Fields): boolean {
    const severity = severityOf(item);
    if (isNone(item) && severity !== "warn") {
      this.required = true;
      return true;
    }
    const below = item["mustBeLessThan"];
    const most = item["mustBeLessOrEqualTo"] ?? (isNone(item) ? 0 : below);
    if (typeof most !== "number" || (item["unit"] !== "percent" && !isNone(item))) return false;
    const { name, report, file } = this.#source;
    if (most === below)
      report(name, `less than ${most} percent of missing values became at most ${most}`, file.line(item));
    this.sets.push({
      ...setFacts(item, this.#named(item, `${name}_missing`), "aggregate"),
      set: { set: "aggregate", of: "nullShare", column: name, scope: "table", max: most / 100 },
    });
    return true;
  }

  #missing(item: Fields): boolean {
    const listed = listOf(argumentsOf(item)["missingValues"]);
    const texts = listed.filter((value) => value !== null).map(String);
    if (listed.includes(null)) this.required = true;
    if (texts.length > 0) this.checks.push({ check: "notOneOf", values: texts, ...this.#options(item) });
    return listed.length > 0;
  }

  #invalid(item: Fields): boolean {
    const { validValues, pattern } = argumentsOf(item);
    const options = this.#options(item);
    if (typeof pattern === "string") this.checks.push({ check: "pattern", pattern, ...options });
    const values = listOf(validValues).map((value) => numberText(value) ?? String(value));
    if (values.length === 0) return typeof pattern === "string";
    const isType = this.values === undefined && item["name"] === undefined && options.severity === undefined;
    if (isType && this.#type.kind === "string") this.values = values;
    else {
      const { name, ...stated } = options;
      this.checks.push({
        check: "oneOf",
        values,
        ...stated,
        ...(name === undefined || name === "oneOf" ? {} : { name }),
      });
    }
    return true;
  }

  #duplicates(item: Fields): boolean {
    const { name } = this.#source;
    this.unique = true;
    this.sets.push({
      ...setFacts(item, this.#named(item, `${name}_unique`), "unique"),
      set: { set: "unique", columns: [name], keep: "first" },
    });
    return true;
  }

  #options(item: Fields): { readonly name?: string; readonly severity?: Severity } {
    const severity = severityOf(item);
    const name = textOf(item["name"]);
    return {
      ...(severity === undefined || severity === "reject" ? {} : { severity }),
      ...(name === undefined ? {} : { name: this.#names.take(name) }),
    };
  }

  #named(item: Fields, name: string): string {
    return this.#source.ruleNames.take(ruleName(item) ?? name);
  }
}

/** The name of a check as that of a rule: free text in small letters. */
export function ruleName(item: Fields): string | undefined {
  const name = textOf(item["name"]);
  return name === undefined || /^\w+$/.test(name) ? name : name.toLowerCase();
}

/**
 * Name, severity and description of a rule.
 *
 * @param usual severity that the rule has when nothing is said; for kinds that know no rows errors block the batch
 */
export function ruleFacts(
  item: Fields,
  name: string,
  usual: Severity = "reject",
  knowsRows = true,
): Omit<SetRuleDefinition, "set"> {
  const said = severityOf(item);
  const severity = said === "reject" && !knowsRows ? "block" : said;
  const description = textOf(item["description"]);
  return {
    name,
    ...(severity === undefined || severity === usual ? {} : { severity }),
    ...(description === undefined ? {} : { description }),
  };
}

/** Those of a rule over several rows. */
export function setFacts(item: Fields, name: string, kind: keyof typeof setChecks): Omit<SetRuleDefinition, "set"> {
  const { severity, rows } = setChecks[kind];
  return ruleFacts(item, name, severity, rows);
}

/** The standard leaves the words open; those that are usual are known. */
export function severityOf(item: Fields): Severity | undefined {
  const word = textOf(item["severity"])?.toLowerCase();
  if (word === undefined) return undefined;
  if (/^(?:warn|warning|info|low|minor|medium|notice)$/.test(word)) return "warn";
  return /^(?:critical|blocker|block|fatal)$/.test(word) ? "block" : "reject";
}

/** No row may be one of those that the metric counts. */
export function isNone(item: Fields): boolean {
  if (item["mustBe"] === 0) return true;
  return item["unit"] !== "percent" && (item["mustBeLessThan"] === 1 || item["mustBeLessOrEqualTo"] === 0);
}

export function argumentsOf(item: Fields): Fields {
  return isFields(item["arguments"]) ? item["arguments"] : {};
}

const lostFields = [
  "dimension",
  "businessImpact",
  "method",
  "schedule",
  "scheduler",
  "tags",
  "customProperties",
  "authoritativeDefinitions",
];

/** Fields of a check that a rule of a contract has no place for. */
export function tellLostFields(item: Fields, tell: (what: string) => void): void {
  const lost = lostFields.filter((key) => item[key] !== undefined);
  if (lost.length > 0) tell(`${describeQuality(item)} is enforced; not kept: ${lost.join(", ")}`);
}

export function describeQuality(item: Fields): string {
  const name = textOf(item["name"]);
  if (name !== undefined) return `the quality check "${name}"`;
  const kind = textOf(item["metric"]) ?? textOf(item["rule"]) ?? textOf(item["engine"]) ?? textOf(item["type"]);
  return `a quality check (${kind ?? "without a kind"})`;
}
