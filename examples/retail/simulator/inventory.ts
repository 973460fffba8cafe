// Stock movements as events: each warehouse numbers its own; repeated numbers are repeated movements.
import { type Chance, instant, sku } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { ChannelTruth, UpstreamRecord, Volumes } from "./shape.ts";

export interface InventoryWorld {
  readonly events: readonly UpstreamRecord[];
  readonly truth: ChannelTruth;
  readonly rows: number;
  /** Pieces by warehouse. */
  readonly stock: ReadonlyMap<string, number>;
  /** How many products ever moved, over all warehouses. */
  readonly stocked: number;
}

const warehouses = ["north", "south", "east", "west"] as const;
const plantedBad: readonly { readonly change: UpstreamRecord; readonly codes: readonly string[] }[] = [
  { change: { delta: 0 }, codes: ["movements.row.moves_something"] },
  { change: { warehouse: "moon" }, codes: ["movements.warehouse.type"] },
  { change: { seq: 0 }, codes: ["movements.seq.min"] },
  { change: { delta: "1e3" }, codes: ["movements.delta.type"] },
];

export function inventoryWorld(chance: Chance, volumes: Volumes): InventoryWorld {
  const tally = new Tally();
  const events: UpstreamRecord[] = [];
  const stock = new Map<string, number>();
  const stocked = new Set<string>();
  const nextSeq = new Map<string, number>();
  let rows = 0;
  for (let at = 1; events.length < volumes.movements; at += 1) {
    const warehouse = chance.pick(warehouses);
    const seq = (nextSeq.get(warehouse) ?? 0) + 1;
    const delta = chance.next() < 0.3 ? -chance.int(1, 20) : chance.int(1, 100);
    const event = { warehouse, seq, sku: sku(chance.int(1, volumes.products)), delta, ts: instant(at * 10) };
    stocked.add(`${warehouse}/${event.sku}`);
    nextSeq.set(warehouse, seq);
    stock.set(warehouse, (stock.get(warehouse) ?? 0) + delta);
    rows += 1;
    events.push(event);
    tally.good();
    if (at % 103 === 0) {
      events.push({ ...event });
      tally.duplicate();
    }
    if (at % 499 === 0) {
      const planted = plantedBad[(at / 499) % plantedBad.length];
      if (planted === undefined) continue;
      events.push({ ...event, ...planted.change });
      tally.bad(planted.codes);
    }
  }
  return { events, truth: tally.truth(), rows, stock, stocked: stocked.size };
}
