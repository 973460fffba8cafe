// Refuses set rules that make no sense: unknown columns, types that do not fit, ranges without values, `reject` where no row is known to fail.
import { didYouMean } from "../text/nearest-name.ts";
import type { ColumnDefinition, ContractDefinition } from "./contract.ts";
import { familyOf, typeOf, type Family } from "./expression-type.ts";
import { isHistoryCheck } from "./history-rule.ts";
import { describeType } from "./logical-type.ts";
import { setChecks, setColumns, type Aggregate, type SetCheck, type SetRuleDefinition } from "./set-rule.ts";
import { validateHistory } from "./validate-history.ts";

type Fail = (problem: string) => never;

/** A century. */
const minutesMax = 52_596_000;

const numbers: readonly Family[] = ["exact", "float"];
const moments: readonly Family[] = ["date", "timestamp", "datetime"];
const ordered: readonly Family[] = [...numbers, ...moments, "time"];

/** @param fail called with a sentence that begins with the rule */
export function validateSetRule(contract: ContractDefinition, rule: SetRuleDefinition, fail: Fail): void {
  const inRule = (problem: string): never => fail(`rule "${rule.name}": ${problem}`);
  const { set } = rule;
  const kind = setChecks[set.set];
  if (rule.severity === "reject" && !kind.rows)
    inRule(`${set.set}() judges the set as a whole and knows no row to reject; its severity is block or warn`);
  const names = contract.columns.map((column) => column.name);
  for (const name of setColumns(set))
    if (!names.includes(name)) inRule(`there is no column "${name}"${didYouMean(name, names)}`);
  if ("columns" in set && set.columns.length === 0) inRule(`${set.set}() needs at least one column`);
  if ("table" in set && !/^[a-z_]\w*(\.[a-z_]\w*)?$/i.test(set.table))
    inRule(
      `"${set.table}" names no table; table.column or domain.table.column is expected for exists(), else domain.table`,
    );
  if (set.set === "exists" && set.when !== undefined) {
    const type = typeOf(set.when, contract.columns, inRule);
    if (type.kind !== "bool") inRule(`"when" is a value of type ${describeType(type)}; a condition is expected`);
  }
  checkNumbers(set, inRule);
  if (isHistoryCheck(set)) validateHistory(contract, { set, severity: rule.severity ?? kind.severity }, inRule);
  checkTypes(contract, set, inRule);
}

function checkNumbers(set: SetCheck, fail: Fail): void {
  for (const [name, value] of Object.entries(set))
    if (typeof value === "number" && !Number.isFinite(value)) fail(`${name} is ${value}; a finite number is expected`);
  checkRange(set, fail);
  if (set.set === "quantile" && (set.at < 0 || set.at > 1)) fail(`a quantile stands from 0 to 1; received ${set.at}`);
  if (set.set === "outliers" && set.deviations <= 0) fail(`deviations must be above 0; received ${set.deviations}`);
  if (
    set.set === "freshness" &&
    !(Number.isInteger(set.withinMinutes) && set.withinMinutes >= 1 && set.withinMinutes <= minutesMax)
  )
    fail(`withinMinutes is a whole number from 1 to ${minutesMax}; received ${set.withinMinutes}`);
  if (set.set === "sameCount" && set.difference < 0) fail(`difference cannot be below 0; received ${set.difference}`);
}

function checkRange(set: SetCheck, fail: Fail): void {
  if (set.set !== "rowCount" && set.set !== "aggregate" && set.set !== "quantile") return;
  if (set.min === undefined && set.max === undefined) fail(`${set.set}() needs min, max or both`);
  if (set.min !== undefined && set.max !== undefined && set.min > set.max)
    fail(`min ${set.min} is above max ${set.max}; nothing can pass`);
}

function checkTypes(contract: ContractDefinition, set: SetCheck, fail: Fail): void {
  const expect = (name: string, families: readonly Family[]): void => {
    const column = contract.columns.find((one) => one.name === name) as ColumnDefinition;
    if (!families.includes(familyOf(column.type)))
      fail(`${set.set}() does not fit column "${name}" of type ${describeType(column.type)}`);
  };
  switch (set.set) {
    case "noOverlap":
      [set.start, set.end].forEach((name) => expect(name, ordered));
      return void typeOf(
        { op: "compare", is: "<", left: { op: "column", column: set.start }, right: { op: "column", column: set.end } },
        contract.columns,
        fail,
      );
    case "increasing":
      return expect(set.column, ordered);
    case "sequence":
    case "outliers":
    case "quantile":
      return expect(set.column, numbers);
    case "freshness":
    case "noGaps":
      return expect(set.column, moments);
    case "aggregate":
    case "anomaly": {
      const fits = figures(set.of);
      return fits === undefined ? undefined : expect(set.column, fits);
    }
    case "drift":
      return expect(set.column, set.method === "ks" ? numbers : [...numbers, "text", "bool"]);
    default:
      return undefined;
  }
}

/** Types of column that a figure fits; undefined for any. */
function figures(of: Aggregate): readonly Family[] | undefined {
  switch (of) {
    case "count":
    case "nullCount":
    case "distinct":
    case "nullShare":
    case "uniqueShare":
    case "missingShare":
      return undefined;
    case "minLength":
    case "meanLength":
    case "maxLength":
      return ["text"];
    default:
      return numbers;
  }
}
