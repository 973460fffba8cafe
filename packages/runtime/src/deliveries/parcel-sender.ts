// Sends one parcel and writes down what became of it: acknowledged, to be tried again, cut in two around a row that is refused, or a dead letter.
import {
  backoffMs,
  deliveryName,
  failpoint,
  MillraceError,
  parseDurationMs,
  parseExact,
  type Clock,
  type DeliveryDefinition,
  type DeliverySender,
  type Destination,
  type ExportedFile,
  type Metrics,
  type ParcelOutcome,
  type ParcelRow,
  type Random,
} from "@millrace/core";
import { quotedText } from "../quarantine/record-sql.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { OutboxRow, Settlements } from "./outbox.ts";
import type { HeldParcel } from "./parcel-window.ts";
import { allRows, typedRows, type SourceShape } from "./source-sql.ts";

export interface ParcelSenderParts {
  readonly delivery: DeliveryDefinition;
  readonly destination: Destination;
  readonly store: DeliveryStore;
  readonly settlements: Settlements;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly shape: () => Promise<SourceShape>;
}

/** What the runner does next with the parcel. `away`: nobody took it, try the receiver again after this long. */
export type Settled =
  | { readonly kind: "gone"; readonly error?: MillraceError }
  | { readonly kind: "split" }
  | { readonly kind: "again"; readonly waitMs: number; readonly isAway: boolean; readonly error: MillraceError };

type Failure = Exclude<ParcelOutcome, { readonly kind: "acknowledged" }>;

export class ParcelSender {
  readonly #parts: ParcelSenderParts;
  readonly #retry: { readonly baseMs: number; readonly capMs: number; readonly deadlineMs: number };

  constructor(parts: ParcelSenderParts) {
    const { base, cap, deadline } = parts.delivery.retry;
    this.#parts = parts;
    this.#retry = { baseMs: ms(base), capMs: ms(cap), deadlineMs: ms(deadline) };
  }

  /** @throws what the signal aborts with, and errors of the warehouse: then nothing is known of the parcel, which is sent again */
  async send(held: HeldParcel, sender: DeliverySender, signal: AbortSignal): Promise<Settled> {
    const { clock, metrics } = this.#parts;
    const startedMs = clock.monotonicMs();
    const outcome = await this.#try(held, sender, signal);
    const labels = { delivery: deliveryName(this.#parts.delivery) };
    metrics.seconds("millrace_delivery_seconds", (clock.monotonicMs() - startedMs) / 1000, labels);
    metrics.count("millrace_delivery_requests_total", 1, { ...labels, outcome: outcome.kind });
    failpoint("delivery.sent");
    if (outcome.kind !== "acknowledged") return this.#failed(held, outcome);
    const key = held.rows.length === 1 ? held.rows[0]?.key : undefined;
    await this.#parts.settlements.write({
      kind: "acknowledged",
      parcel: held.parcel,
      ...(key === undefined || outcome.captured === undefined ? {} : { key, captured: outcome.captured }),
    });
    metrics.count("millrace_delivery_rows_total", Math.max(1, held.rows.length), {
      ...labels,
      outcome: "acknowledged",
    });
    return { kind: "gone" };
  }

  async #try(held: HeldParcel, sender: DeliverySender, signal: AbortSignal): Promise<ParcelOutcome> {
    const rows = held.rows.map((row) => this.#parcelRow(row, held));
    const id = rows.length === 1 ? (rows[0]?.id ?? "") : this.#manyId(held);
    await using file = await this.#file(held);
    const { version, dueMs } = held;
    return await sender.send({ id, version, dueMs, rows, ...(file === undefined ? {} : { file }) }, signal);
  }

  /** Rows of one parcel always go together, or are cut at the same places: its first and last number tell it apart. */
  #manyId({ rows, parcel }: HeldParcel): string {
    return `${deliveryName(this.#parts.delivery)}:${rows[0]?.seq ?? parcel}-${rows.at(-1)?.seq ?? parcel}`;
  }

  #parcelRow(row: OutboxRow, { version, dueMs }: HeldParcel): ParcelRow {
    const values = Object.values(parseExact(row.key) as Record<string, unknown>).map(keyText);
    const named = values.length === 0 ? `#${row.seq}` : values.map(encodeURIComponent).join("/");
    const operation = row.operation === "delete" ? "delete" : "upsert";
    const id = `${deliveryName(this.#parts.delivery)}:${named}:${version}`;
    return { id, key: values, operation, payload: row.payload, dueMs };
  }

  /** A snapshot's file holds what the source is when it is written: at least as new as the version that made it due. */
  async #file({ parcel }: HeldParcel): Promise<ExportedFile | undefined> {
    const { delivery, destination, store } = this.#parts;
    const format = destination.fileFormat(delivery);
    if (format === undefined) return undefined;
    const shape = await this.#parts.shape();
    const own = `delivery = ${quotedText(store.name)} AND parcel = ${parcel} AND state = 'pending'`;
    const select = delivery.send === "snapshot" ? allRows(shape) : typedRows(shape, own, delivery.deletions);
    return store.write((tx) => tx.exportRows(select, format));
  }

  async #failed(held: HeldParcel, outcome: Failure): Promise<Settled> {
    const { clock, random, delivery, settlements } = this.#parts;
    const { error } = outcome;
    const answer = outcome.answer === undefined ? {} : { answer: outcome.answer };
    const counts = outcome.kind === "failed" && !outcome.isAway;
    const isOver = outcome.kind === "refused" || (counts && held.attempts + 1 >= delivery.retry.attempts);
    if (isOver && held.rows.length > 1) return this.#split(held, outcome.kind === "refused");
    if (isOver) return this.#die(held, error, answer);
    held.failedMs ??= clock.nowMs();
    if (clock.nowMs() - held.failedMs > this.#retry.deadlineMs)
      return this.#die(held, tooLate(error, delivery.retry.deadline), answer);
    if (counts || held.tries === 0)
      await settlements.write({ kind: "failed", parcel: held.parcel, counts, error, ...answer });
    if (counts) held.attempts += 1;
    held.tries += 1;
    const policy = { ...this.#retry, attemptsMax: delivery.retry.attempts };
    const asked = outcome.kind === "failed" ? outcome.waitMs : undefined;
    const waitMs = asked ?? backoffMs(policy, Math.min(held.tries - 1, 30), random);
    return { kind: "again", waitMs, isAway: !counts, error };
  }

  /** Halves are tried anew, with fewer tries left where the whole had used up its own. */
  async #split(held: HeldParcel, refused: boolean): Promise<Settled> {
    const { delivery, settlements } = this.#parts;
    const middle = held.rows[Math.floor(held.rows.length / 2)] as OutboxRow;
    const attempts = refused ? 0 : Math.floor(delivery.retry.attempts / 2);
    await settlements.write({ kind: "split", parcel: held.parcel, at: middle.seq, attempts });
    return { kind: "split" };
  }

  async #die(held: HeldParcel, error: MillraceError, answer: { readonly answer?: string }): Promise<Settled> {
    const { settlements, metrics, delivery } = this.#parts;
    await settlements.write({ kind: "dead", parcel: held.parcel, error, ...answer });
    metrics.count("millrace_delivery_rows_total", Math.max(1, held.rows.length), {
      delivery: deliveryName(delivery),
      outcome: "dead",
    });
    return { kind: "gone", error };
  }
}

function tooLate(error: MillraceError, deadline: string): MillraceError {
  return new MillraceError(
    "deadline-exceeded",
    `Not taken within ${deadline} of the first try; last: ${error.message}`,
    { hint: "Once the receiver is there again: millrace deliver replay.", cause: error },
  );
}

function keyText(value: unknown): string {
  if (typeof value === "object" && value !== null)
    return "rawJSON" in value ? String(value.rawJSON) : JSON.stringify(value);
  return value === null ? "" : String(value as string | number | bigint | boolean);
}

function ms(duration: string): number {
  return parseDurationMs(duration) ?? 0;
}
