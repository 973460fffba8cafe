// Weekly promotions (files) and flash sales (REST): planted are the same bad promotion on both ways, unknown products and products that come late.
import { type CatalogWorld } from "./catalog.ts";
import { type Chance, csv, instant, money, sku } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { ChannelTruth, UpstreamRecord, Volumes } from "./shape.ts";

const columns = ["promo_id", "sku", "price", "starts", "ends", "kind", "contact"] as const;
const dayMs = 86_400_000;
const farEnd = "2099-12-31T00:00:00.000000Z";
const lateWeekly = 12;
const lateFlash = 5;
const unknownWeekly = 7;

interface Promotion {
  readonly promo_id: string;
  readonly sku: string;
  readonly price: string;
  readonly starts: string;
  readonly ends: string;
  readonly kind: string;
  readonly contact: string | null;
}

/** The price of a product as the view must show it. */
export interface CurrentPrice {
  readonly cents: number;
  readonly source: "list" | "weekly" | "flash";
}

export interface PromotionWorld {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly flash: readonly UpstreamRecord[];
  readonly weeklyTruth: ChannelTruth;
  readonly flashTruth: ChannelTruth;
  /** Held rows that the second catalogue file frees. */
  readonly readmitted: number;
  readonly tableRows: number;
  readonly current: readonly CurrentPrice[];
  readonly sameBad: { readonly fileId: string; readonly restId: string; readonly codes: readonly string[] };
}

const badCodes = ["promotions.price.min", "promotions.row.ends_after_start"] as const;

export function promotionWorld(chance: Chance, volumes: Volumes, catalog: CatalogWorld): PromotionWorld {
  const known = [...catalog.prices.keys()].filter((number) => !catalog.late.includes(number));
  const make = (id: string, kind: "weekly" | "flash", number: number): Promotion =>
    promotion(chance, { id, kind, number });
  const weekly = Array.from({ length: volumes.weeklyPromotions }, (_, at) =>
    make(`W${at + 1}`, "weekly", chance.pick(known)),
  );
  const flash = Array.from({ length: volumes.flashPromotions }, (_, at) =>
    make(`F${at + 1}`, "flash", chance.pick(known)),
  );
  const heldWeekly = Array.from({ length: lateWeekly }, (_, at) =>
    make(`WL${at + 1}`, "weekly", chance.pick(catalog.late)),
  );
  const heldFlash = Array.from({ length: lateFlash }, (_, at) =>
    make(`FL${at + 1}`, "flash", chance.pick(catalog.late)),
  );
  const unknown = Array.from({ length: unknownWeekly }, (_, at) => ({
    ...make(`WU${at + 1}`, "weekly", 1),
    sku: sku(90_000 + at),
  }));
  const bad = (id: string): Promotion => ({
    ...make(id, "weekly", known[0] ?? 1),
    price: "-5.00",
    starts: instant(dayMs),
    ends: instant(0),
    contact: "x@example.com",
  });

  const weeklyTally = tallyOf(weekly, [...heldWeekly, ...unknown]);
  const flashTally = tallyOf(flash, heldFlash);
  weeklyTally.bad(badCodes);
  flashTally.bad(badCodes);
  const trusted = [...weekly, ...flash, ...heldWeekly, ...heldFlash];
  return {
    files: weeklyFiles(chance.shuffle([...weekly, ...heldWeekly, ...unknown, bad("W-BAD")])),
    flash: chance.shuffle([...flash, ...heldFlash, bad("F-BAD")]).map((row) => ({ ...row })),
    weeklyTruth: weeklyTally.truth(),
    flashTruth: flashTally.truth(),
    readmitted: lateWeekly + lateFlash,
    tableRows: trusted.length,
    current: currentPrices(catalog, trusted),
    sameBad: { fileId: "W-BAD", restId: "F-BAD", codes: badCodes },
  };
}

function tallyOf(good: readonly Promotion[], held: readonly Promotion[]): Tally {
  const tally = new Tally();
  for (let at = 0; at < good.length; at += 1) tally.good();
  for (let at = 0; at < held.length; at += 1) tally.bad(["promotions.sku.references"]);
  return tally;
}

function weeklyFiles(rows: readonly Promotion[]): { path: string; text: string }[] {
  const perFile = Math.ceil(rows.length / 4);
  return [0, 1, 2, 3].map((week) => ({
    path: `promotions/week-${String(week + 1).padStart(2, "0")}.csv`,
    text: csv(
      columns,
      rows.slice(week * perFile, (week + 1) * perFile).map((row) => ({ ...row })),
    ),
  }));
}

function promotion(chance: Chance, about: { id: string; kind: "weekly" | "flash"; number: number }): Promotion {
  const startsMs = chance.int(0, 6) * dayMs;
  return {
    promo_id: about.id,
    sku: sku(about.number),
    price: money(chance.int(10, 20_000)),
    starts: instant(startsMs),
    ends: chance.next() < 0.5 ? farEnd : instant(startsMs + dayMs),
    kind: about.kind,
    contact: chance.next() < 0.3 ? `buyer${chance.int(1, 50)}@example.com` : null,
  };
}

/** Flash beats weekly, then the later start, then the lower id: the rule of the view, computed without SQL. */
function currentPrices(catalog: CatalogWorld, trusted: readonly Promotion[]): CurrentPrice[] {
  const active = new Map<string, Promotion>();
  for (const row of trusted.filter((candidate) => candidate.ends === farEnd)) {
    const best = active.get(row.sku);
    if (best === undefined || beats(row, best)) active.set(row.sku, row);
  }
  return [...catalog.prices].map(([number, cents]) => {
    const row = active.get(sku(number));
    if (row === undefined) return { cents, source: "list" };
    return { cents: Number(row.price.replace(".", "")), source: row.kind === "flash" ? "flash" : "weekly" };
  });
}

function beats(row: Promotion, best: Promotion): boolean {
  if (row.kind !== best.kind) return row.kind === "flash";
  if (row.starts !== best.starts) return row.starts > best.starts;
  return row.promo_id < best.promo_id;
}
