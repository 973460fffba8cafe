// Records: where they are found, and what steps make of them.
import { describe, expect, it } from "vitest";
import { removeAtPath, setAtPath, valueAtPath, valuesAtPath } from "./record-path.ts";
import { recordSelector } from "./record-selector.ts";
import type { StreamSlice } from "./slice.ts";
import {
  addFields,
  flattenFields,
  flattenPath,
  keysToLower,
  keysToSnakeCase,
  removeFields,
  replaceInKeys,
  snakeCase,
} from "./transformations.ts";

const slice: StreamSlice = { partition: { shop: 7 }, window: {}, extra: {} };

describe("paths", () => {
  const document = { a: [{ b: 1 }, { b: 2, c: { d: 3 } }], e: { f: null } };

  it("follow names, places in lists and wildcards", () => {
    expect(valueAtPath(document, ["a", "1", "c", "d"])).toBe(3);
    expect(valueAtPath(document, ["a", "-1", "b"])).toBe(2);
    expect(valueAtPath(document, ["e", "f", "g"])).toBeUndefined();
    expect(valueAtPath({}, ["constructor"])).toBeUndefined();
    expect(valuesAtPath(document, ["a", "*", "b"])).toEqual([1, 2]);
    expect(valuesAtPath(document, ["**", "d"])).toEqual([3]);
  });

  it("set and remove without touching prototypes", () => {
    const record: Record<string, unknown> = { list: [{ x: 1, y: 2 }] };
    setAtPath(record, ["new", "deep"], 5);
    setAtPath(record, ["__proto__", "polluted"], true);
    removeAtPath(record, ["list", "*", "x"]);
    expect(record["new"]).toEqual({ deep: 5 });
    expect(record["list"]).toEqual([{ y: 2 }]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("selection", () => {
  const records = (
    path: string[],
    document: unknown,
    rest: Partial<Parameters<typeof recordSelector>[0]> = {},
  ): unknown[] => [...recordSelector({ path, ...rest }).extract(document, "GET http://api/x")];

  it("takes lists, single objects, nothing and wildcards", () => {
    expect(records(["data"], { data: [{ id: 1 }] })).toEqual([{ id: 1 }]);
    expect(records(["data"], { data: { id: 1 } })).toEqual([{ id: 1 }]);
    expect(records(["data"], { data: null })).toEqual([]);
    expect(records(["data"], {})).toEqual([]);
    expect(records(["groups", "*", "items", "*"], { groups: { a: { items: [1] }, b: { items: [2, 3] } } })).toEqual([
      1, 2, 3,
    ]);
  });

  it("makes items of nested lists records of their own", () => {
    const document = {
      data: [
        { id: 1, lines: [{ n: 1 }, { n: 2 }] },
        { id: 2, lines: [] },
      ],
    };
    const expander = { path: ["lines"], keepsOriginal: true, without: "emit-parent" } as const;
    expect(records(["data"], document, { expander })).toEqual([
      { n: 1, original_record: document.data[0] },
      { n: 2, original_record: document.data[0] },
      { id: 2, lines: [] },
    ]);
  });

  it("orders its steps", () => {
    const filter = (record: Record<string, unknown>): Record<string, unknown> | undefined =>
      record["ok"] === true ? record : undefined;
    const add = addFields([{ path: ["ok"], value: () => true }]);
    const emit = (transformFirst: boolean): unknown =>
      recordSelector({ path: [], filter, transformations: [add], transformFirst }).steps.reduce<
        Record<string, unknown> | undefined
      >((record, step) => (record === undefined ? undefined : step(record, slice)), { id: 1 });
    expect(emit(false)).toBeUndefined();
    expect(emit(true)).toEqual({ id: 1, ok: true });
  });
});

describe("transformations", () => {
  it("add, from the record, the slice and under a condition", () => {
    const step = addFields([
      { path: ["meta", "shop"], value: (_, { partition }) => partition["shop"] },
      { path: ["twice"], value: (record) => (record["n"] as number) * 2, condition: (_, __, value) => value !== 2 },
    ]);
    expect(step({ n: 1 }, slice)).toEqual({ n: 1, meta: { shop: 7 } });
    expect(step({ n: 2 }, slice)).toEqual({ n: 2, twice: 4, meta: { shop: 7 } });
  });

  it("remove, also by value", () => {
    expect(removeFields([["a", "b"], ["gone"]])({ a: { b: 1, c: 2 } }, slice)).toEqual({ a: { c: 2 } });
    expect(removeFields([["*"]], (value) => value === "")({ a: "", b: "x" }, slice)).toEqual({ b: "x" });
  });

  it("rename keys", () => {
    expect(keysToLower()({ "A-B": { C: 1 } }, slice)).toEqual({ "a-b": { C: 1 } });
    expect(keysToSnakeCase()({ fooBar: { bazQux: 1 } }, slice)).toEqual({ foo_bar: { baz_qux: 1 } });
    expect(replaceInKeys(" ", "_")({ "a b": { "c d e": 1 } }, slice)).toEqual({ a_b: { c_d_e: 1 } });
    const cases = {
      FirstName: "first_name",
      Größe: "grosse",
      "1st": "_1_st",
      HTTPServer: "httpserver",
      "a b-c": "a_b_c",
    };
    expect(Object.fromEntries(Object.keys(cases).map((key) => [key, snakeCase(key.replace("ß", "ss"))]))).toEqual(
      cases,
    );
  });

  it("flatten", () => {
    const nested = { id: 1, address: { city: "B", zip: { code: 2 } }, tags: ["x", "y"] };
    expect(flattenFields({ lists: false })({ ...nested }, slice)).toEqual({
      id: 1,
      city: "B",
      code: 2,
      tags: ["x", "y"],
    });
    expect(Object.keys(flattenFields({ lists: true })({ ...nested }, slice) ?? {})).toContain("tags.0");
    const path = { path: ["address"], removes: true, replaces: false };
    expect(flattenPath({ ...path, prefix: "a_" })({ ...nested }, slice)).toMatchObject({ a_city: "B", id: 1 });
    expect(flattenPath(path)({ city: "taken", address: { city: "B" } }, slice)).toEqual({
      city: "taken",
      address: { city: "B" },
    });
    expect(flattenPath({ ...path, replaces: true })({ id: 1, address: { city: "B" } }, slice)).toEqual({ city: "B" });
  });
});
