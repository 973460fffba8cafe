// Which rules the validator cannot judge as the warehouse would: they run in the loader alone, and the plan says so.
import { familyOf, partsOf, type Columns, type Expression, type LogicalType } from "@millrace/core";
import { sharedPattern } from "../rules/regular-expression.ts";
import { typeIn } from "../sql/expression-sql.ts";

/** Why the loader alone can judge it; undefined when both sides can. */
export function loaderOnly(expression: Expression, columns: Columns): string | undefined {
  const own = ownReason(expression, columns);
  if (own !== undefined) return own;
  for (const part of partsOf(expression)) {
    const reason = loaderOnly(part, columns);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function ownReason(expression: Expression, columns: Columns): string | undefined {
  switch (expression.op) {
    case "sql":
      return "it is SQL text";
    case "received":
      return "the moment of receipt is known to the loader";
    case "matches": {
      const shared = sharedPattern(expression.pattern);
      return typeof shared === "string" ? shared : undefined;
    }
    case "among":
      return zoned([typeIn(expression.of, columns)]);
    case "compare":
    case "add":
    case "subtract":
    case "multiply":
      return mixedNumbers(expression, columns);
    default:
      return undefined;
  }
}

function zoned(types: readonly LogicalType[]): string | undefined {
  return types.some((type) => type.kind === "timestamp" && type.zone !== undefined && type.zone !== "UTC")
    ? "its column's own time zone is known to the warehouse"
    : undefined;
}

function mixedNumbers(
  { left, right }: { readonly left: Expression; readonly right: Expression },
  columns: Columns,
): string | undefined {
  const types = [left, right].map((side) => typeIn(side, columns));
  const zone = zoned(types);
  if (zone !== undefined) return zone;
  if (left.op === "value" || right.op === "value") return undefined;
  const float = types.some((type) => type.kind === "float");
  return float && types.some((type) => type.kind === "decimal" || (familyOf(type) === "exact" && type.kind === "int64"))
    ? "it mixes exact numbers with floating point"
    : undefined;
}
