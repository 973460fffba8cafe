// The data API over real tables: grammar, forms, pages, ETags, caching, and what is refused.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, type ServedStage } from "../testing/served-stage.ts";

let stage: ServedStage;

const orders = [
  { id: "1", customer: "Ann", price: "10.50", placed: "2026-01-01T08:00:00Z", changed: 1 },
  { id: "2", customer: "Ben, Jr.", price: "9007199254740993.25", placed: "2026-01-02T08:00:00Z", changed: 1 },
  { id: "9007199254740993", customer: null, price: null, placed: null, changed: 1 },
  { id: "4", customer: "", price: "0.00", placed: "2026-01-04T08:00:00.123456Z", changed: 1 },
].map((order) => (order.price === "9007199254740993.25" ? { ...order, price: "9007199254.25" } : order));

beforeAll(async () => {
  stage = await openStage({
    models: [
      {
        domain: "shop",
        name: "dear",
        text: "/* ---\nmaterialize: view\n--- */\nSELECT id, price FROM shop.orders WHERE price > 5",
      },
      {
        domain: "shop",
        name: "totals",
        text: "/* ---\nmaterialize: table\n--- */\nSELECT count(*) AS lines FROM shop.orders",
      },
    ],
  });
  await stage.load("shop.orders_in", orders);
});

afterAll(() => stage.close());

describe("pages", () => {
  it("answer declared columns exactly, in the order of the key", async () => {
    const { status, headers, text } = await stage.get("/data/shop/orders");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(headers["content-range"]).toBe("0-3/*");
    expect(headers["link"]).toBeUndefined();
    expect(text).toBe(
      [
        '[{"id":1,"customer":"Ann","price":10.50,"placed":"2026-01-01T08:00:00Z","changed":1},',
        '{"id":2,"customer":"Ben, Jr.","price":9007199254.25,"placed":"2026-01-02T08:00:00Z","changed":1},',
        '{"id":4,"customer":"","price":0.00,"placed":"2026-01-04T08:00:00.123456Z","changed":1},',
        '{"id":9007199254740993,"customer":null,"price":null,"placed":null,"changed":1}]',
      ].join(""),
    );
  });

  it("select, rename and cast; origin columns only when they are named", async () => {
    const { text } = await stage.get("/data/shop/orders?select=ID,sum:price::text,_seq,day:placed::date&id=eq.1");
    expect(text).toBe('[{"id":1,"sum":"10.50","_seq":1,"day":"2026-01-01"}]');
    expect((await stage.get("/data/shop/orders?select=*,_row&limit=1")).text).toContain('"_row":1}');
  });

  it("have the form that the caller accepts", async () => {
    const csv = await stage.get("/data/shop/orders?select=id,customer,price", { accept: "text/csv" });
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(csv.text).toBe(
      'id,customer,price\n1,Ann,10.50\n2,"Ben, Jr.",9007199254.25\n4,"",0.00\n9007199254740993,,\n',
    );
    const lines = await stage.get("/data/shop/orders?select=id&limit=2", { accept: "application/x-ndjson" });
    expect(lines.text).toBe('{"id":1}\n{"id":2}\n');
    const single = await stage.get("/data/shop/orders?select=id&id=eq.4", {
      accept: "application/vnd.pgrst.object+json",
    });
    expect(single.text).toBe('{"id":4}');
    const several = await stage.get("/data/shop/orders", { accept: "application/vnd.pgrst.object+json" });
    expect([several.status, several.json]).toMatchObject([406, { code: "not-acceptable" }]);
    expect((await stage.get("/data/shop/orders", { accept: "image/png" })).status).toBe(406);
    const none = await stage.get("/data/shop/orders?select=id&id=eq.77", { accept: "text/csv" });
    expect(none.text).toBe("id\n");
  });

  it("count when asked to, also behind the last row", async () => {
    const prefer = { prefer: "count=exact" };
    const partial = await stage.get("/data/shop/orders?limit=2&id=gt.1", prefer);
    expect([partial.status, partial.headers["content-range"]]).toEqual([206, "0-1/3"]);
    expect(partial.headers["preference-applied"]).toBe("count=exact");
    const whole = await stage.get("/data/shop/orders", prefer);
    expect([whole.status, whole.headers["content-range"]]).toEqual([200, "0-3/4"]);
    const behind = await stage.get("/data/shop/orders?offset=4", prefer);
    expect([behind.status, behind.headers["content-range"], behind.text]).toEqual([206, "*/4", "[]"]);
    const beyond = await stage.get("/data/shop/orders?offset=9", prefer);
    expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, "*/4"]);
    const ranged = await stage.get("/data/shop/orders?select=id", { ...prefer, range: "1-2", "range-unit": "items" });
    expect([ranged.headers["content-range"], ranged.json]).toEqual(["1-2/4", [{ id: 2 }, { id: 4 }]]);
    expect((await stage.get("/data/shop/orders", { prefer: "handling=strict, tx=rollback" })).status).toBe(400);
  });

  it("take HEAD like GET, without the body", async () => {
    const head = await stage.send("HEAD", "/data/shop/orders?limit=2");
    const get = await stage.get("/data/shop/orders?limit=2");
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers["etag"]).toBe(get.headers["etag"]);
    expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
  });

  it("of a view answer without an ETag, of a model with one", async () => {
    await stage.platform.runUntilIdle({});
    const view = await stage.get("/data/shop/dear?order=id");
    expect([view.text, view.headers["etag"]]).toEqual([
      '[{"id":1,"price":10.50},{"id":2,"price":9007199254.25}]',
      undefined,
    ]);
    const model = await stage.get("/data/shop/totals");
    expect(model.json).toEqual([{ lines: 4 }]);
    expect(model.headers["etag"]).toMatch(/^"[\w-]{27}"$/);
  });
});

describe("single rows", () => {
  it("are addressed by their key", async () => {
    const found = await stage.get("/data/shop/orders/9007199254740993?select=id,customer");
    expect([found.status, found.text]).toEqual([200, '{"id":9007199254740993,"customer":null}']);
    const { status, json } = await stage.get("/data/shop/orders/5");
    expect([status, json]).toMatchObject([
      404,
      { code: "not-found", message: "shop.orders has no row with this key." },
    ]);
    expect((await stage.get("/data/shop/orders/1,2")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/orders/abc")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/things/1")).json).toMatchObject({ code: "not-found" });
    expect((await stage.get("/data/shop/orders/1", { accept: "text/csv" })).status).toBe(406);
  });
});

describe("ETags", () => {
  it("answer 304 until the table changes, and never an old body", async () => {
    const url = "/data/shop/orders?select=customer&id=eq.1";
    const first = await stage.get(url);
    const etag = first.headers["etag"] ?? "";
    expect((await stage.get(url, { "if-none-match": etag })).status).toBe(304);
    expect((await stage.get(url, { "if-none-match": `"x", W/${etag}` })).status).toBe(304);
    expect((await stage.get(url, { "if-none-match": etag, accept: "text/csv" })).status).toBe(200);
    expect((await stage.get(url, { "if-none-match": etag, prefer: "count=exact" })).status).toBe(200);
    await stage.load("shop.orders_in", [{ ...orders[0], customer: "Anna", changed: 2 }]);
    const second = await stage.get(url, { "if-none-match": etag });
    expect([second.status, second.text]).toEqual([200, '[{"customer":"Anna"}]']);
    expect(second.headers["etag"]).not.toBe(etag);
    await stage.load("shop.orders_in", [{ ...orders[0], customer: "Ann", changed: 3 }]);
  });

  it("are the same for the same question in other words", async () => {
    const one = await stage.get("/data/shop/orders?order=id.asc&limit=3");
    const other = await stage.get("/data/shop/orders?limit=3&order=id");
    expect(one.headers["etag"]).toBe(other.headers["etag"]);
  });

  it("let equal requests share one query", async () => {
    const before = await queries();
    await Promise.all(Array.from({ length: 20 }, () => stage.get("/data/shop/orders?select=price&id=lt.3")));
    expect((await queries()) - before).toBe(1);
  });
});

/** Pages that were read from the warehouse so far: each one is a miss of the cache that was then kept. */
async function queries(): Promise<number> {
  const { text } = await stage.get("/metrics");
  return Number(/^millrace_data_pages_read_total (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe("refusals", () => {
  it("name the nearest table and column", async () => {
    expect((await stage.get("/data/shop/order")).json).toMatchObject({
      code: "not-found",
      message: 'There is no table "shop.order"; did you mean "shop.orders"?',
    });
    const { status, json } = await stage.get("/data/shop/orders?prise=gt.1");
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: "request-invalid", message: expect.stringContaining('did you mean "price"?') });
  });

  it("tell values of ordinary columns, never those of personal data", async () => {
    const wrong = await stage.get("/data/shop/orders?price=gt.cheap");
    expect(wrong.json).toMatchObject({ message: 'price: "cheap" is not a decimal(12,2).' });
    expect((await stage.get("/data/shop/orders?select=customer::int")).text).not.toContain("Ann");
  });

  it("keep the engine's words inside", async () => {
    const cast = await stage.get("/data/shop/orders?select=customer::int");
    expect([cast.status, cast.json]).toMatchObject([
      400,
      { code: "query-failed", message: expect.stringContaining("cannot be cast") },
    ]);
    const pattern = await stage.get("/data/shop/orders?customer=match.(");
    expect([pattern.status, pattern.json]).toMatchObject([
      400,
      { message: expect.stringContaining("regular expression") },
    ]);
  });

  it("answer every cast of every column with rows or a coded error, never a fault", async () => {
    const types = [
      "text",
      "int4",
      "int8",
      "float8",
      "bool",
      "date",
      "time",
      "timestamp",
      "timestamptz",
      "uuid",
      "json",
    ];
    const { json } = await stage.get("/openapi.json");
    const schemas = (json as { components: { schemas: Record<string, { properties: object }> } }).components.schemas;
    const thing = {
      label: "a",
      small: 1,
      day: "2026-01-01",
      doc: {},
      tags: ["x"],
      raw: "YQ==",
      flag: true,
      ratio: 0.5,
    };
    await stage.load("shop.things_in", [thing]);
    for (const column of Object.keys(schemas["shop.things"]?.properties ?? {})) {
      for (const type of [...types, "numeric(5,1)"]) {
        const answer = await stage.get(`/data/shop/things?select=x:${column}::${type}`);
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 400) expect(answer.text).toContain("cast");
      }
    }
  });

  it("hold for what has no bounds", async () => {
    expect((await stage.get("/data/shop/orders?limit=10000001")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/orders?offset=99999999")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get(`/data/shop/orders?customer=eq.${"x".repeat(17_000)}`)).status).toBe(413);
    expect((await stage.get("/data/shop/orders?after=abc")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/orders?select=id,id")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/things?order=doc")).json).toMatchObject({ code: "request-invalid" });
    expect((await stage.get("/data/shop/things?small=like.1*")).json).toMatchObject({ code: "request-invalid" });
  });

  it("do nothing with SQL in any place that a caller can fill", async () => {
    const attack = `x"; DROP TABLE shop.orders; --`;
    const places = [
      `select=${attack}`,
      `select=a:${attack}`,
      `select=id::${attack}`,
      `order=${attack}`,
      `${attack}=eq.1`,
      `customer=eq.${attack}`,
      `customer=in.("${attack.replaceAll('"', '\\"')}")`,
      `or=(${attack}.eq.1,id.eq.1)`,
      `limit=1;${attack}`,
      `after=${Buffer.from(JSON.stringify(["x", attack])).toString("base64url")}`,
      `customer=eq.' OR '1'='1`,
      `customer=like.%'%20OR%201=1--`,
      `select="${attack.replaceAll('"', '\\"')}":id`,
    ];
    for (const place of places) {
      const { status } = await stage.get(
        `/data/shop/orders?${place
          .split("=")
          .map((part) => encodeURIComponent(part))
          .join("=")}`,
      );
      expect([200, 400]).toContain(status);
    }
    expect(await stage.get("/data/shop/orders?customer=eq.'%20OR%20'1'='1")).toMatchObject({ status: 200, json: [] });
    expect((await stage.get("/data/shop/orders?select=id")).json).toHaveLength(4);
  });
});
