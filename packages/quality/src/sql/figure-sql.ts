// Figures of a column as SQL: what check.aggregate(), check.quantile() and check.anomaly() measure.
import type { Aggregate, ColumnDefinition, ContractDefinition } from "@millrace/core";
import { quotedName } from "./literals.ts";

/** Texts that people write where there is no value, in small letters. */
const missingWords = ["", "n/a", "na", "null", "none", "nan", "nil", "-", "?"];

/** An aggregate over rows with the column. */
export function figureSql(contract: ContractDefinition, of: Aggregate, column: string): string {
  const name = quotedName(column);
  switch (of) {
    case "count":
      return `count(${name})`;
    case "nullCount":
      return `count(*) - count(${name})`;
    case "mean":
      return `avg(${name})`;
    case "stddev":
      return `stddev_samp(${squarable(contract, column)})`;
    case "variance":
      return `var_samp(${squarable(contract, column)})`;
    case "distinct":
      return `count(DISTINCT ${name})`;
    case "nullShare":
      return `(count(*) - count(${name})) / nullif(count(*), 0)`;
    case "missingShare":
      return `(count(*) FILTER (${missing(contract, column)})) / nullif(count(*), 0)`;
    case "uniqueShare":
      return `count(DISTINCT ${name}) / nullif(count(${name}), 0)`;
    case "zeroShare":
      return `(count(*) FILTER (${name} = 0)) / nullif(count(${name}), 0)`;
    case "minLength":
      return `min(length(CAST(${name} AS VARCHAR)))`;
    case "meanLength":
      return `avg(length(CAST(${name} AS VARCHAR)))`;
    case "maxLength":
      return `max(length(CAST(${name} AS VARCHAR)))`;
    default:
      return `${of}(${name})`;
  }
}

/** The same as a DOUBLE that never fails the batch: floating values beyond 1e150 count as 1e150, because the engine refuses sums without a place. */
export function figureNumber(contract: ContractDefinition, of: Aggregate, column: string): string {
  const sums = of === "sum" || of === "mean";
  if (!sums || kindOf(contract, column) !== "float") return `CAST(${figureSql(contract, of, column)} AS DOUBLE)`;
  return `${of === "sum" ? "sum" : "avg"}(${squarable(contract, column)})`;
}

function squarable(contract: ContractDefinition, column: string): string {
  const name = quotedName(column);
  return kindOf(contract, column) === "float" ? `least(greatest(${name}, -1e150), 1e150)` : name;
}

function missing(contract: ContractDefinition, column: string): string {
  const name = quotedName(column);
  const kind = kindOf(contract, column);
  if (kind !== "string" && kind !== "enum") return `${name} IS NULL`;
  const text = `lower(trim(CAST(${name} AS VARCHAR)))`;
  return `${name} IS NULL OR ${missingWords.map((word) => `${text} = '${word}'`).join(" OR ")}`;
}

function kindOf(contract: ContractDefinition, name: string): ColumnDefinition["type"]["kind"] | undefined {
  return contract.columns.find((column) => column.name === name)?.type.kind;
}
