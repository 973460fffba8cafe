// What a query of the data API says, as data: the result of parsing, before any table is known. The grammar is PostgREST's, for one table.

/** Operators that compare a column with one value. */
export const valueOperators = [
  "eq",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
  "like",
  "ilike",
  "match",
  "imatch",
  "isdistinct",
] as const;
export type ValueOperator = (typeof valueOperators)[number];

/** Operators that may be followed by `(any)` or `(all)` and a list in braces. */
export const quantifiedOperators: readonly string[] = [
  "eq",
  "gt",
  "gte",
  "lt",
  "lte",
  "like",
  "ilike",
  "match",
  "imatch",
];

export const isOperands = ["null", "not_null", "true", "false", "unknown"] as const;
export type IsOperand = (typeof isOperands)[number];

export type Test =
  | { readonly kind: "value"; readonly operator: ValueOperator; readonly operand: string }
  | {
      readonly kind: "quantified";
      readonly operator: ValueOperator;
      readonly quantifier: "any" | "all";
      readonly operands: readonly string[];
    }
  | { readonly kind: "in"; readonly operands: readonly string[] }
  | { readonly kind: "is"; readonly operand: IsOperand };

/** One test of a column. */
export interface ColumnFilter {
  readonly kind: "column";
  readonly column: string;
  readonly negated: boolean;
  readonly test: Test;
}

/** Filters joined by AND or OR. */
export interface GroupFilter {
  readonly kind: "and" | "or";
  readonly negated: boolean;
  readonly items: readonly Filter[];
}

export type Filter = ColumnFilter | GroupFilter;

export type SelectItem =
  | { readonly kind: "all" }
  | { readonly kind: "column"; readonly column: string; readonly alias?: string; readonly cast?: string };

export interface OrderTerm {
  readonly column: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** All filters must hold. Without `select` every declared column is answered. */
export interface DataQuery {
  readonly select: readonly SelectItem[];
  readonly filters: readonly Filter[];
  readonly order: readonly OrderTerm[];
  readonly limit?: number;
  readonly offset?: number;
  /** Where the previous page ended; opaque to clients. */
  readonly after?: string;
}

/** Bounds of one query. What exceeds them is refused, never cut. */
export const queryLimits = {
  parametersMax: 100,
  filtersMax: 200,
  depthMax: 10,
  listItemsMax: 1_000,
  selectItemsMax: 500,
  orderTermsMax: 20,
  patternCharsMax: 1_000,
} as const;
