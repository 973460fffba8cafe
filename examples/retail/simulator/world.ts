// Puts the simulated company together: the same seed gives the same files, answers, events and truth.
import { catalogWorld, type CatalogWorld } from "./catalog.ts";
import { Chance } from "./chance.ts";
import { inventoryWorld, type InventoryWorld } from "./inventory.ts";
import { ordersWorld, type OrdersWorld } from "./orders.ts";
import { promotionWorld, type PromotionWorld } from "./promotions.ts";
import { salesWorld, type SalesWorld } from "./sales.ts";
import type { FigureTruth, Volumes, World } from "./shape.ts";

interface Parts {
  readonly catalog: CatalogWorld;
  readonly promotions: PromotionWorld;
  readonly sales: SalesWorld;
  readonly orders: OrdersWorld;
  readonly inventory: InventoryWorld;
}

export function createWorld(seed: number, volumes: Volumes): World {
  const catalog = catalogWorld(new Chance(seed * 10 + 1), volumes);
  const promotions = promotionWorld(new Chance(seed * 10 + 2), volumes, catalog);
  const sales = salesWorld(new Chance(seed * 10 + 3), volumes);
  const orders = ordersWorld(new Chance(seed * 10 + 4), volumes);
  const inventory = inventoryWorld(new Chance(seed * 10 + 5), volumes);
  return {
    seed,
    files: [...catalog.files, ...promotions.files],
    flashPages: promotions.flash,
    sales: sales.records,
    orderEvents: orders.events,
    movementEvents: inventory.events,
    truth: {
      seed,
      channels: {
        "catalog.products": catalog.truth,
        "promotions.weekly": promotions.weeklyTruth,
        "promotions.flash": promotions.flashTruth,
        "sales.sales": sales.truth,
        "orders.order_events": orders.truth,
        "inventory.movements": inventory.truth,
      },
      figures: figures({ catalog, promotions, sales, orders, inventory }),
      delivered: { records: inventory.stocked, pieces: Object.fromEntries(inventory.stock) },
      readmitted: promotions.readmitted,
      sameBadPromotion: promotions.sameBad,
    },
  };
}

function figures(parts: Parts): FigureTruth[] {
  const { catalog, promotions, sales, orders, inventory } = parts;
  const total = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);
  const count = (name: string, path: string, rows: number): FigureTruth => ({ name, path, expected: String(rows) });
  const sum = (name: string, path: string, column: string, expected: number): FigureTruth => ({
    name,
    path,
    sum: column,
    expected: String(expected),
  });
  const listed = promotions.current.filter((price) => price.source === "list").length;
  const flashed = promotions.current.filter((price) => price.source === "flash").length;
  return [
    count("products", "/data/catalog/products", catalog.prices.size),
    count("promotions", "/data/promotions/promotions", promotions.tableRows),
    count("prices from the list", "/data/promotions/current_price?source=eq.list", listed),
    count("prices from a flash sale", "/data/promotions/current_price?source=eq.flash", flashed),
    sum(
      "current prices",
      "/data/promotions/current_price?select=sku,price",
      "price",
      total(promotions.current.map((price) => price.cents)),
    ),
    count("sales", "/data/sales/sales", sales.rows),
    count("days with sales by store", "/data/sales/revenue_by_day", sales.storeDays),
    ...[...sales.revenue]
      .sort(([a], [b]) => a - b)
      .map(([store, cents]) =>
        sum(`revenue of store ${store}`, `/data/sales/revenue_by_day?store=eq.${store}`, "revenue", cents),
      ),
    sum("pieces sold", "/data/sales/forecast_extract?select=sku,day,pieces", "pieces", sales.pieces),
    count("order lines", "/data/orders/order_lines", orders.lines),
    count("orders", "/data/orders/order_status", orders.orders),
    sum("value of orders", "/data/orders/order_status?select=order_id,value", "value", orders.valueCents),
    sum("shipped lines", "/data/orders/order_status?select=order_id,shipped", "shipped", orders.shippedLines),
    count("stock movements", "/data/inventory/movements", inventory.rows),
    ...[...inventory.stock]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([warehouse, pieces]) =>
        sum(
          `stock in ${warehouse}`,
          `/data/inventory/stock_on_hand?warehouse=eq.${warehouse}&select=warehouse,sku,pieces`,
          "pieces",
          pieces,
        ),
      ),
  ];
}
