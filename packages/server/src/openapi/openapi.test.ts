// The description is true: whole, resolvable, and what is answered fits what it says.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStage, type ServedStage } from "../testing/served-stage.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

let stage: ServedStage;
let before: Document;
let document: Document;

beforeAll(async () => {
  stage = await openStage({
    models: [
      {
        domain: "shop",
        name: "totals",
        text: "/* ---\nmaterialize: table\n--- */\nSELECT count(*) AS lines FROM shop.orders",
      },
    ],
  });
  before = (await stage.get("/openapi.json")).json as Document;
  const all = {
    label: "x",
    small: 1,
    big: "5",
    amount: "1.500",
    ratio: 0.5,
    flag: true,
    day: "2026-01-01",
    size: "M",
    tags: ["a"],
    doc: { a: 1 },
  };
  await stage.load("shop.things_in", [all, {}]);
  document = (await stage.get("/openapi.json")).json as Document;
});

afterAll(() => stage.close());

it("refers to nothing that is not there, and names every operation once", () => {
  expect(document.openapi).toBe("3.1.0");
  const text = JSON.stringify(document);
  for (const [, path = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path
      .split("/")
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document);
    expect([path, found === undefined]).toEqual([path, false]);
  }
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

it("describes rows as they are answered", async () => {
  const schema = document.components.schemas["shop.things"];
  const rows = (await stage.get("/data/shop/things")).json as readonly Readonly<Record<string, unknown>>[];
  expect(rows).toHaveLength(2);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(schema?.required);
    for (const [name, value] of Object.entries(row))
      expect([name, fits(value, schema?.properties?.[name] ?? {})]).toEqual([name, true]);
  }
});

function fits(value: unknown, schema: Schema): boolean {
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (schema.type === undefined) return true;
  const actual =
    value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  const types = [schema.type].flat();
  return types.includes(actual) || (actual === "integer" && types.includes("number"));
}

it("describes events by their contract, and only what exists", () => {
  const event = document.components.schemas["shop.orders_in.event"];
  expect(event?.required).toEqual(["id", "changed"]);
  expect(event?.properties?.["price"]).toMatchObject({ minimum: 0, format: "decimal" });
  expect(event?.properties?.["customer"]).toMatchObject({ "x-pii": true });
  expect(document.paths["/data/shop/things/{key}"]).toBeUndefined();
  expect(document.paths["/data/shop/orders/{key}"]).toBeDefined();
});

it("follows what is built later", () => {
  expect(before.paths["/data/shop/things"]).toBeDefined();
  expect(before.paths["/data/shop/totals"]).toBeUndefined();
  expect(document.components.schemas["shop.totals"]?.properties).toEqual({
    lines: { type: ["integer", "null"], format: "int64" },
  });
});
