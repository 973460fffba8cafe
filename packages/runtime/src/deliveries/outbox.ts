// The outbox of one delivery: parcels that are due in their order, and what became of them, written down together.
import type { MillraceError, QueryResult, Warehouse, WriteTransaction } from "@millrace/core";
import { nowText, records, toBigint, toMs, toText } from "../load/sql-values.ts";
import { quotedText } from "../quarantine/record-sql.ts";
import type { DeliveryStore, DeliveryStoreParts } from "./delivery-store.ts";

export interface OutboxRow {
  readonly seq: bigint;
  /** JSON object text of the key's values. */
  readonly key: string;
  readonly operation: "upsert" | "delete" | "snapshot";
  readonly payload: string;
}

export interface DueParcel {
  /** Number of its first row when it was formed. */
  readonly parcel: bigint;
  readonly version: bigint;
  readonly dueMs: number;
  readonly attempts: number;
  /** Of the first try that failed. */
  readonly failedMs: number | undefined;
  /** Empty where the parcel becomes a file. */
  readonly rows: readonly OutboxRow[];
}

/** Bounds of what is taken from the outbox at once. */
export interface PageBounds {
  readonly parcelsMax: number;
  readonly bytesMax: number;
}

export interface PlaceInOutbox {
  readonly after: bigint;
  /** Parcels that are held already. */
  readonly except: readonly bigint[];
}

/** The next parcels behind a place, in order. */
export async function nextParcels(
  reader: Pick<Warehouse, "query">,
  delivery: string,
  { after, except }: PlaceInOutbox,
  { parcelsMax, bytesMax }: PageBounds,
): Promise<readonly DueParcel[]> {
  const held = except.length === 0 ? "" : ` AND parcel NOT IN (${except.join(", ")})`;
  const own = `delivery = ${quotedText(delivery)} AND state = 'pending'`;
  const found = await reader.query(
    `SELECT seq, parcel, key, version, operation, payload, attempts, due_at, failed_at FROM millrace.outbox WHERE ${own} AND parcel IN (
      SELECT parcel FROM (SELECT parcel, row_number() OVER w AS place, sum(sum(strlen(payload))) OVER w AS bytes
        FROM millrace.outbox WHERE ${own} AND parcel > ${after}${held} GROUP BY parcel WINDOW w AS (ORDER BY parcel))
      WHERE place = 1 OR (place <= ${parcelsMax} AND bytes <= ${bytesMax})) ORDER BY parcel, seq`,
    [],
    { rowsMax: parcelsMax * 1000 + 1_000_000 },
  );
  return parcelsOf(found);
}

/** The same for parcels that become files: their rows stay in the warehouse. */
export async function nextFileParcel(
  reader: Pick<Warehouse, "query">,
  delivery: string,
  after: bigint,
): Promise<readonly DueParcel[]> {
  const found = await reader.query(
    `SELECT parcel, min(version) AS version, max(attempts) AS attempts, min(due_at) AS due_at, min(failed_at) AS failed_at
      FROM millrace.outbox WHERE delivery = ? AND state = 'pending' AND parcel > ${after} GROUP BY parcel ORDER BY parcel LIMIT 1`,
    [delivery],
  );
  return records(found).map((row) => headOf(row, []));
}

type Fields = ReturnType<typeof records>[number];

function parcelsOf(found: QueryResult): readonly DueParcel[] {
  const groups = new Map<bigint, Fields[]>();
  for (const row of records(found)) {
    const parcel = toBigint(row["parcel"]);
    groups.set(parcel, [...(groups.get(parcel) ?? []), row]);
  }
  return [...groups.values()].map((rows) => headOf(rows[0] ?? {}, rows.map(rowOf)));
}

function headOf(row: Fields, rows: readonly OutboxRow[]): DueParcel {
  const failed = row["failed_at"];
  return {
    parcel: toBigint(row["parcel"]),
    version: toBigint(row["version"]),
    dueMs: toMs(row["due_at"]),
    attempts: Number(toBigint(row["attempts"])),
    failedMs: failed === null || failed === undefined ? undefined : toMs(failed),
    rows,
  };
}

function rowOf(row: Fields): OutboxRow {
  return {
    seq: toBigint(row["seq"]),
    key: toText(row["key"]),
    operation: toText(row["operation"]) as OutboxRow["operation"],
    payload: toText(row["payload"]),
  };
}

/** What became of a parcel. */
export type Settlement =
  | { readonly kind: "acknowledged"; readonly parcel: bigint; readonly key?: string; readonly captured?: string }
  | {
      /** Still pending. `counts`: the try counts against the attempts. */
      readonly kind: "failed";
      readonly parcel: bigint;
      readonly counts: boolean;
      readonly error: MillraceError;
      readonly answer?: string;
    }
  | { readonly kind: "dead"; readonly parcel: bigint; readonly error: MillraceError; readonly answer?: string }
  /** Cut in two: rows from `at` on are a parcel of their own. */
  | { readonly kind: "split"; readonly parcel: bigint; readonly at: bigint; readonly attempts: number };

interface Waiting {
  readonly settlement: Settlement;
  readonly done: PromiseWithResolvers<void>;
}

/** Writes settlements down; those that come while one transaction is under way go together into the next. */
export class Settlements {
  readonly #store: DeliveryStore;
  readonly #clock: DeliveryStoreParts["clock"];
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(store: DeliveryStore, clock: DeliveryStoreParts["clock"]) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves when it is durable. @throws MillraceError batch-fenced, storage-*, warehouse-* */
  write(settlement: Settlement): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ settlement, done });
    void this.#drain();
    return done.promise;
  }

  async #drain(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.write((tx) =>
          this.#apply(
            tx,
            group.map(({ settlement }) => settlement),
          ),
        );
        for (const { done } of group) done.resolve();
      } catch (error) {
        for (const { done } of group) done.reject(error);
      }
    }
    this.#writing = false;
  }

  async #apply(tx: WriteTransaction, settlements: readonly Settlement[]): Promise<void> {
    const acknowledged = settlements.filter((one) => one.kind === "acknowledged").map(({ parcel }) => parcel);
    let taken = 0;
    if (acknowledged.length > 0)
      taken = await tx.run(
        `DELETE FROM millrace.outbox WHERE delivery = ? AND state = 'pending' AND parcel IN (${acknowledged.join(", ")})`,
        [this.#store.name],
      );
    for (const one of settlements) await this.#applyOne(tx, one);
    await this.#store.change(tx, "acknowledged = acknowledged + ?", [BigInt(taken)]);
  }

  async #applyOne(tx: WriteTransaction, one: Settlement): Promise<void> {
    const own = [this.#store.name, one.parcel];
    const where = "WHERE delivery = ? AND parcel = ? AND state = 'pending'";
    switch (one.kind) {
      case "acknowledged":
        if (one.captured !== undefined && one.key !== undefined)
          await tx.run("UPDATE millrace.delivery_keys SET captured = ? WHERE delivery = ? AND key = ?", [
            one.captured,
            this.#store.name,
            one.key,
          ]);
        return;
      case "split":
        await tx.run(
          `UPDATE millrace.outbox SET parcel = CASE WHEN seq >= ${one.at} THEN ${one.at} ELSE parcel END, attempts = ${one.attempts} ${where}`,
          own,
        );
        return;
      case "failed":
      case "dead": {
        const state = one.kind === "dead" ? "state = 'dead', " : "";
        const step = one.kind === "dead" || one.counts ? 1 : 0;
        await tx.run(
          `UPDATE millrace.outbox SET ${state}attempts = attempts + ${step}, code = ?, reason = ?, answer = ?, failed_at = coalesce(failed_at, ?) ${where}`,
          [one.error.code, one.error.message, one.answer ?? null, nowText(this.#clock), ...own],
        );
      }
    }
  }
}
