// A small project for tests: products that sales refer to, sales and prices from lists, orders from events.
import { contract, rule, sql, t, type ChannelDefinition, type Contract, type ProjectDefinition } from "@millrace/core";
import type { EventsConfig } from "@millrace/connectors";
import { queueChannel, QueueSource } from "./queue-connector.ts";

export const Product: Contract<unknown> = contract("products", {
  sku: t.string().key(),
  name: t.string().optional(),
});

export const Sale: Contract<unknown> = contract(
  "sales",
  {
    id: t.int64().key(),
    sku: t.string().references("products.sku"),
    qty: t.int32().min(1),
    contact: t.string().email().optional().pii(),
  },
  [rule("not_too_many", sql`qty < 1000`)],
);

export const Visit: Contract<unknown> = contract("visits", { page: t.string(), ms: t.int32().min(0) });

export const Order: Contract<unknown> = contract("orders", {
  order_id: t.string().key(),
  seq: t.int64().version(),
  amount: t.decimal(12, 2).min(0),
});

export function eventsChannel(
  options: { readonly validate?: "early" | "late"; readonly ageMs?: number } = {},
): ChannelDefinition {
  const config: EventsConfig = {
    validate: options.validate ?? "early",
    batch: { bytesMax: 1024 * 1024, ageMs: options.ageMs ?? 5 },
  };
  return {
    kind: "channel",
    domain: "shop",
    name: "order_events",
    connector: "events",
    config,
    every: "on-arrival",
    outputs: [{ stream: "default", contract: Order, domain: "shop", write: "merge" }],
  };
}

const queued = [
  queueChannel({ domain: "shop", name: "products_in", contract: Product, write: "merge" }),
  queueChannel({ domain: "shop", name: "sales_in", contract: Sale, write: "merge" }),
  queueChannel({ domain: "shop", name: "visits_in", contract: Visit, write: "append" }),
];

export interface Shop {
  readonly project: ProjectDefinition;
  readonly sources: ReadonlyMap<string, QueueSource>;
  readonly products: QueueSource;
  readonly sales: QueueSource;
  readonly visits: QueueSource;
}

export function shop(extra: readonly ChannelDefinition[] = []): Shop {
  const [products, sales, visits] = [new QueueSource(), new QueueSource(), new QueueSource()];
  const sources = new Map([
    ["shop.products_in", products],
    ["shop.sales_in", sales],
    ["shop.visits_in", visits],
  ]);
  const contracts = [Product, Sale, Visit, Order];
  const channels = [...queued, ...extra];
  const domain = { name: "shop", folder: "/shop", contracts, channels, models: [] };
  return {
    project: { config: { name: "shop" }, folder: "/shop", domains: [domain] },
    sources,
    products,
    sales,
    visits,
  };
}
