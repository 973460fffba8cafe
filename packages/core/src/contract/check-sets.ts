// The part of `check` that speaks of more than one row; see set-rule.ts for what each kind means.
import type { Expression } from "./expression.ts";
import type { Aggregate, DriftMethod, RowSetCheck, SetScope, WholeSetCheck } from "./set-rule.ts";

export interface RangeOptions {
  readonly min?: number;
  readonly max?: number;
  /** Default: the batch. */
  readonly scope?: SetScope;
}

export interface ByOptions<Column> {
  readonly by?: readonly Column[];
}

export const checkSets = {
  unique<const Column extends string>(...columns: readonly Column[]): RowSetCheck<Column> & { readonly set: "unique" } {
    return { set: "unique", columns, keep: "first" };
  },

  /** Of several rows of the batch with the same values the last stays. */
  uniqueLast<const Column extends string>(...columns: readonly Column[]): RowSetCheck<Column> {
    return { set: "unique", columns, keep: "last" };
  },

  /** `target`: `domain.table.column`, or `table.column` of the same domain. */
  exists<const Column extends string, const When extends string = never>(
    column: Column,
    target: string,
    options: { readonly when?: Expression<When> } = {},
  ): RowSetCheck<Column | When> {
    const at = target.lastIndexOf(".");
    const parent = { table: target.slice(0, Math.max(0, at)), parentColumns: [target.slice(at + 1)] };
    return { set: "exists", columns: [column], ...parent, ...options };
  },

  noOverlap<const Column extends string, const By extends string = never>(
    start: Column,
    end: Column,
    options: ByOptions<By> = {},
  ): RowSetCheck<Column | By> {
    return { set: "noOverlap", start, end, by: options.by ?? [] };
  },

  sequence<const Column extends string, const By extends string = never>(
    column: Column,
    options: ByOptions<By> & { readonly step?: number } = {},
  ): RowSetCheck<Column | By> {
    return { set: "sequence", column, step: options.step ?? 1, by: options.by ?? [] };
  },

  increasing<const Column extends string, const By extends string = never>(
    column: Column,
    options: ByOptions<By> = {},
  ): RowSetCheck<Column | By> {
    return { set: "increasing", column, by: options.by ?? [] };
  },

  outliers<const Column extends string>(
    column: Column,
    options: { readonly deviations?: number } = {},
  ): RowSetCheck<Column> {
    return { set: "outliers", column, deviations: options.deviations ?? 3 };
  },

  rowCount(range: RangeOptions): WholeSetCheck<never> {
    return { set: "rowCount", scope: "batch", ...range };
  },

  aggregate<const Column extends string>(of: Aggregate, column: Column, range: RangeOptions): WholeSetCheck<Column> {
    return { set: "aggregate", of, column, scope: "batch", ...range };
  },

  /** @param at from 0 to 1 */
  quantile<const Column extends string>(at: number, column: Column, range: RangeOptions): WholeSetCheck<Column> {
    return { set: "quantile", at, column, scope: "batch", ...range };
  },

  freshness<const Column extends string>(
    column: Column,
    options: { readonly withinMinutes: number; readonly scope?: SetScope },
  ): WholeSetCheck<Column> {
    return { set: "freshness", column, scope: "batch", ...options };
  },

  noGaps<const Column extends string>(
    column: Column,
    options: { readonly per: "day" | "hour"; readonly scope?: SetScope },
  ): WholeSetCheck<Column> {
    return { set: "noGaps", column, scope: "batch", ...options };
  },

  sameCount(
    table: string,
    options: { readonly difference?: number; readonly scope?: SetScope } = {},
  ): WholeSetCheck<never> {
    return { set: "sameCount", table, difference: options.difference ?? 0, scope: options.scope ?? "table" };
  },

  fewerRows(table: string, options: { readonly scope?: SetScope } = {}): WholeSetCheck<never> {
    return { set: "fewerRows", table, scope: options.scope ?? "table" };
  },

  sameRows<const Column extends string>(
    table: string,
    columns: readonly Column[],
    options: { readonly scope?: SetScope } = {},
  ): WholeSetCheck<Column> {
    return { set: "sameRows", table, columns, scope: options.scope ?? "table" };
  },

  drift<const Column extends string>(
    column: Column,
    options: { readonly max: number; readonly method?: DriftMethod; readonly rowsMin?: number },
  ): WholeSetCheck<Column> {
    return { set: "drift", column, method: options.method ?? "psi", max: options.max, rowsMin: options.rowsMin ?? 100 };
  },
} as const;
