// Online orders as events: each line goes through its states, out of order, with repeated and bad events.
import { type Chance, instant, money, sku } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { ChannelTruth, UpstreamRecord, Volumes } from "./shape.ts";

export interface OrdersWorld {
  readonly events: readonly UpstreamRecord[];
  readonly truth: ChannelTruth;
  readonly lines: number;
  readonly orders: number;
  readonly valueCents: number;
  readonly shippedLines: number;
}

const minuteMs = 60_000;
const states = ["placed", "paid", "shipped"] as const;
const plantedBad: readonly { readonly change: UpstreamRecord; readonly codes: readonly string[] }[] = [
  { change: { status: "lost" }, codes: ["order_lines.status.type"] },
  { change: { qty: 0 }, codes: ["order_lines.qty.min"] },
  { change: { price: "free" }, codes: ["order_lines.price.type"] },
  { change: { order_id: null }, codes: ["order_lines.order_id.required"] },
  { change: { ts: "2026-13-01T00:00:00Z" }, codes: ["order_lines.ts.type"] },
];

export function ordersWorld(chance: Chance, volumes: Volumes): OrdersWorld {
  const tally = new Tally();
  const events: UpstreamRecord[] = [];
  const sums = { lines: 0, orders: 0, valueCents: 0, shippedLines: 0 };
  for (let order = 1; events.length < volumes.orders; order += 1) {
    sums.orders += 1;
    for (let line = 1; line <= chance.int(1, 3); line += 1) {
      const steps = chance.int(1, states.length);
      const base = orderLine(chance, volumes, { order, line });
      for (let step = 0; step < steps; step += 1) {
        events.push({ ...base.record, status: states[step] ?? "placed", ts: instant(order * 1000 + step * minuteMs) });
        tally.good();
      }
      sums.lines += 1;
      sums.valueCents += base.valueCents;
      if (steps === states.length) sums.shippedLines += 1;
    }
    if (order % 61 === 0) plant(events, tally, (order / 61) % plantedBad.length, order);
    if (order % 53 === 0) {
      events.push({ ...(events[events.length - 1 - (order % 61 === 0 ? 1 : 0)] as UpstreamRecord) });
      tally.duplicate();
    }
  }
  return { events: disorder(chance, events), truth: tally.truth(), ...sums };
}

function orderLine(
  chance: Chance,
  volumes: Volumes,
  at: { order: number; line: number },
): { record: UpstreamRecord; valueCents: number } {
  const qty = chance.int(1, 9);
  const cents = chance.int(50, 20_000);
  const record = {
    order_id: `O${String(at.order).padStart(6, "0")}`,
    line: at.line,
    sku: sku(chance.int(1, volumes.products)),
    qty,
    price: money(cents),
  };
  return { record, valueCents: qty * cents };
}

function plant(events: UpstreamRecord[], tally: Tally, which: number, order: number): void {
  const planted = plantedBad[which];
  const last = events.at(-1);
  if (planted === undefined || last === undefined) return;
  events.push({ ...last, order_id: `OB${order}`, ...planted.change });
  tally.bad(planted.codes);
}

/** Mixes events within short windows: later states overtake earlier ones, as on a real network. */
function disorder(chance: Chance, events: readonly UpstreamRecord[]): UpstreamRecord[] {
  const mixed: UpstreamRecord[] = [];
  for (let at = 0; at < events.length; at += 40) mixed.push(...chance.shuffle(events.slice(at, at + 40)));
  return mixed;
}
