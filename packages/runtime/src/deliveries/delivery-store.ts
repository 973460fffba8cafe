// Deliveries in the warehouse: the state of each, under an epoch that fences off earlier owners, and its transactions.
import {
  backoffMs,
  isMillraceError,
  MillraceError,
  toMillraceError,
  type Clock,
  type Random,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { nowText, toBigint, toText } from "../load/sql-values.ts";
import { isStorageError } from "../load/storage-errors.ts";

export interface DeliveryStoreParts {
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly random: Random;
  readonly onStorageError: (error: MillraceError) => void;
}

/** What a look at the source has taken account of. */
export interface SeenState {
  readonly version: string;
  readonly rewrites: string;
  readonly batch: string;
  /** Of the declaration: what is sent, and what tells rows apart. */
  readonly fingerprint: string;
  /** More is due than was taken. */
  readonly more: boolean;
}

export interface DeliveryRecord {
  readonly paused: boolean;
  readonly seen: SeenState | undefined;
  readonly keyColumns: string;
  readonly version: bigint;
  readonly nextSeq: bigint;
}

const conflictPolicy = { baseMs: 5, capMs: 500, attemptsMax: 10 };

/** The row and the lane of one delivery. */
export class DeliveryStore {
  readonly name: string;
  readonly #parts: DeliveryStoreParts;
  #epoch = 0n;

  constructor(name: string, parts: DeliveryStoreParts) {
    this.name = name;
    this.#parts = parts;
  }

  /** Fences off whoever held the delivery before. */
  async take(): Promise<DeliveryRecord> {
    return this.write(async (tx) => {
      const found = await tx.query("SELECT epoch FROM millrace.deliveries WHERE delivery = ?", [this.name]);
      const before = found.rows[0]?.[0];
      this.#epoch = toBigint(before) + 1n;
      if (before === undefined)
        await tx.run(
          `INSERT INTO millrace.deliveries (delivery, epoch, paused, seen, key_columns, version, next_seq, due, acknowledged, discarded, superseded, changed_at)
            VALUES (?, 1, false, NULL, '', 0, 1, 0, 0, 0, 0, ?)`,
          [this.name, nowText(this.#parts.clock)],
        );
      else await tx.run("UPDATE millrace.deliveries SET epoch = epoch + 1 WHERE delivery = ?", [this.name]);
      return readRecord(tx, this.name);
    });
  }

  read(tx: Pick<Warehouse, "query">): Promise<DeliveryRecord> {
    return readRecord(tx, this.name);
  }

  /** Runs in one transaction of this delivery's lane; again after a conflict. */
  async write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    const { warehouse, clock, random, onStorageError } = this.#parts;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await warehouse.write([`millrace.deliveries.${this.name}`], work);
      } catch (thrown) {
        const error = toMillraceError(thrown);
        if (isStorageError(error)) onStorageError(error);
        if (!isMillraceError(error, "warehouse-conflict") || attempt + 1 >= conflictPolicy.attemptsMax) throw error;
        await clock.sleep(backoffMs(conflictPolicy, attempt, random));
      }
    }
  }

  /**
   * Changes the delivery's row, which every transaction of its owner does: an owner that was fenced off fails here.
   *
   * @param set SQL of the assignments @throws MillraceError batch-fenced
   */
  async change(tx: WriteTransaction, set: string, params: readonly (string | bigint | boolean)[]): Promise<void> {
    const changed = await tx.run(
      `UPDATE millrace.deliveries SET ${set}, changed_at = ? WHERE delivery = ? AND epoch = ?`,
      [...params, nowText(this.#parts.clock), this.name, this.#epoch],
    );
    if (changed === 1) return;
    throw new MillraceError("batch-fenced", `Delivery ${this.name} was taken over by another owner.`, {
      details: { delivery: this.name },
    });
  }
}

async function readRecord(tx: Pick<Warehouse, "query">, name: string): Promise<DeliveryRecord> {
  const sql = "SELECT paused, seen, key_columns, version, next_seq FROM millrace.deliveries WHERE delivery = ?";
  const [row = []] = (await tx.query(sql, [name])).rows;
  const seen = toText(row[1]);
  return {
    paused: row[0] === true,
    seen: seen === "" ? undefined : (JSON.parse(seen) as SeenState),
    keyColumns: toText(row[2]),
    version: toBigint(row[3]),
    nextSeq: toBigint(row[4]),
  };
}
