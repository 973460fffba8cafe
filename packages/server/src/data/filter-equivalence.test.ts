// Every filter of the grammar, compiled to SQL and run by the engine, keeps exactly the rows that the same predicate keeps in JavaScript.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { filterArbitrary } from "../testing/query-arbitrary.ts";
import { openStage, type ServedStage } from "../testing/served-stage.ts";
import { printQuery } from "./grammar/print-query.ts";
import { valueOperators, type DataQuery, type Filter, type Test } from "./grammar/syntax.ts";

type Value = string | number | bigint | boolean | null;
type Row = Readonly<Record<string, Value>>;

let stage: ServedStage;
let rows: readonly (Row & { readonly _row: number })[];

const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 4 });
const decimals = fc.integer({ min: -3_000, max: 3_000 }).map((thousandths) => (thousandths / 1000).toFixed(3));
const days = fc.constantFrom("2024-02-28", "2024-02-29", "2024-03-01", "1999-12-31");
const moments = fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2025-12-31T23:59:59Z");

const columns: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  label: fc.oneof(
    fc.string({ maxLength: 3, unit: fc.constantFrom("a", "B", "%", "_", "*", "\\", "'", '"', ",", "é") }),
  ),
  small: fc.integer({ min: -3, max: 3 }),
  big: fc.constantFrom(9_007_199_254_740_993n, 9_007_199_254_740_992n, -1n),
  amount: decimals,
  ratio: fc.constantFrom(0.1, 0.30000000000000004, 1e300, -2.5, 0),
  flag: fc.boolean(),
  day: days,
  moment: moments,
  hour: fc.constantFrom("00:00:00", "23:59:59", "12:30:00"),
  token: fc.constantFrom("00000000-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"),
  size: fc.constantFrom("S", "M", "L"),
};

beforeAll(async () => {
  stage = await openStage();
  const record = fc.record(Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, nullable(value)])));
  const made = fc.sample(record, { numRuns: 60, seed: 7 }) as readonly Row[];
  await stage.load("shop.things_in", made.map(plain));
  rows = made.map((row, at) => ({ ...row, _row: at + 1 }));
});

afterAll(() => stage.close());

/** As JSON sends it: int64 as text. */
function plain(row: Row): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
  );
}

/** Filters that fit their column's type: others are refused, which another test shows. */
const material = fc.constantFrom(...Object.keys(columns));
const filters: fc.Arbitrary<Filter> = filterArbitrary({ column: material, operand: fc.constant("") }).chain((filter) =>
  fitted(filter),
);

function fitted(filter: Filter): fc.Arbitrary<Filter> {
  if (filter.kind !== "column")
    return fc.tuple(...filter.items.map(fitted)).map((items): Filter => ({ ...filter, items }));
  const text = filter.column === "label" || filter.column === "size";
  const value = (columns[filter.column] as fc.Arbitrary<Value>).map(String);
  const operator = fc.constantFrom(...valueOperators.filter((name) => text || !/like|match/.test(name)));
  const tests: fc.Arbitrary<Test> = fc.oneof(
    fc
      .tuple(operator, value)
      .map(([name, operand]): Test => ({ kind: "value", operator: name, operand: operandOf(name, operand) })),
    fc
      .tuple(
        operator.filter((name) => name !== "neq" && name !== "isdistinct"),
        fc.constantFrom("any" as const, "all" as const),
        fc.array(value, { maxLength: 3 }),
      )
      .map(([name, quantifier, operands]): Test => ({
        kind: "quantified",
        operator: name,
        quantifier,
        operands: operands.map((one) => operandOf(name, one)),
      })),
    fc.array(value, { maxLength: 3 }).map((operands): Test => ({ kind: "in", operands })),
    fc
      .constantFrom(
        ...(filter.column === "flag"
          ? (["null", "not_null", "true", "false", "unknown"] as const)
          : (["null", "not_null"] as const)),
      )
      .map((operand): Test => ({ kind: "is", operand })),
  );
  return tests.map((test) => ({ ...filter, test }));
}

/** Patterns that mean the same to both engines: a literal text, anchored or not; no lone backslash at the end of LIKE. */
function operandOf(operator: string, text: string): string {
  if (operator === "match" || operator === "imatch") return text.replace(/[^a-z]/gi, ".");
  return operator === "like" || operator === "ilike" ? text.replace(/\\+$/, "") : text;
}

/** Three-valued logic: null is unknown. */
function holds(filter: Filter, row: Row): boolean | null {
  const plainResult =
    filter.kind === "column" ? testHolds(filter.test, row[filter.column] ?? null) : groupHolds(filter, row);
  return filter.negated && plainResult !== null ? !plainResult : plainResult;
}

function groupHolds(filter: Filter & { readonly kind: "and" | "or" }, row: Row): boolean | null {
  return combine(
    filter.kind,
    filter.items.map((item) => holds(item, row)),
  );
}

function combine(kind: "and" | "or", results: readonly (boolean | null)[]): boolean | null {
  const deciding = kind === "or";
  if (results.includes(deciding)) return deciding;
  return results.includes(null) ? null : !deciding;
}

function testHolds(test: Test, value: Value): boolean | null {
  switch (test.kind) {
    case "is":
      if (test.operand === "null" || test.operand === "unknown") return value === null;
      return test.operand === "not_null" ? value !== null : value === (test.operand === "true");
    case "in":
      return combine(
        "or",
        test.operands.map((operand) => compareHolds("eq", value, operand)),
      );
    case "quantified":
      return combine(
        test.quantifier === "any" ? "or" : "and",
        test.operands.map((operand) => compareHolds(test.operator, value, operand)),
      );
    case "value":
      return compareHolds(test.operator, value, test.operand);
  }
}

function compareHolds(operator: string, value: Value, operand: string): boolean | null {
  if (operator === "isdistinct") return value === null || order(value, operand) !== 0;
  if (value === null) return null;
  const text = String(value);
  switch (operator) {
    case "match":
    case "imatch":
      return new RegExp(operand, operator === "imatch" ? "is" : "s").test(text);
    case "like":
    case "ilike":
      return likePattern(operand, operator === "ilike").test(text);
    default: {
      const sign = order(value, operand);
      const signs: Readonly<Record<string, readonly number[]>> = {
        eq: [0],
        neq: [-1, 1],
        gt: [1],
        gte: [0, 1],
        lt: [-1],
        lte: [-1, 0],
      };
      return (signs[operator] ?? []).includes(sign);
    }
  }
}

function order(value: Value, operand: string): number {
  if (typeof value === "bigint") return Number(value > BigInt(operand)) - Number(value < BigInt(operand));
  if (typeof value === "number") return Math.sign(value - Number(operand));
  if (typeof value === "boolean") return Number(value) - Number(operand === "true");
  const decimal = /^-?\d+\.\d{3}$/;
  if (typeof value === "string" && decimal.test(value) && decimal.test(operand))
    return Math.sign(Number(value) - Number(operand));
  // Fractions make ISO texts of unequal length: pad them, so that text order is time order.
  const [left, right] = [padded(String(value)), padded(operand)];
  return left === right ? 0 : codePoints(left) < codePoints(right) ? -1 : 1;
}

function padded(text: string): string {
  return /^\d{4}-\d\d-\d\dT/.test(text)
    ? text.replace(/(\.\d+)?Z$/, (_all, fraction: string | undefined) => (fraction ?? ".0").padEnd(7, "0"))
    : text;
}

function codePoints(text: string): string {
  return Buffer.from(text, "utf8").toString("hex");
}

function likePattern(pattern: string, insensitive: boolean): RegExp {
  const source = pattern
    .replaceAll("*", "%")
    .replace(/\\(.)|([%_])|([\s\S])/g, (_all, escaped?: string, wild?: string, other?: string) =>
      wild === undefined ? quoteRegex(escaped ?? other ?? "") : wild === "%" ? "[\\s\\S]*" : "[\\s\\S]",
    );
  return new RegExp(`^${source}$`, insensitive ? "iu" : "u");
}

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

it("equals the predicate in JavaScript, also negated and nested", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const query: DataQuery = {
        select: [{ kind: "column", column: "_row" }],
        filters: [filter],
        order: [{ column: "_row", descending: false, nullsFirst: false }],
        limit: 1_000,
      };
      const { status, json } = await stage.get(`/data/shop/things?${printQuery(query)}`);
      const expected = rows.filter((row) => holds(filter, row) === true).map(({ _row }) => ({ _row }));
      expect([status, json]).toEqual([200, expected]);
    }),
    { numRuns: 300 },
  );
});

it("compares decimals beyond the column's scale without rounding", async () => {
  const ids = async (filter: string): Promise<number> =>
    ((await stage.get(`/data/shop/things?select=_row&limit=1000&${filter}`)).json as readonly unknown[]).length;
  const amounts = rows
    .map((row) => row["amount"])
    .filter((amount) => amount !== null)
    .map(Number);
  const one = amounts[0] ?? 0;
  expect(await ids(`amount=gt.${one.toFixed(3)}4`)).toBe(
    amounts.filter((amount) => amount > Number(`${one.toFixed(3)}4`)).length,
  );
  expect(await ids(`amount=eq.${one.toFixed(3)}4`)).toBe(0);
  expect(await ids(`amount=lt.99999999999999999999`)).toBe(amounts.length);
});
