// Compiles a contract into JavaScript for early answers at the ingress: the same codes that the loader will give. What the loader alone can judge is
// named: SQL text, references, set rules, the shape of nested values.
import {
  cleansed,
  columnCode,
  knownFields,
  malformedCode,
  refusesUnknownFields,
  setChecks,
  setCode,
  unknownFieldCode,
  type CleansingStep,
  type ColumnDefinition,
  type ContractDefinition,
  type Expression,
  type VerdictCode,
} from "@millrace/core";
import { rowRules, type RowRule } from "../rules/row-rules.ts";
import {
  columnBound,
  compileCondition,
  compileReader,
  type ColumnBound,
  type Condition,
} from "./compile-expression.ts";
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
  const unknown = refusesUnknownFields(contract) ? new UnknownFieldCheck(contract) : undefined;
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
      const fields = record as Readonly<Record<string, unknown>>;
      const codes = judge(fields);
      return unknown?.finds(fields) === true ? [unknown.code, ...codes] : codes;
    },
  };
}

/** Fields with a value that the contract does not know. */
class UnknownFieldCheck {
  readonly code: VerdictCode;
  readonly #known: ReadonlySet<string>;

  constructor(contract: ContractDefinition) {
    this.code = unknownFieldCode(contract);
    this.#known = new Set(knownFields(contract));
  }

  finds(record: Readonly<Record<string, unknown>>): boolean {
    for (const name in record)
      if (!this.#known.has(name) && record[name] !== null && record[name] !== undefined) return true;
    return false;
  }
}

interface CompiledColumn {
  /** Absent for the side column: rules over it run in the loader alone. */
  readonly field: string | undefined;
  readonly missing: VerdictCode | undefined;
  readonly wrongType: VerdictCode;
  readonly convert: (value: unknown) => Value | undefined;
  /** Cleansed text, or null; absent where nothing is cleansed. */
  readonly clean?: (value: unknown) => Value | null;
}

interface CompiledRule {
  readonly code: VerdictCode;
  readonly holds: Condition;
  /** Where a column is compared with a constant, the commonest rule. */
  readonly bound: ColumnBound | undefined;
}

type Judge = (record: Readonly<Record<string, unknown>>) => readonly VerdictCode[];

/**
 * One function for the contract, its columns and rules written out one after the other: each is called from a place of its own, which the engine learns
 * and inlines. A loop over the same closures takes twice as long. Names enter the source as JSON text, everything else as an argument.
 */
function judgeOf(columns: readonly CompiledColumn[], rules: readonly CompiledRule[]): Judge {
  const source = [
    ...columns.map(
      (_column, at) =>
        `const { convert: convert${at}, clean: clean${at}, missing: missing${at}, wrongType: wrongType${at} } = columns[${at}];`,
    ),
    ...rules.map((_rule, at) => `const { holds: holds${at}, code: code${at}, bound: bound${at} } = rules[${at}];`),
    ...rules.map(({ bound }, at) => (bound === undefined ? "" : `const limit${at} = bound${at}.limit;`)),
    `const row = new Array(${columns.length}).fill(null);`,
    "return (record) => {",
    `let codes, value;`,
    ...columns.map(columnSource),
    ...rules.map(ruleSource),
    "return codes ?? none; };",
  ].join("\n");
  // oxlint-disable-next-line typescript/no-implied-eval -- written here from a checked contract; names are JSON text in it
  return new Function("columns", "rules", "none", `"use strict";\n${source}`)(columns, rules, none) as Judge;
}

function columnSource({ field, clean, missing }: CompiledColumn, at: number): string {
  if (field === undefined) return "";
  const name = JSON.stringify(field);
  const read =
    field in Object.prototype ? `Object.hasOwn(record, ${name}) ? record[${name}] : undefined` : `record[${name}]`;
  const absent = missing === undefined ? "" : `(codes ??= []).push(missing${at});`;
  return `
value = ${read};
${clean === undefined ? "" : `value = clean${at}(value);`}
if (value === undefined || value === null) { row[${at}] = null; ${absent} }
else {
  value = convert${at}(value);
  if (value === undefined) { row[${at}] = null; (codes ??= []).push(wrongType${at}); }
  else row[${at}] = value;
}`;
}

function ruleSource({ bound }: CompiledRule, at: number): string {
  const fails =
    bound === undefined
      ? `holds${at}(row) === false`
      : `row[${bound.column}] !== null && !(row[${bound.column}] ${bound.is} limit${at})`;
  return `if (${fails}) (codes ??= []).push(code${at});`;
}

function compileColumn(contract: ContractDefinition, column: ColumnDefinition): CompiledColumn {
  return {
    field: column.rest === true ? undefined : (column.source ?? column.name),
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
  const { condition } = rule;
  return {
    code: rule.code,
    holds: compileCondition(condition, contract.columns),
    bound: columnBound(condition, contract.columns),
  };
}
