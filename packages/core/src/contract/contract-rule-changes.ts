// Changes of rules between two versions of a contract: a rule that comes or tightens breaks senders, one that goes or only warns does not.
import {
  checkCode,
  columnCode,
  ruleCode,
  setCode,
  type ColumnCheck,
  type ContractDefinition,
  type Severity,
  type VerdictCode,
} from "./contract.ts";
import type { ContractChange } from "./contract-changes.ts";
import { setChecks } from "./set-rule.ts";

interface Rule {
  readonly severity: Severity;
  /** What it says, comparable. */
  readonly text: string;
  readonly check?: ColumnCheck;
}

export function ruleChanges(before: ContractDefinition, after: ContractDefinition): readonly ContractChange[] {
  const [was, is] = [rulesOf(before), rulesOf(after)];
  const present = new Set(after.columns.map((column) => column.name));
  const gone = [...was.keys()].filter((code) => !is.has(code) && stands(code, after, present));
  return [
    ...[...is].flatMap(([code, rule]) => changesOf(code, was.get(code), rule)),
    ...gone.map((code): ContractChange => ({
      change: "rule-removed",
      subject: code,
      summary: `rule ${code} is gone`,
      breaks: [],
    })),
  ];
}

/** Rules of a column that left go with it. */
function stands(code: VerdictCode, { name }: ContractDefinition, columns: ReadonlySet<string>): boolean {
  const [column = ""] = code.slice(name.length + 1).split(".");
  return columns.has(column) || column === "row" || column === "set";
}

function changesOf(code: VerdictCode, was: Rule | undefined, is: Rule): readonly ContractChange[] {
  const breaks = is.severity === "warn" ? [] : (["senders"] as const);
  if (was === undefined)
    return [{ change: "rule-added", subject: code, summary: `rule ${code} is new (${is.severity})`, breaks }];
  if (was.text === is.text && was.severity === is.severity) return [];
  const looser = was.severity === is.severity && loosens(was.check, is.check);
  const summary = looser ? `rule ${code} becomes looser` : `rule ${code} changes${severityText(was, is)}`;
  return [{ change: "rule-changed", subject: code, summary, breaks: looser ? [] : breaks }];
}

function severityText(was: Rule, is: Rule): string {
  return was.severity === is.severity ? "" : ` from ${was.severity} to ${is.severity}`;
}

/** True where every value that passed before passes now, as far as bounds and lists tell. */
function loosens(was: ColumnCheck | undefined, is: ColumnCheck | undefined): boolean {
  if (was === undefined || is === undefined || was.check !== is.check) return false;
  if ("values" in was && "values" in is) {
    const [wider, narrower] = was.check === "oneOf" ? [is, was] : [was, is];
    return narrower.values.every((value) => wider.values.includes(value));
  }
  if (!("value" in was) || !("value" in is)) return false;
  const [lower, upper] = was.check === "min" ? [is, was] : [was, is];
  return outside(Number(lower.value), Number(upper.value), was, is);
}

type Bound = Extract<ColumnCheck, { check: "min" | "max" }>;

function outside(lower: number, upper: number, was: Bound, is: Bound): boolean {
  return lower < upper || (lower === upper && is.exclusive !== true && was.exclusive === true);
}

function rulesOf(contract: ContractDefinition): ReadonlyMap<VerdictCode, Rule> {
  const rules = new Map<VerdictCode, Rule>();
  for (const column of contract.columns) {
    for (const check of column.checks)
      rules.set(checkCode(contract, column, check), {
        severity: check.severity ?? "reject",
        text: JSON.stringify(check),
        check,
      });
    if (column.references !== undefined)
      rules.set(columnCode(contract, column.name, "references"), {
        severity: "reject",
        text: JSON.stringify(column.references),
      });
  }
  for (const { name, condition, severity = "reject" } of contract.rules)
    rules.set(ruleCode(contract, name), { severity, text: JSON.stringify(condition) });
  for (const { name, set, severity } of contract.sets ?? [])
    rules.set(setCode(contract, name), {
      severity: severity ?? setChecks[set.set].severity,
      text: JSON.stringify(set),
    });
  return rules;
}
