// What a committed batch or model run tells the rest of the platform: caches, models and listeners wake from it, never from a timer.

/** One line of the ledger. `received = accepted + quarantined + duplicate`. */
export interface BatchReport {
  readonly batch: bigint;
  readonly channel: string;
  readonly stream: string;
  /** `domain.table` */
  readonly table: string;
  readonly kind: "load" | "readmit" | "replay";
  readonly received: bigint;
  readonly accepted: bigint;
  readonly quarantined: bigint;
  readonly duplicate: bigint;
  readonly replaced: bigint;
  readonly bytes: bigint;
  readonly startedMs: number;
  readonly committedMs: number;
}

export interface CommitEvent {
  /** Tables that changed, with their new versions. */
  readonly tables: readonly { readonly table: string; readonly version: bigint }[];
  readonly batch?: BatchReport;
}
