// Idempotency keys that the log still remembers, bounded in number and age. The durable copy is the table `receipts`, one row per group.

/** What was answered when the key was first used. */
export interface Receipt {
  readonly hash: string;
  readonly offset: bigint;
  readonly count: number;
  readonly receivedAtMicros: bigint;
}

export interface ReceiptRow {
  readonly rowId: number;
  readonly receivedAtMicros: bigint;
  /** Joined partition and key, see `receiptKey`. */
  readonly receipts: readonly (readonly [key: string, receipt: Receipt])[];
}

export function receiptKey(partitionId: number, idempotencyKey: string): string {
  return `${partitionId}:${idempotencyKey}`;
}

export class IdempotencyIndex {
  readonly #keysMax: number;
  readonly #ageMicros: bigint;
  readonly #receipts = new Map<string, Receipt>();
  /** Rows in the order of their writing; those before `#head` are forgotten. */
  #rows: { readonly rowId: number; readonly receivedAtMicros: bigint; readonly keys: readonly string[] }[] = [];
  #head = 0;
  #size = 0;

  constructor(bounds: { readonly keysMax: number; readonly ageMs: number }) {
    this.#keysMax = bounds.keysMax;
    this.#ageMicros = BigInt(bounds.ageMs) * 1000n;
  }

  find(key: string, nowMicros: bigint): Receipt | undefined {
    const receipt = this.#receipts.get(key);
    return receipt === undefined || receipt.receivedAtMicros < nowMicros - this.#ageMicros ? undefined : receipt;
  }

  add(row: ReceiptRow): void {
    for (const [key, receipt] of row.receipts) this.#receipts.set(key, receipt);
    const keys = row.receipts.map(([key]) => key);
    this.#rows.push({ rowId: row.rowId, receivedAtMicros: row.receivedAtMicros, keys });
    this.#size += keys.length;
  }

  /** Forgets rows beyond the bounds, oldest first. Returns the id up to which rows of `receipts` are to be deleted. */
  expire(nowMicros: bigint): number | undefined {
    let last: number | undefined;
    for (let row = this.#rows[this.#head]; row !== undefined; row = this.#rows[this.#head]) {
      const tooMany = this.#size - row.keys.length >= this.#keysMax;
      if (!tooMany && row.receivedAtMicros >= nowMicros - this.#ageMicros) break;
      for (const key of row.keys) {
        // A key that was used again after its age belongs to a later row.
        if (this.#receipts.get(key)?.receivedAtMicros === row.receivedAtMicros) this.#receipts.delete(key);
      }
      this.#size -= row.keys.length;
      this.#head += 1;
      last = row.rowId;
    }
    if (this.#head > 1000 && this.#head * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
    return last;
  }
}
