// `check`: conditions for `rule()`, over the columns of one row. They run the same in the warehouse and at the ingress, unlike SQL text.
import { checkHistory } from "./check-history.ts";
import { checkSets } from "./check-sets.ts";
import type { Comparison, Expression } from "./expression.ts";
import { patternText } from "./pattern-text.ts";

/** A column's name, or an expression. */
type Operand<Column extends string> = Column | Expression<Column>;
type Constant = string | number | bigint | boolean;

export const check = {
  ...checkSets,
  ...checkHistory,

  /** Two columns, or a column and an expression: `check.compare("ends", ">", "starts")`. */
  compare<const A extends string = never, const B extends string = never>(
    left: Operand<A>,
    is: Comparison,
    right: Operand<B>,
  ): Expression<A | B> {
    return { op: "compare", is, left: operand(left), right: operand(right) };
  },

  /** A constant, of the type of what it is compared with: `check.compare("age", ">=", check.value(18))`. */
  value(value: Constant): Expression<never> {
    return { op: "value", value: String(value), written: writtenAs(value) };
  },

  /** The sum of several numbers: `check.compare(check.sum("net", "tax"), "=", "gross")`. */
  sum<const Column extends string>(first: Operand<Column>, ...others: readonly Operand<Column>[]): Expression<Column> {
    return others.map(operand).reduce((left, right) => ({ op: "add", left, right }), operand(first));
  },

  difference<const A extends string = never, const B extends string = never>(
    left: Operand<A>,
    right: Operand<B>,
  ): Expression<A | B> {
    return { op: "subtract", left: operand(left), right: operand(right) };
  },

  product<const A extends string = never, const B extends string = never>(
    left: Operand<A>,
    right: Operand<B>,
  ): Expression<A | B> {
    return { op: "multiply", left: operand(left), right: operand(right) };
  },

  /** Length of a text in code points. */
  length<const Column extends string>(of: Column): Expression<Column> {
    return { op: "length", of: operand(of) };
  },

  oneOf<const Column extends string>(of: Column, ...values: readonly Constant[]): Expression<Column> {
    return { op: "among", of: operand(of), values: values.map(String) };
  },

  /** A regular expression that is found in the text. */
  matches<const Column extends string>(of: Column, pattern: RegExp | string): Expression<Column> {
    return { op: "matches", of: operand(of), pattern: patternText(pattern) };
  },

  missing<const Column extends string>(column: Column): Expression<Column> {
    return { op: "missing", of: operand(column) };
  },

  present<const Column extends string>(column: Column): Expression<Column> {
    return present(column);
  },

  all<const Column extends string>(...of: readonly Expression<Column>[]): Expression<Column> {
    return { op: "all", of };
  },

  any<const Column extends string>(...of: readonly Expression<Column>[]): Expression<Column> {
    return { op: "any", of };
  },

  not<const Column extends string>(of: Expression<Column>): Expression<Column> {
    return { op: "not", of };
  },

  /** Where the first condition is true the second must hold: `check.when(check.oneOf("state", "closed"), check.present("closed_at"))`. */
  when<const A extends string = never, const B extends string = never>(
    condition: Expression<A>,
    then: Expression<B>,
  ): Expression<A | B> {
    return { op: "any", of: [{ op: "not", of: condition }, then] };
  },

  /** At least one of the columns has a value. */
  atLeastOne<const Column extends string>(...columns: readonly Column[]): Expression<Column> {
    return { op: "any", of: columns.map(present) };
  },

  /** All of the columns have a value, or none. */
  allOrNone<const Column extends string>(...columns: readonly Column[]): Expression<Column> {
    const missing = columns.map((column): Expression<Column> => ({ op: "missing", of: operand(column) }));
    return {
      op: "any",
      of: [
        { op: "all", of: columns.map(present) },
        { op: "all", of: missing },
      ],
    };
  },

  /** Exactly one of the columns has a value. */
  exactlyOne<const Column extends string>(...columns: readonly Column[]): Expression<Column> {
    const alone = columns.map((column): Expression<Column> => {
      const others = columns.filter((other) => other !== column);
      return {
        op: "all",
        of: [present(column), ...others.map((other): Expression<Column> => ({ op: "missing", of: operand(other) }))],
      };
    });
    return { op: "any", of: alone };
  },
} as const;

/** Text that holds a number may stand in a sum: exact decimals are written so. */
function writtenAs(value: Constant): "number" | "text" | "bool" {
  if (typeof value === "boolean") return "bool";
  return typeof value !== "string" || /^[+-]?\d+(\.\d+)?$/.test(value) ? "number" : "text";
}

function operand<Column extends string>(of: Operand<Column>): Expression<Column> {
  return typeof of === "string" ? { op: "column", column: of } : of;
}

function present<Column extends string>(column: Column): Expression<Column> {
  return { op: "not", of: { op: "missing", of: operand(column) } };
}
