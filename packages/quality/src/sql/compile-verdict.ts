// Compiles a contract into what the loader asks of the warehouse: row checks as SQL over the typed columns, rules over
// several rows, and references to parents.
import {
  cleansed,
  columnCode,
  isHistoryCheck,
  judgedByClock,
  setChecks,
  setCode,
  setColumns,
  type CleansedColumn,
  type ColumnDefinition,
  type ContractDefinition,
  type HistoryRule,
  type LoadVerdict,
  type ReferenceCheck,
  type RowCheck,
  type SetCheck,
  type SetRule,
  type SetRuleDefinition,
} from "@millrace/core";
import { checkConstants } from "../rules/constants.ts";
import { rowRules, type RowRule } from "../rules/row-rules.ts";
import { expressionSql, mayBeNull } from "./expression-sql.ts";
import { figureNumber } from "./figure-sql.ts";
import { bandSql, groupsSql } from "./history-sql.ts";
import { quotedName } from "./literals.ts";
import { setSql } from "./set-sql.ts";

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
    cleansing: contract.columns.flatMap((column) => cleansing(column)),
    sets: (contract.sets ?? []).flatMap((rule) => setRule(contract, rule, domain)),
    history: (contract.sets ?? []).flatMap((rule) => historyRule(contract, rule)),
  };
}

/** Over the column `source_text`. */
function cleansing({ name, cleansing: steps }: ColumnDefinition): CleansedColumn[] {
  if (steps === undefined) return [];
  const tree = cleansed(steps, { op: "column", column: "source_text" });
  const columns = [{ name: "source_text", type: { kind: "string" } as const, required: false }];
  return [{ column: name, sql: expressionSql(tree, columns) }];
}

function rowCheck(contract: ContractDefinition, rule: RowRule): RowCheck {
  return {
    code: rule.code,
    sql: expressionSql(rule.condition, contract.columns),
    columns: rule.columns,
    nullable: mayBeNull(rule.condition, contract.columns),
  };
}

function setRule(contract: ContractDefinition, { name, set, severity }: SetRuleDefinition, domain: string): SetRule[] {
  if (isHistoryCheck(set)) return [];
  const kind = setChecks[set.set];
  if (set.set === "exists" && set.when !== undefined) checkConstants(contract, setCode(contract, name), set.when);
  return [
    {
      code: setCode(contract, name),
      severity: severity ?? kind.severity,
      judges: kind.rows ? "rows" : "whole",
      sql: setSql(contract, set),
      columns: setColumns(set),
      ...("table" in set ? { other: otherTable(set, domain) } : {}),
    },
  ];
}

/** Those that the clock judges have nothing to do with a batch. */
function historyRule(contract: ContractDefinition, { name, set, severity }: SetRuleDefinition): HistoryRule[] {
  if (!isHistoryCheck(set) || judgedByClock(set) || set.set === "arrival") return [];
  const rule = { code: setCode(contract, name), severity: severity === "block" ? severity : ("warn" as const) };
  const sources = { measured: "measured", history: "history_rows" };
  if (set.set === "anomaly") {
    const what = `${set.of} of ${set.column}`;
    return [{ ...rule, measure: figureNumber(contract, set.of, set.column), sql: bandSql(set, { ...sources, what }) }];
  }
  const sql = bandSql(set, { ...sources, what: "rows", first: set.first });
  if (set.by === undefined) return [{ ...rule, measure: "CAST(count(*) AS DOUBLE)", sql }];
  return [{ ...rule, groups: groupsSql(quotedName(set.by), set.windowDays), sql }];
}

function otherTable(set: SetCheck & { readonly table: string }, domain: string): NonNullable<SetRule["other"]> {
  const columns = set.set === "exists" ? set.parentColumns : set.set === "sameRows" ? set.columns : [];
  return { ...tableOf(set.table, domain), columns };
}

/** A table's name, in the contract's own domain where it names none. */
function tableOf(written: string, domain: string): { readonly domain: string; readonly name: string } {
  const [first = "", second] = written.split(".");
  return second === undefined ? { domain, name: first } : { domain: first, name: second };
}

function reference(contract: ContractDefinition, column: ColumnDefinition, domain: string): ReferenceCheck[] {
  if (column.references === undefined) return [];
  const parent = tableOf(column.references.table, domain);
  return [
    {
      code: columnCode(contract, column.name, "references"),
      column: column.name,
      parentDomain: parent.domain,
      parentTable: parent.name,
      parentColumn: column.references.column,
    },
  ];
}
