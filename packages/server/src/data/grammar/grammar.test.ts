// The grammar: what is printed is read back as it was, PostgREST's own examples are understood, and what is wrong is named with its place.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMillraceError } from "@millrace/core";
import { queryArbitrary } from "../../testing/query-arbitrary.ts";
import { parseQuery } from "./parse-query.ts";
import { printQuery } from "./print-query.ts";
import { queryLimits, type Filter } from "./syntax.ts";

const filters = (text: string): readonly Filter[] => parseQuery(text).filters;
const column = (name: string, test: object, negated = false): object => ({
  kind: "column",
  column: name,
  negated,
  test,
});

function refusal(text: string): string {
  try {
    parseQuery(text);
  } catch (error) {
    if (isMillraceError(error, "request-invalid")) return error.message;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe("grammar", () => {
  it("reads back what it prints", () => {
    const name = fc.oneof(fc.constantFrom("price", "not", "and", "in", "sku", "order"), fc.string({ minLength: 1 }));
    const material = { column: name, operand: fc.string({ unit: "grapheme" }) };
    fc.assert(
      fc.property(queryArbitrary(material), (query) => {
        expect(parseQuery(printQuery(query))).toEqual(query);
      }),
      { numRuns: 500 },
    );
  });

  it("fails with a coded error on any text, or parses it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, value) => {
        const text = `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
        try {
          parseQuery(text);
        } catch (error) {
          expect(isMillraceError(error, "request-invalid")).toBe(true);
        }
      }),
    );
  });

  it("understands plain filters", () => {
    expect(filters("age=gte.18&student=is.true")).toEqual([
      column("age", { kind: "value", operator: "gte", operand: "18" }),
      column("student", { kind: "is", operand: "true" }),
    ]);
    expect(filters('name=eq."a",b')).toEqual([column("name", { kind: "value", operator: "eq", operand: '"a",b' })]);
    expect(filters('name=in.("Hebdon,John",b)')).toEqual([
      column("name", { kind: "in", operands: ["Hebdon,John", "b"] }),
    ]);
    expect(filters("last=not.like(any).{O*,P*}")).toEqual([
      column("last", { kind: "quantified", operator: "like", quantifier: "any", operands: ["O*", "P*"] }, true),
    ]);
    expect(filters("x=in.()")).toEqual([column("x", { kind: "in", operands: [] })]);
  });

  it("understands trees", () => {
    expect(filters("or=(age.eq.14,not.and(age.gte.11,age.lte.17))")).toEqual([
      {
        kind: "or",
        negated: false,
        items: [
          column("age", { kind: "value", operator: "eq", operand: "14" }),
          {
            kind: "and",
            negated: true,
            items: [
              column("age", { kind: "value", operator: "gte", operand: "11" }),
              column("age", { kind: "value", operator: "lte", operand: "17" }),
            ],
          },
        ],
      },
    ]);
    expect(filters('not.or=(a.not.in.(1,2),b.eq."x)y")')[0]).toMatchObject({ kind: "or", negated: true });
  });

  it("understands select and order", () => {
    const query = parseQuery(
      "select=*,full:name,price::text,d::double+precision&order=a.desc.nullslast,b,c.nullsfirst",
    );
    expect(query.select).toEqual([
      { kind: "all" },
      { kind: "column", column: "name", alias: "full" },
      { kind: "column", column: "price", cast: "text" },
      { kind: "column", column: "d", cast: "double precision" },
    ]);
    expect(query.order).toEqual([
      { column: "a", descending: true, nullsFirst: false },
      { column: "b", descending: false, nullsFirst: false },
      { column: "c", descending: false, nullsFirst: true },
    ]);
  });

  it("names the parameter and the place of what is wrong", () => {
    expect(refusal("age=gt.1&age=18")).toContain("age: expected one of eq, neq");
    expect(refusal("or=(a.eq.1,b.xx.2)")).toContain("or: expected one of eq");
    expect(refusal("or=(a.eq.1")).toBe('or: expected ")" at character 8.');
    expect(refusal('a=in.("x)')).toContain("a: the closing quote is missing");
    expect(refusal("a=neq(any).{1}")).toContain("takes neither any nor all");
    expect(refusal("a=is.nul")).toContain("is takes one of null, not_null");
    expect(refusal("limit=-1")).toContain("limit: is not a whole number");
    expect(refusal("limit=1&limit=2")).toContain("limit: is given twice");
    expect(refusal("select=a,other(b)")).toContain("its own columns only");
    expect(refusal("select=a->>b")).toContain("paths into JSON");
    expect(refusal("select=")).toContain("expected a column");
    expect(refusal("a=%E0%A4%A")).toContain("percent-encoded");
  });

  it("bounds what a caller can make long", () => {
    const deep = `${"and(".repeat(queryLimits.depthMax)}a.eq.1${")".repeat(queryLimits.depthMax)}`;
    expect(refusal(`and=(${deep})`)).toContain("nest at most 10 deep");
    expect(refusal(`or=(${"a.eq.1,".repeat(250)}a.eq.1)`)).toContain("at most 200 filters");
    expect(refusal(`a=in.(${"1,".repeat(1_001)}1)`)).toContain("at most 1000 items");
    expect(refusal("a=eq.1&".repeat(101))).toContain("at most 100 parameters");
  });
});
