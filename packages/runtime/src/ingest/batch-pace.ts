// When an open batch of events should be closed: at once when nothing else is under way, and as late as possible while another one commits. Waiting longer
// for company while much comes in was measured: it gives the ingress nothing on two cores, and costs several hundred milliseconds.
import type { Clock } from "@millrace/core";

export interface BatchPaceParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Longest that a few events wait for company. */
  readonly ageMs: number;
  /** Enough for a batch when no other one is being committed. */
  readonly eagerBytes: number;
}

export interface OpenBatch {
  readonly bytes: number;
  /** When its first event came. */
  readonly sinceMs: number;
}

/** Weight of the newest measurement. */
const newest = 0.3;

export class BatchPace {
  readonly #parts: BatchPaceParts;
  #commitBeganMs: number | undefined;
  #commitMs = 0;
  #prepareMs = 0;

  constructor(parts: BatchPaceParts) {
    this.#parts = parts;
  }

  /** A batch was closed and archived. */
  prepared(elapsedMs: number): void {
    this.#prepareMs += newest * (elapsedMs - this.#prepareMs);
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
    return (large ? due : Math.max(due, aged)) - nowMs;
  }
}
