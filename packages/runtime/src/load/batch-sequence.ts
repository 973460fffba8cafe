// Numbers that only grow: of batches, and of first receipts (`_seq`). Gaps are fine, repeats are not.
import type { Clock, Warehouse } from "@millrace/core";
import { toBigint } from "./sql-values.ts";

export class BatchSequence {
  readonly #clock: Clock;
  #batch: bigint;
  #seq: bigint;

  private constructor(clock: Clock, last: { readonly batch: bigint; readonly seq: bigint }) {
    this.#clock = clock;
    this.#batch = last.batch;
    this.#seq = last.seq;
  }

  /** Continues behind the highest numbers that the warehouse has ever committed, also when old ledger rows were folded away. */
  static async open(warehouse: Warehouse, clock: Clock): Promise<BatchSequence> {
    const found = await warehouse.query(`
      SELECT max(batch) AS batch, max(seq) AS seq FROM (
        SELECT max(batch) AS batch, max(seq) AS seq FROM millrace.ledger
        UNION ALL SELECT max(batch), NULL FROM millrace.channels
        UNION ALL SELECT max(batch), NULL FROM millrace.tables
        UNION ALL SELECT max(batch), NULL FROM millrace.quarantine
      ) AS highest`);
    const [batch, seq] = found.rows[0] ?? [];
    return new BatchSequence(clock, { batch: toBigint(batch), seq: toBigint(seq) });
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
