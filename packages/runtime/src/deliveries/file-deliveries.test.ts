// Files on their way out: complete under their name, with their manifest, in every format; snapshots whole, changes alone.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { setFailpointHook } from "@millrace/core";
import { env, toFile, toRest } from "@millrace/connectors/authoring";
import { newFolder, removeFolder } from "../testing/embedded-stage.ts";
import { openDeliveryStage, products, shop, type DeliveryStage } from "../testing/delivery-stage.ts";
import { Receiver } from "../testing/receiver.ts";
import type { Shop } from "../testing/shop-project.ts";

type Deliveries = Parameters<typeof openDeliveryStage>[0]["deliveries"];

let folder: string;
let source: Shop;
let stage: DeliveryStage | undefined;

beforeEach(() => {
  folder = newFolder();
  source = shop();
});

afterEach(async () => {
  setFailpointHook(undefined);
  await stage?.close();
  stage = undefined;
  removeFolder(folder);
});

async function open(deliveries: Deliveries, receiver = "http://127.0.0.1:9"): Promise<DeliveryStage> {
  stage = await openDeliveryStage({ folder, receiver, shop: source, deliveries });
  return stage;
}

const out = (name: string): string => join(folder, "out", name);

it("writes changes of each version into a file of their own, with manifest and marker", async () => {
  const to = toFile({ folder: "out", name: "products-{version}.csv", marker: "{name}.done" });
  const { platform } = await open({ out: { from: "products", to } });
  source.products.items.push(products({ a: "Apple", b: 'Bread, "brown"' }));
  await platform.runUntilIdle({});
  source.products.items.push(products({ c: "Cheese" }));
  await platform.runUntilIdle({});
  const text = readFileSync(out("products-00000001.csv"), "utf8");
  expect(text).toBe('sku,name\na,Apple\nb,"Bread, ""brown"""\n');
  expect(readFileSync(out("products-00000002.csv"), "utf8")).toBe("sku,name\nc,Cheese\n");
  expect(JSON.parse(readFileSync(out("products-00000001.csv.manifest.json"), "utf8"))).toEqual({
    delivery: "shop.out",
    version: 1,
    file: "products-00000001.csv",
    format: "csv",
    rows: 2,
    bytes: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
  });
  expect(readdirSync(join(folder, "out")).filter((name) => !name.includes("manifest"))).toEqual([
    "products-00000001.csv",
    "products-00000001.csv.done",
    "products-00000002.csv",
    "products-00000002.csv.done",
  ]);
  expect(readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("export-"))).toEqual([]);
});

it.each(["ndjson", "parquet"] as const)("keeps the columns' types in %s", async (format) => {
  const to = toFile({ folder: "out", name: `sales-{version}.${format}` });
  const opened = await open({ out: { from: "sales", to, columns: ["id", "qty", "sku"] } });
  source.products.items.push(products({ a: "Apple" }));
  source.sales.items.push({ objects: ['{"id":9007199254740993,"sku":"a","qty":3}'] });
  await opened.platform.runUntilIdle({});
  mkdirSync(join(folder, "objects"), { recursive: true });
  const read = format === "parquet" ? "read_parquet" : "read_json";
  const found = await opened.rows(`SELECT id, qty, sku, typeof(id) FROM ${read}('${out(`sales-00000001.${format}`)}')`);
  expect(found).toEqual([
    [9007199254740993n, 3, "a", "BIGINT"].map((value) => (value === 3 && format === "ndjson" ? 3n : value)),
  ]);
});

it("a snapshot holds the whole result of each version, and older ones that were not written are passed over", async () => {
  const to = toFile({ folder: "out", name: "all-{version}.csv" });
  const { platform } = await open({ out: { from: "products", to, send: "snapshot" } });
  source.products.items.push(products({ a: "Apple" }), products({ b: "Bread" }));
  await platform.runUntilIdle({});
  source.products.items.push(products({ b: "Brown bread" }));
  await platform.runUntilIdle({});
  const files = readdirSync(join(folder, "out")).filter((name) => name.endsWith(".csv"));
  expect(readFileSync(out(files.at(-1) ?? ""), "utf8")).toBe("sku,name\na,Apple\nb,Brown bread\n");
  expect(files).toHaveLength(2);
});

it("a snapshot row by row is sent whole with each version", async () => {
  await using receiver = await Receiver.open();
  const to = toRest({ baseUrl: env("RECEIVER"), path: "/bulk" });
  const batch = { rows: 100 };
  const { platform } = await open({ out: { from: "products", to, send: "snapshot", batch } }, receiver.url);
  source.products.items.push(products({ a: "Apple", b: "Bread" }));
  await platform.runUntilIdle({});
  source.products.items.push(products({ b: "Brown bread" }));
  await platform.runUntilIdle({});
  expect(receiver.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    [
      { sku: "a", name: "Apple" },
      { sku: "b", name: "Bread" },
    ],
    [
      { sku: "a", name: "Apple" },
      { sku: "b", name: "Brown bread" },
    ],
  ]);
});

it("writes the same file again when it died before it knew that it was written", async () => {
  setFailpointHook((name) => {
    if (name === "delivery.sent") throw new Error("the process died here");
  });
  const to = toFile({ folder: "out", name: "products-{version}.csv" });
  source.products.items.push(products({ a: "Apple" }));
  stage = await openDeliveryStage({
    folder,
    receiver: "http://127.0.0.1:9",
    shop: source,
    deliveries: { out: { from: "products", to } },
    limits: { deliverySettleMs: 300 },
  });
  await stage.platform.runUntilIdle({});
  await stage.close();
  setFailpointHook(undefined);
  source.products.items.push(products({ b: "Bread" }));
  await (await open({ out: { from: "products", to } })).platform.runUntilIdle({});
  expect(readFileSync(out("products-00000001.csv"), "utf8")).toBe("sku,name\na,Apple\n");
  expect(readFileSync(out("products-00000002.csv"), "utf8")).toBe("sku,name\nb,Bread\n");
});

it("tells a folder that cannot be written to, and goes on when it can", async () => {
  const place = join(folder, "out");
  mkdirSync(place);
  mkdirSync(join(place, "products-00000001.csv"));
  const to = toFile({ folder: "out", name: "products-{version}.csv" });
  stage = await openDeliveryStage({
    folder,
    receiver: "http://127.0.0.1:9",
    shop: source,
    deliveries: { out: { from: "products", to } },
    limits: { deliverySettleMs: 1000 },
  });
  source.products.items.push(products({ a: "Apple" }));
  const report = await stage.platform.runUntilIdle({});
  expect(report.errors).toMatchObject([{ code: "upstream-unavailable", message: expect.stringContaining(place) }]);
  removeFolder(join(place, "products-00000001.csv"));
  await stage.platform.runUntilIdle({});
  expect(existsSync(out("products-00000001.csv"))).toBe(true);
});
