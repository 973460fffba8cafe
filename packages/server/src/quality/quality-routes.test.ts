// The quality of tables over HTTP: for callers who may read the platform, without personal data.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStage, type ServedStage } from "../testing/served-stage.ts";

let stage: ServedStage;

beforeAll(async () => {
  stage = await openStage();
  await stage.load("shop.orders_in", [
    { id: 1, customer: "Ann", price: "10.50", changed: 1 },
    { id: 2, customer: "Ben", price: "-1", changed: 1 },
  ]);
});

afterAll(() => stage.close());

it("sums up all tables", async () => {
  const { status, json } = await stage.send("GET", "/quality");
  expect(status).toBe(200);
  expect(json).toMatchObject({
    tables: expect.arrayContaining([
      expect.objectContaining({ table: "shop.orders", passRate: 0.5, failing: ["orders.price.min"] }),
    ]),
  });
});

it("tells all of one table, and hides personal data", async () => {
  const { status, text, json } = await stage.send("GET", "/quality/shop/orders");
  expect(status).toBe(200);
  expect(json).toMatchObject({
    table: "shop.orders",
    quarantine: { open: 1 },
    trend: [{ received: 2, accepted: 1, quarantined: 1 }],
    samples: [{ codes: ["orders.price.min"], original: expect.stringContaining("[pii]") }],
  });
  expect(text).not.toContain("Ben");
});

it("refuses what is not there, and whoever has no token", async () => {
  expect(await stage.send("GET", "/quality/shop/order")).toMatchObject({ status: 404, json: { code: "not-found" } });
  expect(await stage.send("GET", "/quality?limit=1")).toMatchObject({ status: 400, json: { code: "request-invalid" } });
  const nobody = await stage.send("GET", "/quality/shop/orders", { headers: { authorization: "Bearer wrong" } });
  expect(nobody).toMatchObject({ status: 401 });
});
