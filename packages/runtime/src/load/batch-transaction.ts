// One batch, one warehouse transaction: retried on conflicts, announced after the commit, and the end of all writing after a storage error.
import {
  backoffMs,
  toMillraceError,
  type BatchReport,
  type Clock,
  type Logger,
  type Metrics,
  type MillraceError,
  type Random,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import type { CommitBus } from "./commit-bus.ts";
import { toReport, type LedgerEntry } from "./ledger.ts";
import { wasRolledBack } from "./roll-back.ts";
import { isStorageError } from "./storage-errors.ts";
import { tableVersion } from "./table-versions.ts";

/** What a batch is about; `domain.name` is the table whose lane it takes. */
export interface BatchSubject {
  readonly channel: string;
  readonly domain: string;
  readonly name: string;
}

export interface BatchTransactionParts {
  readonly warehouse: Warehouse;
  readonly bus: CommitBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly conflictAttemptsMax: number;
  readonly batchTimeoutMs: number;
  /** Called once per storage error: the caller stops every writer. */
  readonly onStorageError: (error: MillraceError) => void;
}

const conflictBackoff = { baseMs: 5, capMs: 1000 };

export class BatchTransactions {
  readonly #parts: BatchTransactionParts;

  constructor(parts: BatchTransactionParts) {
    this.#parts = parts;
  }

  /**
   * Runs `work` in one transaction on the table's lane and returns what it entered into the ledger, after the commit was announced.
   * When `work` rolls back on purpose, nothing is returned. `work` may run several times: it takes its batch numbers inside, so that the numbers of one table grow in commit order.
   *
   * Errors: those of `work` and of Warehouse.write; then nothing was written.
   */
  async run(
    subject: BatchSubject,
    work: (tx: WriteTransaction) => Promise<readonly LedgerEntry[]>,
    signal?: AbortSignal,
  ): Promise<readonly BatchReport[]> {
    const { clock, random, metrics, conflictAttemptsMax } = this.#parts;
    const labels = { channel: subject.channel };
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once(subject, work, signal);
      } catch (thrown) {
        if (wasRolledBack(thrown)) return [];
        const error = toMillraceError(thrown);
        if (isStorageError(error)) this.#parts.onStorageError(error);
        if (error.code !== "warehouse-conflict" || attempt + 1 >= conflictAttemptsMax) {
          metrics.count("millrace_batch_failures_total", 1, { ...labels, code: error.code });
          throw error;
        }
        metrics.count("millrace_batch_conflicts_total", 1, labels);
        const policy = { ...conflictBackoff, attemptsMax: conflictAttemptsMax };
        await clock.sleep(backoffMs(policy, attempt, random), signal);
      }
    }
  }

  async #once(
    subject: BatchSubject,
    work: (tx: WriteTransaction) => Promise<readonly LedgerEntry[]>,
    signal: AbortSignal | undefined,
  ): Promise<readonly BatchReport[]> {
    const options = { timeoutMs: this.#parts.batchTimeoutMs, ...(signal === undefined ? {} : { signal }) };
    const lane = `${subject.domain}.${subject.name}`;
    const committed = await this.#parts.warehouse.write(
      [lane],
      async (tx) => {
        const entries = await work(tx);
        const version = entries.length === 0 ? 0n : await tableVersion(tx, subject);
        return { entries, version };
      },
      options,
    );
    return committed.entries.map((entry) => this.#announce(entry, committed.version));
  }

  #announce(entry: LedgerEntry, version: bigint): BatchReport {
    const { metrics, log, bus, clock } = this.#parts;
    const report = toReport(entry);
    const labels = { channel: entry.channel };
    metrics.count("millrace_batches_total", 1, { ...labels, kind: entry.kind });
    for (const outcome of ["accepted", "quarantined", "duplicate"] as const)
      metrics.count("millrace_rows_total", Number(entry[outcome]), { ...labels, outcome });
    metrics.seconds("millrace_batch_seconds", Math.max(0, clock.nowMs() - entry.startedMs) / 1000, labels);
    log.debug("Batch committed.", { ...report });
    bus.publish({ tables: [{ table: entry.table, version }], batch: report });
    return report;
  }
}
