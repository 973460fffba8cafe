// Rules that need not run: no row can fail them, or another rule of the same severity is at least as strict.
import { familyOf, type ColumnDefinition, type Comparison, type Expression, type Severity } from "@millrace/core";
import { typeIn } from "../sql/expression-sql.ts";

interface Rule {
  readonly condition: Expression;
  readonly severity: Severity;
}

/** True where the condition holds in every row that has its required values. Rows without them fail for that. */
export function isAlwaysTrue(expression: Expression, columns: readonly ColumnDefinition[]): boolean {
  switch (expression.op) {
    case "all":
      return expression.of.every((part) => isAlwaysTrue(part, columns));
    case "any":
      return expression.of.some((part) => isAlwaysTrue(part, columns));
    case "not":
      return isAlwaysFalse(expression.of, columns);
    case "compare":
      return holdsForType(expression, columns);
    case "among":
      return holdsForEnum(expression, columns);
    default:
      return false;
  }
}

function isAlwaysFalse(expression: Expression, columns: readonly ColumnDefinition[]): boolean {
  if (expression.op === "not") return isAlwaysTrue(expression.of, columns);
  if (expression.op !== "missing" || expression.of.op !== "column") return false;
  const { column: name } = expression.of;
  return columns.find((column) => column.name === name)?.required === true;
}

const ranges = { int32: [-2_147_483_648n, 2_147_483_647n], int64: [-(2n ** 63n), 2n ** 63n - 1n] } as const;

/** A bound at or beyond the ends of the type. */
function holdsForType(
  { is, left, right }: Extract<Expression, { op: "compare" }>,
  columns: readonly ColumnDefinition[],
): boolean {
  if (left.op !== "column" || right.op !== "value" || !/^-?\d+$/.test(right.value)) return false;
  const kind = columns.find((column) => column.name === left.column)?.type.kind;
  if (kind !== "int32" && kind !== "int64") return false;
  const [lowest, highest] = ranges[kind];
  const limit = BigInt(right.value);
  const holds: Partial<Record<Comparison, boolean>> = {
    ">=": limit <= lowest,
    ">": limit < lowest,
    "<=": limit >= highest,
    "<": limit > highest,
  };
  return holds[is] === true;
}

function holdsForEnum(
  { of, values }: Extract<Expression, { op: "among" }>,
  columns: readonly ColumnDefinition[],
): boolean {
  const type = of.op === "column" ? columns.find((column) => column.name === of.column)?.type : undefined;
  return type?.kind === "enum" && type.values.every((value) => values.includes(value));
}

const strength: Readonly<Record<Severity, number>> = { warn: 0, reject: 1, block: 2 };

/**
 * For each rule, the rule that whatever fails it fails too, with at least its consequence. Of two that say the same, the first stays. Rules are compared
 * only with those on the same operand: a wide contract has thousands.
 */
export function impliedBy<R extends Rule>(
  rules: readonly R[],
  columns: readonly ColumnDefinition[],
): ReadonlyMap<R, R> {
  const said = rules.map((rule, at) => ({
    rule,
    at,
    text: JSON.stringify(rule.condition),
    bound: boundOf(rule.condition, columns),
  }));
  const alike = Map.groupBy(said, ({ text, bound }) => bound?.operand ?? text);
  const implied = new Map<R, R>();
  for (const one of said) {
    const stronger = alike.get(one.bound?.operand ?? one.text)?.find((other) => implies(other, one));
    if (stronger !== undefined) implied.set(one.rule, stronger.rule);
  }
  return implied;
}

interface Said {
  readonly rule: Rule;
  readonly at: number;
  readonly text: string;
  readonly bound: Bound | undefined;
}

function implies(other: Said, one: Said): boolean {
  const [a, b] = [strength[other.rule.severity], strength[one.rule.severity]];
  if (other === one || a < b) return false;
  if (other.text === one.text) return a > b || other.at < one.at;
  return a === b && other.bound !== undefined && one.bound !== undefined && isTighter(other.bound, one.bound);
}

/** A bound that is a whole number, of something that is ordered as numbers are. */
interface Bound {
  /** Side and operand. */
  readonly operand: string;
  readonly upper: boolean;
  readonly limit: bigint;
}

function boundOf(condition: Expression, columns: readonly ColumnDefinition[]): Bound | undefined {
  if (condition.op !== "compare" || condition.right.op !== "value") return undefined;
  const { is, left, right } = condition;
  if (is === "=" || is === "<>" || !/^-?\d+$/.test(right.value)) return undefined;
  if (!["exact", "float"].includes(familyOf(typeIn(left, columns)))) return undefined;
  return { operand: `${is} ${JSON.stringify(left)}`, upper: is.startsWith("<"), limit: BigInt(right.value) };
}

/** @param loose a bound of the same side on the same operand */
function isTighter(tight: Bound, loose: Bound): boolean {
  return tight.upper ? tight.limit < loose.limit : tight.limit > loose.limit;
}
