// What status, the command line and operators see of deliveries.
import type { DeliveryMode, ErrorReport } from "@millrace/core";

/** Rows (of a snapshot file: files). due = acknowledged + pending + dead + discarded + superseded, always. */
export interface DeliveryCounts {
  readonly due: bigint;
  /** Taken by the receiver, and known here to be. */
  readonly acknowledged: bigint;
  readonly pending: bigint;
  /** Dead letters: given up until somebody replays or discards them. */
  readonly dead: bigint;
  readonly discarded: bigint;
  /** Of snapshots that a newer one replaced before they were sent. */
  readonly superseded: bigint;
}

export interface DeliveryStatus extends DeliveryCounts {
  readonly delivery: string;
  readonly destination: string;
  /** `domain.name` */
  readonly from: string;
  readonly send: DeliveryMode;
  /** `waiting`: for the next try; `stopped`: in strict order behind a dead letter; `retired`: no longer in the project. */
  readonly state: "idle" | "sending" | "waiting" | "paused" | "stopped" | "failing" | "retired";
  readonly lastAcknowledgedMs?: number;
  readonly error?: ErrorReport;
}

export interface OutboxEntry {
  readonly seq: bigint;
  /** Values of the key; absent where they may be personal and were not asked for. */
  readonly key?: Readonly<Record<string, unknown>>;
  readonly version: bigint;
  readonly operation: "upsert" | "delete" | "snapshot";
  readonly state: "pending" | "dead";
  readonly attempts: bigint;
  readonly code?: string;
  readonly reason?: string;
  /** The beginning of what the receiver answered; never of deliveries with personal data. */
  readonly answer?: string;
  readonly dueMs: number;
  /** What is sent. */
  readonly payload?: unknown;
}

export interface DeliveryFilter {
  readonly state?: "pending" | "dead";
  readonly limit: number;
  /** Show keys and payloads of deliveries with personal data. */
  readonly showPii?: boolean;
}

export interface DeliveryReport extends DeliveryStatus {
  readonly rows: readonly OutboxEntry[];
}

export interface DeliveryRequest {
  readonly delivery: string;
  readonly kind: "replay" | "discard" | "pause" | "resume";
  /** Dead letters by number; absent: all of them. */
  readonly rows?: readonly bigint[];
}

export interface DeliveryActionOutcome extends DeliveryStatus {
  /** Dead letters that are pending again, or are gone. */
  readonly changed: bigint;
  /** Dead letters that were not replayed, because a newer version of their row was made due since: replaying would bring the older one back. */
  readonly outdated: bigint;
}

/** `equal`: the counts add up, and the receiver, where it can be asked, holds as many records as were delivered and not deleted. */
export interface Reconciliation extends DeliveryCounts {
  readonly delivery: string;
  readonly addsUp: boolean;
  /** Rows of the source now; with `receiver`. */
  readonly source?: bigint;
  /** What the receiver counts. */
  readonly receiver?: bigint;
  readonly equal: boolean;
}
