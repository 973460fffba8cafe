// Compiles a contract into JavaScript for early answers at the ingress: the same codes that the loader will give. What the loader alone can judge is
// named: SQL text, references, set rules, the shape of nested values.
import {
  cleansed,
  columnCode,
  malformedCode,
  setChecks,
  setCode,
  type CleansingStep,
  type ColumnDefinition,
  type ContractDefinition,
  type Expression,
  type VerdictCode,
} from "@millrace/core";
import { rowRules, type RowRule } from "../rules/row-rules.ts";
import { compileCondition, compileReader, type Condition } from "./compile-expression.ts";
import { converterOf, type Value } from "./convert-value.ts";
import { loaderText } from "./loader-text.ts";

export interface RowValidator {
  /**
   * Codes that the record fails, in the order of the loader; empty when it passes. Like the loader it goes by the spelling of numbers: `1.0` is no
   * whole number. Records that come as text are read with readRecord, which keeps it. A pattern on a very long text is left to the loader.
   */
  validate(record: unknown): readonly VerdictCode[];
  /** Codes that only the loader can give. */
  readonly loaderOnly: readonly VerdictCode[];
}

const none: readonly VerdictCode[] = [];

/** @throws MillraceError contract-invalid */
export function compileValidator(contract: ContractDefinition): RowValidator {
  const columns = contract.columns.map((column) => compileColumn(contract, column));
  const rejecting = rowRules(contract).rules.filter((rule) => rule.severity === "reject");
  const malformed = [malformedCode(contract)];
  const references = contract.columns.filter((column) => column.references !== undefined);
  const judge = judgeOf(
    columns,
    rejecting.filter((rule) => rule.loaderOnly === undefined).map((rule) => compileRule(contract, rule)),
  );
  return {
    loaderOnly: [
      ...rejecting.filter((rule) => rule.loaderOnly !== undefined).map((rule) => rule.code),
      ...references.map((column) => columnCode(contract, column.name, "references")),
      ...(contract.sets ?? [])
        .filter((rule) => (rule.severity ?? setChecks[rule.set.set].severity) === "reject")
        .map((rule) => setCode(contract, rule.name)),
    ],
    validate(record) {
      if (typeof record !== "object" || record === null || Array.isArray(record)) return malformed;
      return judge(record as Readonly<Record<string, unknown>>);
    },
  };
}

interface CompiledColumn {
  readonly field: string;
  readonly missing: VerdictCode | undefined;
  readonly wrongType: VerdictCode;
  readonly convert: (value: unknown) => Value | undefined;
  /** Cleansed text, or null; absent where nothing is cleansed. */
  readonly clean?: (value: unknown) => Value | null;
}

interface CompiledRule {
  readonly code: VerdictCode;
  readonly holds: Condition;
}

/** Values are converted once, into one row that is used again for the next record. */
function judgeOf(
  columns: readonly CompiledColumn[],
  rules: readonly CompiledRule[],
): (record: Readonly<Record<string, unknown>>) => readonly VerdictCode[] {
  const row = columns.map((): Value | null => null);
  const values = columns.map((): unknown => undefined);
  const fields = columns.map((column) => column.field);
  return (record) => {
    readFields(record, fields, values);
    let codes: VerdictCode[] | undefined;
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at] as CompiledColumn;
      const value = column.clean === undefined ? values[at] : column.clean(values[at]);
      let converted: Value | null = null;
      if (value === undefined || value === null) {
        if (column.missing !== undefined) (codes ??= []).push(column.missing);
      } else {
        converted = column.convert(value) ?? null;
        if (converted === null) (codes ??= []).push(column.wrongType);
      }
      row[at] = converted;
    }
    for (let at = 0; at < rules.length; at += 1) {
      const rule = rules[at] as CompiledRule;
      if (rule.holds(row) === false) (codes ??= []).push(rule.code);
    }
    return codes ?? none;
  };
}

/**
 * Copies the fields into `values`. Records mostly have their fields in one order: walking along it is several times faster than asking for each by
 * name.
 */
function readFields(record: Readonly<Record<string, unknown>>, fields: readonly string[], values: unknown[]): void {
  let at = 0;
  for (const key in record) {
    if (key !== fields[at]) break;
    values[at] = record[key];
    at += 1;
  }
  for (; at < fields.length; at += 1) {
    const field = fields[at] as string;
    values[at] = Object.hasOwn(record, field) ? record[field] : undefined;
  }
}

function compileColumn(contract: ContractDefinition, column: ColumnDefinition): CompiledColumn {
  return {
    field: column.source ?? column.name,
    missing: column.required ? columnCode(contract, column.name, "required") : undefined,
    wrongType: columnCode(contract, column.name, "type"),
    convert: converterOf(column.type),
    ...(column.cleansing === undefined ? {} : { clean: cleanserOf(column.cleansing) }),
  };
}

function cleanserOf(steps: readonly CleansingStep[]): (value: unknown) => Value | null {
  const source: Expression = { op: "column", column: "source" };
  const read = compileReader(cleansed(steps, source), [{ name: "source", type: { kind: "string" }, required: false }]);
  return (value) => read([value === undefined || value === null ? null : loaderText(value)]);
}

function compileRule(contract: ContractDefinition, rule: RowRule): CompiledRule {
  return { code: rule.code, holds: compileCondition(rule.condition, contract.columns) };
}
