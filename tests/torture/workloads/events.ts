// Events over HTTP with idempotency keys: a request is repeated under its key until it is acknowledged, and now and then once more.
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { SeededRandom } from "@millrace/core/testing";
import { duplicated, lost, type Finding } from "../truth/finding.ts";
import { KeyTable } from "../truth/key-table.ts";
import { content, unitRows, type SentRow } from "../truth/rows.ts";
import type { Query } from "../truth/table-truth.ts";
import { UnitTable } from "../truth/unit-table.ts";
import { PacedWorkload } from "./paced-workload.ts";
import type { Reach } from "./workload.ts";

const domain = "stream";
const requestTimeoutMs = 15_000;
const knownKeysMax = 400;
/** Requests between a payment and the order that it waits for. */
const lateness = 6;
const largeEvery = 60;

const isGood = ({ amount }: SentRow): boolean => amount !== "-1.00";

type ChannelName = "clicks" | "orders" | "payments";

interface Sent {
  rows: number;
  bad: number;
  duplicates: number;
}

export class EventsWorkload extends PacedWorkload {
  readonly name = "events";
  readonly models = [`${domain}.click_amounts`, `${domain}.order_payments`];
  readonly env = {};
  readonly #random: SeededRandom;
  readonly #reach: Reach;
  readonly #findings: Finding[] = [];
  readonly #sent: Record<ChannelName, Sent> = {
    clicks: { rows: 0, bad: 0, duplicates: 0 },
    orders: { rows: 0, bad: 0, duplicates: 0 },
    payments: { rows: 0, bad: 0, duplicates: 0 },
  };
  readonly #clicks = new UnitTable({
    domain,
    name: "clicks",
    columns: ["id", "unit", "amount", "note"],
    whole: true,
    keepsBatches: true,
  });
  readonly #orders = new KeyTable({ domain, name: "orders", columns: ["id", "version", "unit", "amount", "note"] });
  readonly #payments = new UnitTable({
    domain,
    name: "payments",
    columns: ["id", "unit", "order_id", "amount", "note"],
    whole: false,
    keepsBatches: true,
  });
  readonly tables = [this.#clicks, this.#orders, this.#payments];
  readonly #versions = new Map<string, number>();
  /** Orders that payments wait for, with the request before which they are not sent. */
  readonly #late: { readonly id: string; readonly from: number }[] = [];
  #twins: SentRow[] = [];
  #requests = 0;

  constructor(seed: number, reach: Reach) {
    super();
    this.#random = new SeededRandom(seed * 31 + 1);
    this.#reach = reach;
  }

  start(): void {
    const pauseMs = (): number => 25 + this.#random.int(50);
    this.pace.loop(() => this.#sendClicks(), pauseMs);
    this.pace.loop(() => this.#sendOrders(), pauseMs);
    this.pace.loop(() => this.#sendPayments(), pauseMs);
  }

  override finish(timeoutMs: number): Promise<void> {
    return this.pace.finish(timeoutMs, () => this.#sendOwed());
  }

  /** The parents and twins that are still owed. */
  async #sendOwed(): Promise<void> {
    while (this.#late.length > 0 || this.#twins.length > 0) await this.#sendOrders(true);
  }

  override findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Every event was received once: the sums over all batches, also those of merges, whose tables forget rows. */
  override async checkEnd(query: Query): Promise<readonly Finding[]> {
    const found = await query(
      `SELECT channel, sum(received), sum(quarantined), sum(duplicate) FROM (
         SELECT channel, kind, received, quarantined, duplicate FROM millrace.ledger
         UNION ALL SELECT channel, kind, received, quarantined, duplicate FROM millrace.ledger_days)
       WHERE kind = 'load' AND starts_with(channel, '${domain}.') GROUP BY channel`,
    );
    const sums = new Map(found.map(([channel, ...counts]) => [String(channel), counts.map(Number)]));
    return Object.entries(this.#sent).flatMap(([name, sent]) => {
      const [received = 0, quarantined = 0, duplicates = 0] = sums.get(`${domain}.${name}`) ?? [];
      const expected = { received: sent.rows, quarantined: sent.bad, duplicate: sent.duplicates };
      // Payments that were held are among the quarantined, however many they were.
      const counted = { received, quarantined: name === "payments" ? sent.bad : quarantined, duplicate: duplicates };
      return Object.entries(expected).flatMap(([what, count]) =>
        compareCounts(`${what} of ${domain}.${name} in the ledger`, count, counted[what as keyof typeof counted]),
      );
    });
  }

  async #sendClicks(): Promise<void> {
    const serial = this.#requests;
    const large = serial > 0 && serial % largeEvery === 0;
    const shape = { unit: `clicks-${serial}`, rows: large ? 9000 : this.#size(), width: large ? 1000 : 40 };
    const make = (): SentRow[] => unitRows(shape);
    this.#clicks.begin(shape.unit, make, isGood);
    await this.#send("clicks", shape.unit, make());
    this.#clicks.acknowledge(shape.unit);
  }

  async #sendOrders(closing = false): Promise<void> {
    const unit = `orders-${this.#requests}`;
    const rows: SentRow[] = [...this.#twins];
    const again = this.#twins.length;
    this.#twins = [];
    while (this.#late[0] !== undefined && (closing || this.#late[0].from <= this.#requests))
      rows.push(this.#order(this.#late.shift()?.id ?? "", unit));
    for (let left = closing ? 0 : Math.ceil(this.#size() / 4); left > 0; left -= 1)
      rows.push(this.#order(`order-${this.#random.int(knownKeysMax)}`, unit));
    if (!closing) rows.push(...this.#oddOrders(unit));
    if (rows.length === 0) return;
    this.#orders.begin(rows, isGood);
    this.#sent.orders.duplicates += again;
    await this.#send("orders", unit, rows);
  }

  /** A bad one, and one that the next request brings again. */
  #oddOrders(unit: string): SentRow[] {
    const twin: SentRow = { id: `twin-${unit}`, version: 1, unit, ...content(`twin-${unit}`, 20) };
    if (this.#random.int(4) === 0) this.#twins.push(twin);
    const bad: SentRow = { id: `${unit}:0`, version: 1, unit, amount: "-1.00", note: "bad" };
    return this.#random.int(3) === 0 ? [twin, bad] : [twin];
  }

  #order(id: string, unit: string): SentRow {
    const version = (this.#versions.get(id) ?? 0) + 1;
    this.#versions.set(id, version);
    return { id, version, unit, ...content(`${id}/${version}`, 30) };
  }

  async #sendPayments(): Promise<void> {
    const unit = `payments-${this.#requests}`;
    const parents = unitRows({ unit, rows: this.#size(), width: 25 }).map((row, at) => ({
      ...row,
      order_id: this.#parent(unit, at),
    }));
    this.#payments.begin(unit, () => parents, isGood);
    await this.#send("payments", unit, parents);
    this.#payments.acknowledge(unit);
  }

  /** Mostly an order that was sent; sometimes one that comes later, for which the payment is held. */
  #parent(unit: string, at: number): string {
    const known = [...this.#versions.keys()];
    if (known.length > 0 && this.#random.int(20) !== 0) return this.#random.pick(known);
    const id = `late-${unit}-${at}`;
    this.#late.push({ id, from: this.#requests + lateness });
    return id;
  }

  #size(): number {
    const dice = this.#random.int(100);
    if (dice < 85) return 1 + this.#random.int(30);
    return dice < 99 ? 50 + this.#random.int(150) : 1000;
  }

  async #send(channel: ChannelName, unit: string, rows: readonly SentRow[]): Promise<void> {
    this.#requests += 1;
    this.#sent[channel].rows += rows.length;
    this.#sent[channel].bad += rows.filter((row) => !isGood(row)).length;
    const body = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    await this.#post(channel, unit, body, rows.length);
    if (this.#random.int(12) !== 0) return;
    const repeated = await this.#post(channel, unit, body, rows.length);
    if (!repeated) this.#findings.push(duplicated(rows.length, `request ${unit} was taken again under its key`));
  }

  /** Until it is acknowledged. Returns whether the answer was a repeated one. */
  async #post(channel: string, key: string, body: string, count: number): Promise<boolean> {
    for (;;) {
      const answer = await this.#try(channel, key, body);
      if (answer !== undefined) {
        if (answer.received !== count)
          this.#findings.push(...compareCounts(`events that request ${key} was told of`, count, answer.received));
        return answer.repeated;
      }
      await sleep(20, undefined, { signal: this.pace.signal });
    }
  }

  async #try(
    channel: string,
    key: string,
    body: string,
  ): Promise<{ readonly received: number; readonly repeated: boolean } | undefined> {
    const { address, token } = await this.#reach(this.pace.signal);
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/x-ndjson",
      "idempotency-key": key,
    };
    const signal = AbortSignal.any([this.pace.signal, AbortSignal.timeout(requestTimeoutMs)]);
    const url = `${address}/ingest/${domain}.${channel}`;
    const response = await fetch(url, { method: "POST", headers, body, signal }).catch(() => undefined);
    const text = await response?.text().catch(() => undefined);
    if (response === undefined || text === undefined) return undefined;
    if (response.status === 202) return JSON.parse(text) as { received: number; repeated: boolean };
    if (response.status === 429 || response.status >= 500) return undefined;
    throw new MillraceError("internal", `Request ${key} was answered ${response.status}: ${text.slice(0, 500)}`);
  }
}

function compareCounts(what: string, expected: number, found: number): Finding[] {
  if (found === expected) return [];
  const text = `${what}: ${expected} expected, ${found} found`;
  return [found < expected ? lost(expected - found, text) : duplicated(found - expected, text)];
}
