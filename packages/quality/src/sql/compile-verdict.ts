// Compiles a contract into what the loader asks of the warehouse: row checks as SQL over the typed columns, and references to parents.
import {
  columnCode,
  type ColumnDefinition,
  type ContractDefinition,
  type LoadVerdict,
  type ReferenceCheck,
  type RowCheck,
} from "@millrace/core";
import { rowRules, type RowRule } from "../rules/row-rules.ts";
import { expressionSql, mayBeNull } from "./expression-sql.ts";

/**
 * @param domain the contract's own domain, for references without one
 * @throws MillraceError contract-invalid for a constant or pattern that the warehouse cannot take
 */
export function compileVerdict(contract: ContractDefinition, domain: string): LoadVerdict {
  const { rules } = rowRules(contract);
  const checks = (wanted: (rule: RowRule) => boolean): RowCheck[] =>
    rules.filter(wanted).map((rule) => rowCheck(contract, rule));
  return {
    rows: checks((rule) => rule.severity === "reject"),
    references: contract.columns.flatMap((column) => reference(contract, column, domain)),
    watched: rules
      .filter((rule) => rule.severity !== "reject")
      .map((rule) => ({ ...rowCheck(contract, rule), severity: rule.severity === "block" ? "block" : "warn" })),
  };
}

function rowCheck(contract: ContractDefinition, rule: RowRule): RowCheck {
  return {
    code: rule.code,
    sql: expressionSql(rule.condition, contract.columns),
    columns: rule.columns,
    nullable: mayBeNull(rule.condition, contract.columns),
  };
}

function reference(contract: ContractDefinition, column: ColumnDefinition, domain: string): ReferenceCheck[] {
  if (column.references === undefined) return [];
  const [first = "", second] = column.references.table.split(".");
  return [
    {
      code: columnCode(contract, column.name, "references"),
      column: column.name,
      parentDomain: second === undefined ? domain : first,
      parentTable: second ?? first,
      parentColumn: column.references.column,
    },
  ];
}
