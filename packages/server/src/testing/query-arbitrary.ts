// Random queries for property tests: everything that the grammar can say, over given columns.
import fc from "fast-check";
import { isReservedKey } from "../data/grammar/parse-query.ts";
import {
  isOperands,
  quantifiedOperators,
  valueOperators,
  type ColumnFilter,
  type DataQuery,
  type Filter,
  type Test,
} from "../data/grammar/syntax.ts";

export interface QueryMaterial {
  readonly column: fc.Arbitrary<string>;
  readonly operand: fc.Arbitrary<string>;
}

const test = (operand: fc.Arbitrary<string>): fc.Arbitrary<Test> =>
  fc.oneof(
    fc.record({ kind: fc.constant("value" as const), operator: fc.constantFrom(...valueOperators), operand }),
    fc.record({
      kind: fc.constant("quantified" as const),
      operator: fc.constantFrom(...valueOperators.filter((operator) => quantifiedOperators.includes(operator))),
      quantifier: fc.constantFrom("any" as const, "all" as const),
      operands: fc.array(operand, { maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant("in" as const), operands: fc.array(operand, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant("is" as const), operand: fc.constantFrom(...isOperands) }),
  );

const columnFilter = ({ column, operand }: QueryMaterial): fc.Arbitrary<ColumnFilter> =>
  fc.record({ kind: fc.constant("column" as const), column, negated: fc.boolean(), test: test(operand) });

export function filterArbitrary(material: QueryMaterial): fc.Arbitrary<Filter> {
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      columnFilter(material),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        negated: fc.boolean(),
        items: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
      }),
    ),
  })).filter;
}

export function queryArbitrary(material: QueryMaterial): fc.Arbitrary<DataQuery> {
  const { column } = material;
  const optional = fc.nat({ max: 1_000 });
  const selected = fc.record(
    {
      kind: fc.constant("column" as const),
      column,
      alias: column,
      cast: fc.constantFrom("text", "double precision", "numeric(12,2)"),
    },
    { requiredKeys: ["kind", "column"] },
  );
  return fc.record(
    {
      select: fc.array(fc.oneof(fc.constant({ kind: "all" as const }), selected), { minLength: 1, maxLength: 4 }),
      filters: fc.array(
        filterArbitrary(material).filter((filter) => filter.kind !== "column" || !isReservedKey(filter.column)),
        { maxLength: 3 },
      ),
      order: fc.array(fc.record({ column, descending: fc.boolean(), nullsFirst: fc.boolean() }), { maxLength: 3 }),
      limit: optional,
      offset: optional,
      after: fc.base64String(),
    },
    { requiredKeys: ["select", "filters", "order"] },
  );
}
