// Compiles a contract into JavaScript for early answers at the ingress: the same codes that the loader will give. Rules written in SQL, references
// and the shape of nested values are judged by the loader alone.
import {
  columnCode,
  malformedCode,
  ruleCode,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type LogicalType,
  type VerdictCode,
} from "@millrace/core";
import { conversionOf, scaled, type Comparable } from "./convert-value.ts";
import { loaderText } from "./loader-text.ts";
import { asJavaScript, emailPattern } from "./patterns.ts";

export interface RowValidator {
  /**
   * Codes that the record fails, in the order of the loader; empty when it passes. Like the loader it goes by the spelling of numbers: `1.0` is no
   * whole number. Records that come as text are read with readRecord, which keeps it.
   */
  validate(record: unknown): readonly VerdictCode[];
  /** Codes that only the loader can give. */
  readonly loaderOnly: readonly VerdictCode[];
}

const none: readonly VerdictCode[] = [];

export function compileValidator(contract: ContractDefinition): RowValidator {
  const columns = contract.columns.map((column) => compileColumn(contract, column));
  const malformed = [malformedCode(contract)];
  const references = contract.columns.filter((column) => column.references !== undefined);
  return {
    loaderOnly: [
      ...contract.rules.map((rule) => ruleCode(contract, rule.name)),
      ...references.map((column) => columnCode(contract, column.name, "references")),
    ],
    validate(record) {
      if (typeof record !== "object" || record === null || Array.isArray(record)) return malformed;
      return judge(columns, record as Readonly<Record<string, unknown>>);
    },
  };
}

interface CompiledColumn {
  readonly field: string;
  readonly missing: VerdictCode | undefined;
  readonly wrongType: VerdictCode;
  readonly convert: (value: unknown) => Comparable;
  readonly checks: readonly { readonly code: VerdictCode; readonly passes: (value: Comparable) => boolean }[];
}

function judge(columns: readonly CompiledColumn[], record: Readonly<Record<string, unknown>>): readonly VerdictCode[] {
  let types: VerdictCode[] | undefined;
  let checks: VerdictCode[] | undefined;
  for (const column of columns) {
    const value = record[column.field];
    if (value === undefined || value === null) {
      if (column.missing !== undefined) (types ??= []).push(column.missing);
      continue;
    }
    const converted = column.convert(value);
    if (converted === undefined) {
      (types ??= []).push(column.wrongType);
      continue;
    }
    for (const check of column.checks) if (!check.passes(converted)) (checks ??= []).push(check.code);
  }
  if (types === undefined) return checks ?? none;
  return checks === undefined ? types : [...types, ...checks];
}

function compileColumn(contract: ContractDefinition, column: ColumnDefinition): CompiledColumn {
  const convert = conversionOf(column.type);
  return {
    field: column.source ?? column.name,
    missing: column.required ? columnCode(contract, column.name, "required") : undefined,
    wrongType: columnCode(contract, column.name, "type"),
    convert: (value) => convert(loaderText(value)),
    checks: column.checks.map((check) => ({
      code: columnCode(contract, column.name, check.check),
      passes: compileCheck(column.type, check),
    })),
  };
}

function compileCheck(type: LogicalType, check: ColumnCheck): (value: Comparable) => boolean {
  switch (check.check) {
    case "min":
      return ordered(type, check.value, (order) => (check.exclusive === true ? order > 0 : order >= 0));
    case "max":
      return ordered(type, check.value, (order) => (check.exclusive === true ? order < 0 : order <= 0));
    case "length":
      return (value) => inLength(String(value), check.min ?? 0, check.max ?? Number.POSITIVE_INFINITY);
    case "pattern": {
      const pattern = asJavaScript(check.pattern);
      return (value) => pattern.test(String(value));
    }
    case "email": {
      const pattern = asJavaScript(emailPattern);
      return (value) => pattern.test(String(value));
    }
    case "oneOf":
      return oneOf(type, check.values);
    case "notOneOf": {
      const among = oneOf(type, check.values);
      return (value) => !among(value);
    }
  }
}

/** Compares a value with a bound of the same type; a decimal bound may have more digits than the column. */
function ordered(type: LogicalType, bound: string, holds: (order: number) => boolean): (value: Comparable) => boolean {
  if (type.kind === "decimal") {
    const digits = bound.includes(".") ? bound.length - bound.indexOf(".") - 1 : 0;
    const scale = Math.max(type.scale, digits);
    const limit = scaled(bound, scale);
    const factor = 10n ** BigInt(scale - type.scale);
    return (value) => holds(order((value as bigint) * factor, limit));
  }
  const limit = conversionOf(type)(bound);
  return (value) => holds(order(value, limit));
}

function order(value: Comparable, limit: Comparable): number {
  if (value === limit) return 0;
  return value !== undefined && limit !== undefined && value < limit ? -1 : 1;
}

function oneOf(type: LogicalType, values: readonly string[]): (value: Comparable) => boolean {
  const convert = conversionOf(type.kind === "enum" ? { kind: "string" } : type);
  const allowed = new Set(values.map(convert));
  return (value) => allowed.has(value);
}

/** Length in code points, counted only where the length in UTF-16 leaves a doubt. */
function inLength(text: string, min: number, max: number): boolean {
  if (text.length <= max && text.length >= min * 2) return true;
  const points = Array.from(text).length;
  return points >= min && points <= max;
}
