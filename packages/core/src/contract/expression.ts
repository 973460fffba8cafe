// The one syntax tree of a rule: plain data that quality compiles to the warehouse's SQL and to JavaScript. Authors build it with check.ts and with
// column builders; expression-type.ts says which trees make sense.

/** White space: what ECMAScript trims. */
export const whiteSpace =
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

export type Comparison = "<" | "<=" | "=" | "<>" | ">=" | ">";

/**
 * A condition or value over one row. Missing values behave as in SQL: what is computed from NULL is NULL, `all` and `any` follow three-valued logic, and
 * a rule fails only where its condition is FALSE.
 *
 * `Column` names the columns that it reads, so that a contract refuses a wrong one when it is compiled.
 */
export type Expression<Column extends string = string> =
  | { readonly op: "column"; readonly column: Column }
  /** A constant; its type is that of what it is compared or computed with. */
  | { readonly op: "value"; readonly value: string; readonly written: "number" | "text" | "bool" }
  | { readonly op: "all" | "any"; readonly of: readonly Expression<Column>[] }
  | { readonly op: "not" | "missing" | "length"; readonly of: Expression<Column> }
  | {
      readonly op: "compare";
      readonly is: Comparison;
      readonly left: Expression<Column>;
      readonly right: Expression<Column>;
    }
  /** One of a list of constants of the operand's type. */
  | { readonly op: "among"; readonly of: Expression<Column>; readonly values: readonly string[] }
  /** Regular expression; the whole text need not match unless anchored. */
  | { readonly op: "matches"; readonly of: Expression<Column>; readonly pattern: string }
  /** SQL's LIKE: `%` any text, `_` one character; `\` before either takes it literally. */
  | { readonly op: "like"; readonly of: Expression<Column>; readonly pattern: string }
  /** Exact for whole numbers and decimals. */
  | {
      readonly op: "add" | "subtract" | "multiply";
      readonly left: Expression<Column>;
      readonly right: Expression<Column>;
    }
  /** A whole multiple of a number, exactly. */
  | { readonly op: "multiple"; readonly of: Expression<Column>; readonly step: string }
  | { readonly op: "change"; readonly to: TextChange; readonly of: Expression<Column> }
  | {
      readonly op: "choose";
      readonly when: Expression<Column>;
      readonly chosen: Expression<Column>;
      readonly otherwise: Expression<Column>;
    }
  /** Text with every occurrence of another text replaced. */
  | { readonly op: "replace"; readonly of: Expression<Column>; readonly find: string; readonly with: string }
  /** Where the pattern is found, a text put together from literals and its groups (filled up with zeros to `width`); `otherwise` where it is not. */
  | {
      readonly op: "rewrite";
      readonly of: Expression<Column>;
      readonly pattern: string;
      readonly parts: readonly RewrittenPart[];
      readonly otherwise: Expression<Column>;
    }
  /** The text that stands beside this one in a list. */
  | {
      readonly op: "lookup";
      readonly of: Expression<Column>;
      readonly entries: readonly (readonly [string, string])[];
      readonly others: "keep" | "missing";
    }
  /** No value. */
  | { readonly op: "nothing" }
  /** When the batch was received; known to the loader alone. */
  | { readonly op: "received" }
  /** SQL text, which the loader alone can judge. */
  | { readonly op: "sql"; readonly sql: string };

/**
 * `trim`: without white space (what ECMAScript trims) at both ends; `collapse`: each run of it inside becomes one space; `lower` and `upper`: one
 * letter for one letter, as the simple case mappings of Unicode say.
 */
export type TextChange = "trim" | "collapse" | "lower" | "upper";

export type RewrittenPart = string | { readonly group: number; readonly width: number };

/** The expressions that an expression is directly made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.op) {
    case "column":
    case "value":
    case "received":
    case "nothing":
    case "sql":
      return [];
    case "all":
    case "any":
      return expression.of;
    case "compare":
    case "add":
    case "subtract":
    case "multiply":
      return [expression.left, expression.right];
    case "rewrite":
      return [expression.of, expression.otherwise];
    case "choose":
      return [expression.when, expression.chosen, expression.otherwise];
    default:
      return [expression.of];
  }
}

/** Names of the columns that a tree reads, each once, in the order of their first use; those inside SQL text are not seen. */
export function columnsRead(expression: Expression): readonly string[] {
  if (expression.op === "column") return [expression.column];
  return [...new Set(partsOf(expression).flatMap(columnsRead))];
}
