// What was committed and what went wrong since somebody asked last: the report of a finite run.
import type { BatchReport, ErrorReport } from "@millrace/core";

/** Older reports of a long-lived process go first; the ledger has them all. */
const REPORTS_MAX = 10_000;

export class RecentWork {
  #batches: BatchReport[] = [];
  #errors: ErrorReport[] = [];

  committed(report: BatchReport): void {
    this.#batches.push(report);
    if (this.#batches.length > 2 * REPORTS_MAX) this.#batches = this.#batches.slice(-REPORTS_MAX);
  }

  failed(error: ErrorReport): void {
    this.#errors.push(error);
    if (this.#errors.length > 2 * REPORTS_MAX) this.#errors = this.#errors.slice(-REPORTS_MAX);
  }

  /** Hands out the reports and forgets them. */
  take(): { readonly batches: readonly BatchReport[]; readonly errors: readonly ErrorReport[] } {
    const taken = { batches: this.#batches, errors: this.#errors };
    this.#batches = [];
    this.#errors = [];
    return taken;
  }
}
