// When an open batch of events should be closed: at once when nothing else is under way, as late as possible while another one commits, and with more
// company while the process has its hands full taking events in.
import type { Clock } from "@millrace/core";

export interface BatchPaceParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Longest that events wait for company in a quiet process. */
  readonly ageMs: number;
  /** Enough for a batch when no other one is being committed. */
  readonly eagerBytes: number;
  /** Share of the time since the last call, 0 to 1, in which the thread that takes events in was busy. */
  readonly ingressShare: () => number;
}

export interface OpenBatch {
  readonly bytes: number;
  /** When its first event came. */
  readonly sinceMs: number;
}

/** From this share on the loader leaves the processor to the ingress for a while: a batch costs much the same whether it is large or small. */
const busyShare = 0.7;
/** Longest that events wait for company in a busy process. */
const busyAgeMs = 400;
/** Weight of the newest measurement. */
const newest = 0.3;

export class BatchPace {
  readonly #parts: BatchPaceParts;
  #commitBeganMs: number | undefined;
  #commitMs = 0;
  #prepareMs = 0;
  #busy = false;

  constructor(parts: BatchPaceParts) {
    this.#parts = parts;
  }

  /** A batch was closed and archived. */
  prepared(batch: { readonly bytes: number; readonly elapsedMs: number }): void {
    this.#prepareMs += newest * (batch.elapsedMs - this.#prepareMs);
    // One large batch may be the whole of a burst.
    this.#busy = this.#parts.ingressShare() >= busyShare && batch.bytes >= this.#parts.eagerBytes;
  }

  commitBegan(): void {
    this.#commitBeganMs = this.#parts.clock.monotonicMs();
  }

  commitEnded(): void {
    if (this.#commitBeganMs === undefined) return;
    this.#commitMs += newest * (this.#parts.clock.monotonicMs() - this.#commitBeganMs - this.#commitMs);
    this.#commitBeganMs = undefined;
  }

  get committing(): boolean {
    return this.#commitBeganMs !== undefined;
  }

  /** How long the batch stays open from now on; 0 or less: close it. */
  waitMs({ bytes, sinceMs }: OpenBatch): number {
    const nowMs = this.#parts.clock.monotonicMs();
    const large = bytes >= this.#parts.eagerBytes;
    const aged = sinceMs + this.#parts.ageMs;
    // Archived when the running commit is over, and not earlier: what comes meanwhile goes along.
    const due = this.#commitBeganMs === undefined ? nowMs : this.#commitBeganMs + this.#commitMs - this.#prepareMs;
    const closeMs = large ? due : Math.max(due, aged);
    return (this.#busy ? Math.max(closeMs, sinceMs + busyAgeMs) : closeMs) - nowMs;
  }
}
