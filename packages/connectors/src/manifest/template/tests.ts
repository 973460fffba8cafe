// What may stand behind `is`.
import { compares } from "./operators.ts";
import {
  asNumber,
  equal,
  isDict,
  isFloat,
  isInt,
  isList,
  isNumeric,
  PyCallable,
  PySet,
  PythonError,
  PyTuple,
  typeName,
  Undefined,
} from "./python-values.ts";
import type { CompareOperator } from "./syntax.ts";

export type Test = (value: unknown, args: readonly unknown[]) => boolean;

const compared =
  (operator: CompareOperator): Test =>
  (value, [other]) =>
    compares(operator, value, other);

function remainder(value: unknown, by: number): number {
  if (value instanceof Undefined) throw new PythonError("UndefinedError", value.hint);
  if (!isNumeric(value))
    throw new PythonError("TypeError", `unsupported operand type(s) for %: '${typeName(value)}' and 'int'`);
  const number = asNumber(value);
  return number - Math.floor(number / by) * by;
}

const isSequence: Test = (value) =>
  typeof value === "string" || isList(value) || isDict(value) || value instanceof PyTuple || value instanceof Undefined;

export const tests: Readonly<Record<string, Test>> = {
  "==": compared("=="),
  "!=": compared("!="),
  "<": compared("<"),
  "<=": compared("<="),
  ">": compared(">"),
  ">=": compared(">="),
  boolean: (value) => typeof value === "boolean",
  callable: (value) => value instanceof PyCallable,
  defined: (value) => !(value instanceof Undefined),
  divisibleby: (value, [by]) => remainder(value, Number(by)) === 0,
  eq: compared("=="),
  equalto: compared("=="),
  escaped: () => false,
  even: (value) => remainder(value, 2) === 0,
  false: (value) => value === false,
  float: (value) => isFloat(value),
  ge: compared(">="),
  greaterthan: compared(">"),
  gt: compared(">"),
  in: compared("in"),
  integer: (value) => isInt(value),
  iterable: (value) => isSequence(value, []) || value instanceof PySet,
  le: compared("<="),
  lessthan: compared("<"),
  lower: (value) => typeof value === "string" && /\p{Ll}/u.test(value) && !/[\p{Lu}\p{Lt}]/u.test(value),
  lt: compared("<"),
  mapping: (value) => isDict(value),
  ne: compared("!="),
  none: (value) => value === null,
  number: (value) => isNumeric(value),
  odd: (value) => remainder(value, 2) === 1,
  sameas: (value, [other]) =>
    value === other || (isNumeric(value) && typeName(value) === typeName(other) && equal(value, other)),
  sequence: isSequence,
  string: (value) => typeof value === "string",
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value) => typeof value === "string" && /\p{Lu}/u.test(value) && !/[\p{Ll}\p{Lt}]/u.test(value),
};
