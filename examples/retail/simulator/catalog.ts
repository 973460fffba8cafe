// The product catalogue as two daily files: the second adds late products and corrects prices; both hold planted bad rows.
import { type Chance, csv, instant, money, sku } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { ChannelTruth, Volumes } from "./shape.ts";

const columns = ["sku", "name", "category", "list_price", "supplier_email", "updated_at"] as const;
const categories = ["grocery", "household", "clothing", "electronics", "garden"] as const;
const dayMs = 86_400_000;

type Row = Record<(typeof columns)[number], string | null>;

export interface CatalogWorld {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly truth: ChannelTruth;
  /** List price in cents by product number. */
  readonly prices: ReadonlyMap<number, number>;
  /** Products that only the second file brings. */
  readonly late: readonly number[];
}

const plantedBad: readonly { readonly change: Partial<Row>; readonly codes: readonly string[] }[] = [
  { change: { list_price: "-1.00" }, codes: ["products.list_price.min"] },
  { change: { list_price: "12,50" }, codes: ["products.list_price.type"] },
  { change: { list_price: "9.999" }, codes: ["products.list_price.type"] },
  { change: { category: "toys" }, codes: ["products.category.type"] },
  { change: { name: null }, codes: ["products.name.required"] },
  { change: { supplier_email: "nobody" }, codes: ["products.supplier_email.email"] },
  {
    change: { name: null, category: "toys", list_price: "-2.00" },
    codes: ["products.name.required", "products.category.type", "products.list_price.min"],
  },
];

export function catalogWorld(chance: Chance, volumes: Volumes): CatalogWorld {
  const tally = new Tally();
  const prices = new Map<number, number>();
  const lateFrom = volumes.products - Math.floor(volumes.products / 100);
  const first: Row[] = [];
  const second: Row[] = [];
  for (let number = 1; number <= volumes.products; number += 1) {
    const cents = chance.int(50, 30_000);
    prices.set(number, cents);
    (number > lateFrom ? second : first).push(product(chance, number, cents, 0));
    tally.good();
  }
  for (let number = 1; number <= lateFrom; number += 50) {
    const cents = chance.int(50, 30_000);
    prices.set(number, cents);
    second.push(product(chance, number, cents, dayMs));
    tally.good();
  }
  plantedBad.forEach((planted, at) => {
    const row = { ...product(chance, volumes.products + 1 + at, 100, 0), ...planted.change };
    first.splice(chance.int(0, first.length), 0, row);
    tally.bad(planted.codes);
  });
  return {
    files: [
      { path: "catalog/products-2026-03-01.csv", text: csv(columns, first) },
      { path: "catalog/products-2026-03-02.csv", text: csv(columns, second) },
    ],
    truth: tally.truth(),
    prices,
    late: Array.from({ length: volumes.products - lateFrom }, (_, at) => lateFrom + 1 + at),
  };
}

function product(chance: Chance, number: number, cents: number, offsetMs: number): Row {
  return {
    sku: sku(number),
    name: `Product ${number}${chance.next() < 0.05 ? ', "special"' : ""}`,
    category: chance.pick(categories),
    list_price: money(cents),
    supplier_email: chance.next() < 0.7 ? `supplier${chance.int(1, 200)}@example.com` : null,
    updated_at: instant(offsetMs),
  };
}
