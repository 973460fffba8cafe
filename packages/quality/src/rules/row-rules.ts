// All rules over one row of a contract, in the order of their codes, each with its one tree; what is always true or said twice is left out.
import {
  checkCode,
  checkCondition,
  columnsRead,
  restColumn,
  ruleCode,
  type ColumnDefinition,
  type ContractDefinition,
  type Expression,
  type Severity,
  type VerdictCode,
} from "@millrace/core";
import { loaderOnly } from "../validator/loader-only.ts";
import { checkConstants } from "./constants.ts";
import { impliedBy, isAlwaysTrue } from "./redundant.ts";

export interface RowRule {
  readonly code: VerdictCode;
  readonly condition: Expression;
  readonly severity: Severity;
  /** Columns whose values its reason shows. */
  readonly columns: readonly string[];
  /** Why the loader alone can judge it; absent when the validator can too. */
  readonly loaderOnly?: string;
}

export interface RowRules {
  readonly rules: readonly RowRule[];
  /** Rules that no row can fail, or that another rule says already. */
  readonly dropped: readonly { readonly code: VerdictCode; readonly because: string }[];
}

/** @throws MillraceError contract-invalid for a constant or pattern that the warehouse cannot take */
export function rowRules(contract: ContractDefinition): RowRules {
  const declared = [
    ...contract.columns.flatMap((column) => columnRules(contract, column)),
    ...contract.rules.map((rule): RowRule => {
      const columns =
        rule.condition.op === "sql" ? mentioned(contract, rule.condition.sql) : columnsRead(rule.condition);
      const { condition, severity = "reject" } = rule;
      return withPlace(contract, { code: ruleCode(contract, rule.name), condition, severity, columns });
    }),
  ];
  const rules: RowRule[] = [];
  const dropped: { code: VerdictCode; because: string }[] = [];
  const implied = impliedBy(declared, contract.columns);
  for (const rule of declared) {
    const stronger = implied.get(rule);
    if (isAlwaysTrue(rule.condition, contract.columns))
      dropped.push({ code: rule.code, because: "no row can fail it" });
    else if (stronger !== undefined) dropped.push({ code: rule.code, because: `${stronger.code} says it already` });
    else rules.push(rule);
  }
  return { rules, dropped };
}

function columnRules(contract: ContractDefinition, column: ColumnDefinition): RowRule[] {
  return column.checks.map((check) =>
    withPlace(contract, {
      code: checkCode(contract, column, check),
      condition: checkCondition(column.name, check),
      severity: check.severity ?? "reject",
      columns: [column.name],
    }),
  );
}

function withPlace(contract: ContractDefinition, rule: RowRule): RowRule {
  checkConstants(contract, rule.code, rule.condition);
  const rest = restColumn(contract);
  const readsRest = rest !== undefined && rule.columns.includes(rest.name);
  const reason = readsRest ? "it reads the side column" : loaderOnly(rule.condition, contract.columns);
  return reason === undefined ? rule : { ...rule, loaderOnly: reason };
}

/** Columns that a rule's text names, for its reason. */
function mentioned(contract: ContractDefinition, sql: string): string[] {
  const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);
  return contract.columns.map((column) => column.name).filter((name) => words.has(name.toLowerCase()));
}
