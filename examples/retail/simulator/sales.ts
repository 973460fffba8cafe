// Sales of the day as the API holds them: late lines, corrections (same id, later change), repeated lines and bad ones.
import { type Chance, instant, money, sku } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { ChannelTruth, UpstreamRecord, Volumes } from "./shape.ts";

const dayMs = 86_400_000;

export interface SalesWorld {
  /** In the order of updated_at, as the API pages through them. */
  readonly records: readonly UpstreamRecord[];
  readonly truth: ChannelTruth;
  readonly rows: number;
  /** Revenue in cents by store. */
  readonly revenue: ReadonlyMap<number, number>;
  readonly pieces: number;
  /** Store and day pairs with sales. */
  readonly storeDays: number;
}

const plantedBad: readonly { readonly change: UpstreamRecord; readonly codes: readonly string[] }[] = [
  { change: { qty: 0 }, codes: ["sales.qty.min"] },
  { change: { qty: "two" }, codes: ["sales.qty.type"] },
  { change: { qty: 1.5 }, codes: ["sales.qty.type"] },
  { change: { store: 21 }, codes: ["sales.store.max"] },
  { change: { amount: "-1.00" }, codes: ["sales.amount.min"] },
  { change: { ts: "yesterday" }, codes: ["sales.ts.type"] },
  { change: { sku: "sku-1" }, codes: ["sales.sku.pattern"] },
  { change: { txn_id: null }, codes: ["sales.txn_id.required"] },
];

interface Sale {
  readonly store: number;
  readonly day: string;
  readonly cents: number;
  readonly qty: number;
}

export function salesWorld(chance: Chance, volumes: Volumes): SalesWorld {
  const tally = new Tally();
  const records: UpstreamRecord[] = [];
  const final = new Map<string, Sale>();
  let tick = 0;
  const updatedAt = (): string => {
    tick += 7;
    return instant(7 * dayMs + Math.floor(tick / 1000), tick % 1000);
  };
  const emit = (id: string, previous?: UpstreamRecord): void => {
    const { record, sale } = line(chance, volumes, { id, updatedAt: updatedAt() });
    records.push(
      previous === undefined ? record : { ...record, ts: previous["ts"] ?? null, store: previous["store"] ?? null },
    );
    final.set(
      id,
      previous === undefined
        ? sale
        : { ...sale, day: String(previous["ts"]).slice(0, 10), store: Number(previous["store"]) },
    );
    tally.good();
  };
  for (let at = 1; records.length < volumes.sales; at += 1) {
    emit(`T${String(at).padStart(7, "0")}`);
    const last = records.at(-1) as UpstreamRecord;
    if (at % 97 === 0) repeat(records, last, tally);
    if (at % 89 === 0) emit(String(last["txn_id"]), last);
    if (at % 1009 === 0)
      plant(records, { ...last, txn_id: `TB${at}`, updated_at: updatedAt() }, (at / 1009) % plantedBad.length, tally);
  }
  return { records, truth: tally.truth(), rows: final.size, ...totals(final) };
}

function repeat(records: UpstreamRecord[], last: UpstreamRecord, tally: Tally): void {
  records.push({ ...last });
  tally.duplicate();
}

function plant(records: UpstreamRecord[], base: UpstreamRecord, which: number, tally: Tally): void {
  const planted = plantedBad[which];
  if (planted === undefined) return;
  records.push({ ...base, ...planted.change });
  tally.bad(planted.codes);
}

function line(
  chance: Chance,
  volumes: Volumes,
  about: { id: string; updatedAt: string },
): { record: UpstreamRecord; sale: Sale } {
  const cents = chance.int(50, 50_000);
  const store = chance.int(1, volumes.stores);
  const qty = chance.int(1, 20);
  const ts = instant(chance.int(0, 7 * dayMs - 1));
  const record = {
    txn_id: about.id,
    store,
    sku: sku(chance.int(1, volumes.products)),
    qty,
    amount: money(cents),
    ts,
    updated_at: about.updatedAt,
  };
  return { record, sale: { store, day: ts.slice(0, 10), cents, qty } };
}

function totals(final: ReadonlyMap<string, Sale>): { revenue: Map<number, number>; pieces: number; storeDays: number } {
  const revenue = new Map<number, number>();
  const days = new Set<string>();
  let pieces = 0;
  for (const sale of final.values()) {
    revenue.set(sale.store, (revenue.get(sale.store) ?? 0) + sale.cents);
    days.add(`${sale.store} ${sale.day}`);
    pieces += sale.qty;
  }
  return { revenue, pieces, storeDays: days.size };
}
