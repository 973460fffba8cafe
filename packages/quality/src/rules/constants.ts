// Refuses constants that are no values of what they are compared with, and patterns that the warehouse does not know, before anything runs.
import {
  describeType,
  digitsOf,
  familyOf,
  partsOf,
  type ContractDefinition,
  type Expression,
  type LogicalType,
} from "@millrace/core";
import { typeIn } from "../sql/expression-sql.ts";
import { fits } from "../sql/literals.ts";
import { conversionOf } from "../validator/convert-value.ts";
import { contractProblem } from "./contract-problem.ts";
import { unknownToWarehouse } from "./regular-expression.ts";

/** @throws MillraceError contract-invalid */
export function checkConstants(contract: ContractDefinition, code: string, expression: Expression): void {
  const fail = (problem: string): never => {
    throw contractProblem(contract, `rule ${code}: ${problem}`);
  };
  const type = (of: Expression): LogicalType => typeIn(of, contract.columns);
  if (expression.op === "compare") {
    const { left, right } = expression;
    if (right.op === "value") checkConstant(type(left), right.value, fail);
    else if (left.op === "value") checkConstant(type(right), left.value, fail);
  }
  if (expression.op === "multiple") checkConstant(type(expression.of), expression.step, fail);
  if (expression.op === "among") checkListed(type(expression.of), expression.values, fail);
  if (expression.op === "matches") checkPattern(expression.pattern, fail);
  for (const part of partsOf(expression)) checkConstants(contract, code, part);
}

function checkConstant(type: LogicalType, value: string, fail: (problem: string) => never): void {
  if (!fits(type, value)) fail(`"${value}" is no value of type ${describeType(type)}`);
  if (familyOf(type) !== "exact") return;
  const { precision, scale } = digitsOf(type);
  const [whole = "", fraction = ""] = value.replace(/^[+-]/, "").split(".");
  const digits = Math.max(precision - scale, whole.length) + Math.max(scale, fraction.length);
  if (digits > 38) fail(`${value} and ${describeType(type)} need ${digits} digits together; at most 38 stay exact`);
}

function checkListed(type: LogicalType, values: readonly string[], fail: (problem: string) => never): void {
  if (type.kind === "enum") {
    const other = values.find((value) => !type.values.includes(value));
    if (other !== undefined) fail(`"${other}" is none of the values of ${describeType(type)}`);
    return;
  }
  const wrong = values.find((value) => conversionOf(type)(value) === undefined);
  if (wrong !== undefined) fail(`"${wrong}" is no value of type ${describeType(type)}`);
}

function checkPattern(pattern: string, fail: (problem: string) => never): void {
  const found = unknownToWarehouse(pattern);
  if (found === undefined) return;
  fail(
    `pattern ${pattern} uses ${found}, which only JavaScript knows; write it without look-around, back references and \\u`,
  );
}
