// Which trees make sense: the type of each expression over a contract's columns, or the reason why it has none. Engine and validator rely on it.
import type { ColumnDefinition } from "./contract.ts";
import { partsOf, type Expression } from "./expression.ts";
import { didYouMean } from "../text/nearest-name.ts";
import { describeType, type LogicalKind, type LogicalType } from "./logical-type.ts";

export type Columns = readonly Pick<ColumnDefinition, "name" | "type" | "required">[];
type Fail = (problem: string) => never;

/** Types whose values can be compared with each other; each other type compares only with itself. */
export type Family =
  "exact" | "float" | "text" | Exclude<LogicalKind, "int32" | "int64" | "decimal" | "string" | "enum">;

const bool: LogicalType = { kind: "bool" };
const digitsMax = 38;

export function familyOf(type: LogicalType): Family {
  switch (type.kind) {
    case "int32":
    case "int64":
    case "decimal":
      return "exact";
    case "string":
    case "enum":
      return "text";
    default:
      return type.kind;
  }
}

/** Digits in all and after the point of an exact number. */
export function digitsOf(type: LogicalType): { readonly precision: number; readonly scale: number } {
  if (type.kind === "decimal") return type;
  return { precision: type.kind === "int32" ? 10 : 19, scale: 0 };
}

/** The type of a constant that is written as a number. */
export function numberType(value: string): LogicalType {
  const [whole = "", fraction = ""] = value.replace(/^[+-]/, "").split(".");
  return { kind: "decimal", precision: Math.max(1, whole.length + fraction.length), scale: fraction.length };
}

/** @param fail called with a sentence about the first part that makes no sense; throws */
export function typeOf(expression: Expression, columns: Columns, fail: Fail): LogicalType {
  const part = (of: Expression): LogicalType => typeOf(of, columns, fail);
  switch (expression.op) {
    case "column":
      return (
        columns.find((column) => column.name === expression.column)?.type ?? fail(unknown(expression.column, columns))
      );
    case "value":
      return constantType(expression, fail);
    case "received":
      return { kind: "timestamp" };
    case "sql":
      return bool;
    case "length":
      expectText(part(expression.of), "length", fail);
      return { kind: "int32" };
    case "nothing":
      return { kind: "string" };
    case "change":
    case "replace":
    case "lookup":
    case "rewrite":
      expectText(part(expression.of), expression.op, fail);
      return { kind: "string" };
    case "add":
    case "subtract":
    case "multiply":
      return computed(expression.op, part(expression.left), part(expression.right), fail);
    case "choose":
      return chosen(expression, part, fail);
    default:
      checkCondition(expression, part, fail);
      return bool;
  }
}

function checkCondition(expression: Expression, part: (of: Expression) => LogicalType, fail: Fail): void {
  const types = partsOf(expression).map(part);
  const [first] = types;
  if (expression.op === "all" || expression.op === "any" || expression.op === "not") {
    if (expression.op === "any" && types.length === 0) fail(`"any" needs at least one condition; no row could pass`);
    const other = types.find((type) => type.kind !== "bool");
    if (other !== undefined)
      fail(`"${expression.op}" joins conditions; received a value of type ${describeType(other)}`);
    return;
  }
  if (first === undefined || expression.op === "missing") return;
  if (expression.op === "among") checkListed(expression.values, first, fail);
  if (expression.op === "compare") checkCompared(expression, types, fail);
  if (expression.op === "matches" || expression.op === "like") expectText(first, expression.op, fail);
  if (expression.op === "multiple" && familyOf(first) !== "exact")
    fail(`"multiple" needs a whole number or decimal; received ${describeType(first)}`);
}

const uncompared: readonly LogicalKind[] = ["json", "list", "struct", "bytes"];

function checkListed(values: readonly string[], type: LogicalType, fail: Fail): void {
  if (values.length === 0) fail("a list needs at least one value");
  if (uncompared.includes(type.kind)) fail(`values of type ${describeType(type)} are not compared with a list`);
}

function checkCompared(
  { left, right }: Extract<Expression, { op: "compare" }>,
  [first, second]: readonly LogicalType[],
  fail: Fail,
): void {
  if (first === undefined || second === undefined) return;
  for (const type of [first, second])
    if (uncompared.includes(type.kind)) fail(`values of type ${describeType(type)} have no order and are not compared`);
  if (left.op === "value" || right.op === "value") return;
  // The moment of receipt is compared with a day as its day in UTC, with a wall clock as the time of UTC.
  const moments = [left.op === "received" ? second : undefined, right.op === "received" ? first : undefined];
  if (moments.some((type) => type?.kind === "date" || type?.kind === "datetime")) return;
  const families = new Set([familyOf(first), familyOf(second)]);
  const numbers = families.has("float") && families.has("exact");
  if (families.size > 1 && !numbers) fail(`${describeType(first)} cannot be compared with ${describeType(second)}`);
  if (families.has("exact") && !numbers) checkDigits([first, second], fail);
}

/** The engine compares decimals in a type that holds both. */
function checkDigits(types: readonly LogicalType[], fail: Fail): void {
  const digits = types.map(digitsOf);
  const scale = Math.max(...digits.map((one) => one.scale));
  const needed = Math.max(...digits.map((one) => one.precision - one.scale)) + scale;
  if (needed > digitsMax)
    fail(`comparing ${types.map(describeType).join(" with ")} needs ${needed} digits; at most ${digitsMax} stay exact`);
}

function chosen(
  expression: Extract<Expression, { op: "choose" }>,
  part: (of: Expression) => LogicalType,
  fail: Fail,
): LogicalType {
  const when = part(expression.when);
  if (when.kind !== "bool") fail(`a choice needs a condition; received ${describeType(when)}`);
  const [then, otherwise] = [part(expression.chosen), part(expression.otherwise)];
  if (then.kind !== otherwise.kind && familyOf(then) !== familyOf(otherwise))
    fail(`a choice gives values of one type; received ${describeType(then)} and ${describeType(otherwise)}`);
  return then;
}

function computed(op: "add" | "subtract" | "multiply", left: LogicalType, right: LogicalType, fail: Fail): LogicalType {
  for (const type of [left, right])
    if (familyOf(type) !== "exact" && type.kind !== "float")
      fail(`"${op}" needs numbers; received ${describeType(type)}`);
  if (left.kind === "float" || right.kind === "float") return { kind: "float" };
  const [a, b] = [digitsOf(left), digitsOf(right)];
  const scale = op === "multiply" ? a.scale + b.scale : Math.max(a.scale, b.scale);
  const whole =
    op === "multiply"
      ? a.precision - a.scale + b.precision - b.scale
      : Math.max(a.precision - a.scale, b.precision - b.scale) + 1;
  if (whole + scale > digitsMax)
    fail(
      `"${op}" of ${describeType(left)} and ${describeType(right)} may have ${whole + scale} digits; at most ${digitsMax} stay exact`,
    );
  return { kind: "decimal", precision: whole + scale, scale };
}

function constantType({ value, written }: Extract<Expression, { op: "value" }>, fail: Fail): LogicalType {
  if (written === "text") return { kind: "string" };
  if (written === "bool") return bool;
  if (!/^[+-]?\d+(\.\d+)?$/.test(value))
    fail(`${value} is no exact number; write it with digits and a point, such as "0.001"`);
  return numberType(value);
}

function expectText(type: LogicalType, what: string, fail: Fail): void {
  if (familyOf(type) !== "text") fail(`"${what}" needs text; received ${describeType(type)}`);
}

function unknown(name: string, columns: Columns): string {
  return `there is no column "${name}"${didYouMean(
    name,
    columns.map((column) => column.name),
  )}`;
}
