// Numbers that only grow: of batches, and of first receipts (`_seq`). Gaps are fine, repeats are not.
import type { Clock, Warehouse } from "@millrace/core";
import { toBigint } from "./sql-values.ts";

export class BatchSequence {
  readonly #clock: Clock;
  #batch = 0n;
  #seq = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Goes on behind the highest numbers that the warehouse has ever committed, also when old ledger rows were folded away. To be called when the claims
   * are taken and before the first number: until then the owner before may commit batches with numbers of its own.
   */
  async continueBehind(warehouse: Warehouse): Promise<void> {
    const found = await warehouse.query(`
      SELECT max(batch) AS batch, max(seq) AS seq FROM (
        SELECT max(batch) AS batch, max(seq) AS seq FROM millrace.ledger
        UNION ALL SELECT max(batch), NULL FROM millrace.channels
        UNION ALL SELECT max(batch), NULL FROM millrace.tables
        UNION ALL SELECT max(batch), NULL FROM millrace.quarantine
      ) AS highest`);
    const [batch, seq] = (found.rows[0] ?? []).map((value) => toBigint(value));
    if (batch !== undefined && batch > this.#batch) this.#batch = batch;
    if (seq !== undefined && seq > this.#seq) this.#seq = seq;
  }

  nextBatch(): bigint {
    this.#batch += 1n;
    return this.#batch;
  }

  /** Strictly growing microseconds: the time of receipt, or the next free one when the clock stood still or went back. */
  nextSeq(receivedAtMicros?: bigint): bigint {
    const wanted = receivedAtMicros ?? this.#clock.nowMicros();
    this.#seq = wanted > this.#seq ? wanted : this.#seq + 1n;
    return this.#seq;
  }
}
