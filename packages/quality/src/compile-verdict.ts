// Compiles a contract into what the loader asks of the warehouse: row checks as SQL over the typed columns, and references to parents.
import {
  atLocation,
  columnCode,
  MillraceError,
  ruleCode,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type LoadVerdict,
  type LogicalType,
  type ReferenceCheck,
  type RowCheck,
} from "@millrace/core";
import { emailPattern } from "./patterns.ts";

/**
 * @param domain the contract's own domain, for references without one
 * @throws MillraceError contract-invalid for a pattern that the two engines of the verdict do not share
 */
export function compileVerdict(contract: ContractDefinition, domain: string): LoadVerdict {
  const columns = contract.columns.flatMap((column) =>
    column.checks.map((check) => columnCheck(contract, column, check)),
  );
  const rules = contract.rules.map((rule): RowCheck => ({
    code: ruleCode(contract, rule.name),
    sql: rule.sql,
    columns: mentioned(contract, rule.sql),
  }));
  return {
    rows: [...columns, ...rules],
    references: contract.columns.flatMap((column) => reference(contract, column, domain)),
  };
}

function columnCheck(contract: ContractDefinition, column: ColumnDefinition, check: ColumnCheck): RowCheck {
  if (check.check === "pattern") refuseUnshared(contract, column, check.pattern);
  return {
    code: columnCode(contract, column.name, check.check),
    sql: checkSql(`"${column.name.replaceAll('"', '""')}"`, column.type, check),
    columns: [column.name],
  };
}

function checkSql(name: string, type: LogicalType, check: ColumnCheck): string {
  switch (check.check) {
    case "min":
      return `${name} ${check.exclusive === true ? ">" : ">="} ${bound(type, check.value)}`;
    case "max":
      return `${name} ${check.exclusive === true ? "<" : "<="} ${bound(type, check.value)}`;
    case "length":
      return (
        [
          ...(check.min === undefined ? [] : [`length(${name}) >= ${check.min}`]),
          ...(check.max === undefined ? [] : [`length(${name}) <= ${check.max}`]),
        ].join(" AND ") || "true"
      );
    case "pattern":
      return `regexp_matches(${name}, ${quoted(check.pattern)})`;
    case "email":
      return `regexp_matches(${name}, ${quoted(emailPattern)})`;
    case "oneOf":
      return among(name, type, check.values);
    case "notOneOf":
      return `NOT ${among(name, type, check.values)}`;
  }
}

/** Never an IN list: the engine turns one into a hash join, whose rows leave in no order, and the order is a row's position. */
function among(name: string, type: LogicalType, values: readonly string[]): string {
  if (values.length > 8) return `list_contains([${values.map((value) => bound(type, value)).join(", ")}], ${name})`;
  return `(${values.map((value) => `${name} = ${bound(type, value)}`).join(" OR ") || "false"})`;
}

/** A literal of the column's type. */
function bound(type: LogicalType, value: string): string {
  switch (type.kind) {
    case "int32":
    case "int64":
      return `CAST(${quoted(value)} AS BIGINT)`;
    case "decimal":
      return decimalBound(type, value);
    case "float":
      return `CAST(${quoted(value)} AS DOUBLE)`;
    case "date":
      return `DATE ${quoted(value)}`;
    case "timestamp":
      return `TIMESTAMP WITH TIME ZONE ${quoted(value)}`;
    case "datetime":
      return `TIMESTAMP ${quoted(value)}`;
    case "time":
      return `TIME ${quoted(value)}`;
    default:
      return quoted(value);
  }
}

/** In the narrowest type that holds bound and column, so that the column's own values need not be widened to compare. */
function decimalBound(type: Extract<LogicalType, { kind: "decimal" }>, value: string): string {
  const scale = Math.max(type.scale, fractionDigits(value));
  const whole = Math.max(type.precision - type.scale, value.replace(/^[+-]/, "").split(".")[0]?.length ?? 1);
  return `CAST(${quoted(value)} AS DECIMAL(${Math.min(38, whole + scale)}, ${scale}))`;
}

function fractionDigits(value: string): number {
  return value.includes(".") ? value.length - value.indexOf(".") - 1 : 0;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Look-around and back references exist in JavaScript only. */
function refuseUnshared(contract: ContractDefinition, column: ColumnDefinition, pattern: string): void {
  const found = /\(\?<?[=!]|\\[1-9]|\\k</.exec(pattern);
  if (found === null) return;
  throw new MillraceError(
    "contract-invalid",
    `${atLocation(contract.location)}contract "${contract.name}": column "${column.name}": pattern ${pattern} uses ${found[0]}, which only JavaScript knows; write it without look-around and back references`,
    { details: { contract: contract.name, ...contract.location } },
  );
}

/** Columns that a rule's text names, for its reason. */
function mentioned(contract: ContractDefinition, sql: string): string[] {
  const words = new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []);
  return contract.columns.map((column) => column.name).filter((name) => words.has(name.toLowerCase()));
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
