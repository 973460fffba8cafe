// Every rule that a contract declares, for people: its code, what it is about, how it is written, and by what its failures are counted.
import {
  checkCode,
  columnCode,
  isHistoryCheck,
  judgedByClock,
  ruleCode,
  setChecks,
  setCode,
  setColumns,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type SetRuleDefinition,
  type Severity,
  type VerdictCode,
} from "@millrace/core";
import { expressionSql } from "../sql/expression-sql.ts";

export interface DeclaredRule {
  readonly code: VerdictCode;
  readonly severity: Severity;
  /** Columns that it reads; empty for rules over the number of rows, and for SQL text. */
  readonly columns: readonly string[];
  /** How it is written: `min(0)`, or a condition as SQL. */
  readonly text: string;
  /** What fails: a row, a whole batch, or a moment. */
  readonly judges: "rows" | "batches" | "clock";
  readonly description?: string;
}

/** In the order of declaration: required columns and parents, checks, rules over a row, rules over several rows and over history. */
export function declaredRules(contract: ContractDefinition): readonly DeclaredRule[] {
  return [
    ...contract.columns.flatMap((column) => columnRules(contract, column)),
    ...contract.rules.map((rule): DeclaredRule => {
      const text =
        rule.condition.op === "sql" ? rule.condition.sql.trim() : expressionSql(rule.condition, contract.columns);
      const { severity = "reject" } = rule;
      return { code: ruleCode(contract, rule.name), severity, columns: [], text, judges: "rows", ...described(rule) };
    }),
    ...(contract.sets ?? []).map((rule) => setRule(contract, rule)),
  ];
}

function columnRules(contract: ContractDefinition, column: ColumnDefinition): DeclaredRule[] {
  const about = { columns: [column.name], judges: "rows" } as const;
  const parent = column.references;
  return [
    ...(column.required
      ? [
          {
            ...about,
            code: columnCode(contract, column.name, "required"),
            severity: "reject",
            text: "required",
          } as const,
        ]
      : []),
    ...(parent === undefined
      ? []
      : [
          {
            ...about,
            code: columnCode(contract, column.name, "references"),
            severity: "reject",
            text: `references(${parent.table}.${parent.column})`,
          } as const,
        ]),
    ...column.checks.map((check) => ({
      ...about,
      code: checkCode(contract, column, check),
      severity: check.severity ?? "reject",
      text: checkText(check),
    })),
  ];
}

function checkText({ check, severity: _severity, name: _name, ...fields }: ColumnCheck): string {
  return `${check}(${given(fields)})`;
}

function setRule(contract: ContractDefinition, rule: SetRuleDefinition): DeclaredRule {
  const { set, ...fields } = rule.set;
  const kind = setChecks[set];
  const clock = isHistoryCheck(rule.set) && judgedByClock(rule.set);
  return {
    code: setCode(contract, rule.name),
    severity: rule.severity ?? kind.severity,
    columns: setColumns(rule.set),
    text: `${set}(${given(fields)})`,
    judges: clock ? "clock" : kind.rows ? "rows" : "batches",
    ...described(rule),
  };
}

/** One value as it is, several by name; nested trees (conditions of a parent) are left out. */
function given(fields: object): string {
  const entries = Object.entries(fields).filter(([, value]) => Array.isArray(value) || typeof value !== "object");
  const text = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : String(value));
  if (entries.length === 1) return text(entries[0]?.[1]);
  return entries
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${text(value)}]` : text(value)}`)
    .join(", ");
}

function described({ description }: { readonly description?: string }): { readonly description?: string } {
  return description === undefined ? {} : { description };
}
