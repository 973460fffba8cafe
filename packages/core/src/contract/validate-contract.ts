// Refuses contracts that contradict themselves, with the place where the author wrote them.
import { MillraceError } from "../errors/millrace-error.ts";
import { atLocation } from "../project/location.ts";
import { isDateFormat, type CleansingStep } from "./cleansing.ts";
import { checkCondition, columnChecks } from "./column-check.ts";
import {
  checkCode,
  malformedCode,
  ruleCode,
  setCode,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
} from "./contract.ts";
import { unknownFieldCode } from "./evolution.ts";
import { typeOf } from "./expression-type.ts";
import { describeType, type LogicalKind, type LogicalType } from "./logical-type.ts";
import { validateEvolution } from "./validate-evolution.ts";
import { validateSetRule } from "./validate-sets.ts";

const identifier = /^[a-z_][a-z0-9_]{0,62}$/i;
const versioned: readonly LogicalKind[] = ["int32", "int64", "timestamp"];

/** @throws MillraceError contract-invalid */
export function validateContract(contract: ContractDefinition): void {
  const fail = (problem: string): never => {
    throw new MillraceError(
      "contract-invalid",
      `${atLocation(contract.location)}contract "${contract.name}": ${problem}`,
      {
        details: { contract: contract.name, ...contract.location },
      },
    );
  };
  if (!identifier.test(contract.name))
    fail(`a name has letters, digits and _, at most 63, and starts with a letter; received "${contract.name}"`);
  if (contract.columns.length === 0) fail("has no columns");
  const seen = new Map<string, string>();
  for (const column of contract.columns) {
    const twin = seen.get(column.name.toLowerCase());
    if (twin !== undefined)
      fail(`columns "${twin}" and "${column.name}" differ only by case; names are unique without regard to case`);
    seen.set(column.name.toLowerCase(), column.name);
    validateColumn(column, fail);
  }
  if (contract.columns.filter((column) => column.version).length > 1)
    fail("has more than one version() column; at most one orders the rows");
  validateRules(contract, fail);
  validateEvolution(contract, fail);
}

function validateColumn(column: ColumnDefinition, fail: (problem: string) => never): void {
  const named = `column "${column.name}"`;
  if (!identifier.test(column.name))
    fail(`${named}: a name has letters, digits and _, at most 63, and starts with a letter`);
  if (column.name.startsWith("_")) fail(`${named}: names that begin with _ are reserved for _batch, _row and _seq`);
  if (column.name.toLowerCase() === "rowid")
    fail(
      `${named}: rowid is the engine's own name for a row; give the column another one, and its source with from("${column.name}")`,
    );
  if (column.key && !column.required) fail(`${named}: a key column cannot be optional`);
  if (column.version && !versioned.includes(column.type.kind))
    fail(`${named}: version() needs int32, int64 or timestamp, not ${describeType(column.type)}`);
  if (column.references !== undefined && (column.references.table === "" || column.references.column === ""))
    fail(`${named}: references("table.column") or references("domain.table.column") is expected`);
  validateType(column.type, named, fail);
  validateCleansing(column, fail);
  for (const check of column.checks) validateCheck(column, check, fail);
  const min = bound(column, "min");
  const max = bound(column, "max");
  if (min !== undefined && max !== undefined && min > max)
    fail(`${named}: min ${min} is above max ${max}; no value can pass`);
}

function validateCleansing({ name, type, cleansing = [] }: ColumnDefinition, fail: (problem: string) => never): void {
  if (cleansing.length > 0 && ["json", "list", "struct"].includes(type.kind))
    fail(`column "${name}": clean() works on text; ${describeType(type)} is read as JSON`);
  for (const step of cleansing) validateStep(`column "${name}"`, step, fail);
}

function validateStep(named: string, step: CleansingStep, fail: (problem: string) => never): void {
  const wrong = step.step === "date" ? step.formats.find((format) => !isDateFormat(format)) : undefined;
  if (wrong !== undefined)
    fail(`${named}: date format "${wrong}" needs YYYY, M or MM, D or DD once each, and mm with H or HH; ss may follow`);
  if ((step.step === "date" && step.formats.length === 0) || (step.step === "nullIf" && step.values.length === 0))
    fail(`${named}: ${step.step}() needs at least one ${step.step === "date" ? "format" : "text"}`);
  if (step.step === "phone" && !/^[1-9]\d{0,2}$/.test(step.callingCode))
    fail(`${named}: "${step.callingCode}" is no calling code; 1 to 3 digits are expected, such as "41"`);
  if (step.step === "number" && (step.decimal.length !== 1 || step.group.length > 1 || step.decimal === step.group))
    fail(`${named}: number() needs one character for decimals and another for groups, or none`);
}

function validateType(type: LogicalType, named: string, fail: (problem: string) => never): void {
  if (type.kind === "enum" && type.values.length === 0) fail(`${named}: an enum needs at least one value`);
  if (
    type.kind === "decimal" &&
    !(type.precision >= 1 && type.precision <= 38 && type.scale >= 0 && type.scale <= type.precision)
  )
    fail(`${named}: ${describeType(type)} is not valid; precision is 1 to 38 and scale 0 to precision`);
}

function validateCheck(column: ColumnDefinition, check: ColumnCheck, fail: (problem: string) => never): void {
  const named = `column "${column.name}"`;
  const { types } = columnChecks[check.check];
  if (!types.includes(column.type.kind))
    fail(`${named}: ${check.check}() does not fit ${describeType(column.type)}; it fits ${types.join(", ")}`);
  if (check.check === "multipleOf" && !/^\d*\.?\d*[1-9]\d*$/.test(check.step))
    fail(`${named}: multipleOf(${check.step}) needs a number above 0, written with digits and a point`);
  if (check.check === "length" && !isLengthRange(check))
    fail(`${named}: length() needs min, max or both, whole numbers from 0, min not above max`);
  if (check.check === "pattern" || check.check === "notPattern") validatePattern(named, check.pattern, fail);
  typeOf(checkCondition(column.name, check), [column], (problem) => fail(`${named}: ${check.check}(): ${problem}`));
}

function isLengthRange({ min, max }: { readonly min?: number; readonly max?: number }): boolean {
  const bounds = [min, max].filter((bound) => bound !== undefined);
  const whole = bounds.every((bound) => Number.isSafeInteger(bound) && bound >= 0);
  return whole && bounds.length > 0 && (min ?? 0) <= (max ?? Infinity);
}

function validatePattern(named: string, pattern: string, fail: (problem: string) => never): void {
  try {
    new RegExp(pattern, "u");
  } catch (cause) {
    // RE2 knows inline flags and a few more forms; the warehouse tells at the plan whether it takes them.
    if (/\(\?[a-zP]|\\[AzQpP]|\[\[:/.test(pattern)) return;
    fail(
      `${named}: pattern ${pattern} is not a regular expression (${cause instanceof Error ? cause.message : String(cause)})`,
    );
  }
}

function bound(column: ColumnDefinition, which: "min" | "max"): number | undefined {
  const found = column.checks.find((check) => check.check === which);
  const value = found !== undefined && "value" in found ? Number(found.value) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}

function validateRules(contract: ContractDefinition, fail: (problem: string) => never): void {
  const names = new Set<string>();
  for (const rule of contract.rules) {
    if (!identifier.test(rule.name)) fail(`rule "${rule.name}": a name has letters, digits and _`);
    if (names.has(rule.name)) fail(`rule "${rule.name}" is declared twice`);
    names.add(rule.name);
    if (rule.condition.op === "sql" && rule.condition.sql.trim() === "") fail(`rule "${rule.name}" has no predicate`);
    const inRule = (problem: string): never => fail(`rule "${rule.name}": ${problem}`);
    const type = typeOf(rule.condition, contract.columns, inRule);
    if (type.kind !== "bool") inRule(`is a value of type ${describeType(type)}; a rule is true or false`);
  }
  for (const rule of contract.sets ?? []) {
    if (!identifier.test(rule.name)) fail(`rule "${rule.name}": a name has letters, digits and _`);
    if (names.has(rule.name)) fail(`rule "${rule.name}" is declared twice`);
    names.add(rule.name);
    validateSetRule(contract, rule, fail);
  }
  validateCodes(contract, fail);
}

function validateCodes(contract: ContractDefinition, fail: (problem: string) => never): void {
  const codes = new Set([
    malformedCode(contract),
    unknownFieldCode(contract),
    ...contract.rules.map((rule) => ruleCode(contract, rule.name)),
    ...(contract.sets ?? []).map((rule) => setCode(contract, rule.name)),
  ]);
  for (const column of contract.columns)
    for (const check of column.checks) {
      const code = checkCode(contract, column, check);
      if (check.name !== undefined && !identifier.test(check.name))
        fail(`check "${check.name}": a name has letters, digits and _`);
      if (codes.has(code) || ["required", "type", "references"].includes(check.name ?? ""))
        fail(`column "${column.name}": the code ${code} is taken; give the second check a name of its own`);
      codes.add(code);
    }
}
