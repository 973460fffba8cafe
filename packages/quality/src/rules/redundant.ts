// Rules that need not run: no row can fail them, or another rule of the same severity is at least as strict.
import type { ColumnDefinition, Comparison, Expression, Severity } from "@millrace/core";

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

/** True where whatever fails `rule` fails `other` too, with at least its consequence. Of two that say the same, the first of `all` stays. */
export function impliedBy<R extends Rule>(rule: R, other: R, all: readonly R[]): boolean {
  if (rule === other || strength[other.severity] < strength[rule.severity]) return false;
  const same = JSON.stringify(rule.condition) === JSON.stringify(other.condition);
  if (same) return strength[other.severity] > strength[rule.severity] || all.indexOf(other) < all.indexOf(rule);
  return other.severity === rule.severity && isTighter(other.condition, rule.condition);
}

/** A stricter bound of the same side on the same operand, compared as whole numbers. */
function isTighter(tight: Expression, loose: Expression): boolean {
  if (tight.op !== "compare" || loose.op !== "compare" || tight.is !== loose.is) return false;
  if (JSON.stringify(tight.left) !== JSON.stringify(loose.left)) return false;
  if (tight.right.op !== "value" || loose.right.op !== "value") return false;
  const values = [tight.right.value, loose.right.value];
  if (!values.every((value) => /^-?\d+$/.test(value))) return false;
  const [a = 0n, b = 0n] = values.map(BigInt);
  return tight.is.startsWith(">") ? a > b : tight.is.startsWith("<") && tight.is !== "<>" && a < b;
}
