// Held rows: when a table gets a new version, rows of other tables that wait for a parent in it go through their contract again.
import type { CommitEvent, Clock, Logger, Metrics, MillraceError, Warehouse, WriteTransaction } from "@millrace/core";
import type { AdoptedTable, AdoptedTables } from "../load/adopted-tables.ts";
import type { BatchSequence } from "../load/batch-sequence.ts";
import type { BatchTransactions } from "../load/batch-transaction.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { LedgerEntry } from "../load/ledger.ts";
import { rollBack } from "../load/roll-back.ts";
import { toBigint, toText } from "../load/sql-values.ts";
import { CoalescedWork } from "../schedule/coalesced-work.ts";
import { holdStream, readmitRows, type RowIdentity } from "./readmit-rows.ts";

export interface ReadmitterParts {
  readonly warehouse: Warehouse;
  readonly transactions: BatchTransactions;
  readonly claims: ChannelClaims;
  readonly sequence: BatchSequence;
  readonly tables: AdoptedTables;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Held rows that one transaction takes. */
  readonly readmitRowsMax: number;
  readonly onError: (error: MillraceError) => void;
}

export class Readmitter {
  readonly #parts: ReadmitterParts;
  readonly #work: CoalescedWork;
  /** Tables that may have held rows. */
  readonly #holding = new Set<string>();
  /** When each parent last changed, by the clock that also stamps the start of batches. */
  readonly #changedMs = new Map<string, number>();

  constructor(parts: ReadmitterParts) {
    this.#parts = parts;
    this.#work = new CoalescedWork({ ...parts, run: (table) => this.#readmit(table) });
  }

  /** Finds what waits from earlier runs, and looks at it once: a parent may have come just before the last stop. */
  async start(): Promise<void> {
    const sql = "SELECT DISTINCT domain, table_name FROM millrace.quarantine WHERE state = 'held'";
    const found = await this.#parts.warehouse.query(sql);
    for (const row of found.rows) {
      const table = `${toText(row[0])}.${toText(row[1])}`;
      this.#holding.add(table);
      if (this.#parts.tables.find(table) !== undefined) this.#work.request(table);
    }
  }

  heard(commit: CommitEvent): void {
    const { batch } = commit;
    for (const { table } of commit.tables) this.#changedMs.set(table, this.#parts.clock.nowMs());
    if (batch !== undefined && batch.kind !== "readmit" && batch.quarantined > 0n)
      this.#noteHeld(batch.table, batch.startedMs);
    if (batch !== undefined && batch.accepted === 0n && batch.replaced === 0n) return;
    for (const { table } of commit.tables)
      for (const child of this.#childrenOf(table)) if (this.#holding.has(child)) this.#work.request(child);
  }

  idle(): Promise<void> {
    return this.#work.idle();
  }

  stop(): Promise<void> {
    return this.#work.stop();
  }

  /** A parent that came while the batch was loading was not seen by it: look again. */
  #noteHeld(table: string, startedMs: number): void {
    const references = this.#parts.tables.find(table)?.verdict.references ?? [];
    if (references.length === 0) return;
    this.#holding.add(table);
    const parents = references.map((reference) => `${reference.parentDomain}.${reference.parentTable}`);
    if (parents.some((parent) => parent !== table && (this.#changedMs.get(parent) ?? 0) >= startedMs))
      this.#work.request(table);
  }

  #childrenOf(parent: string): readonly string[] {
    return this.#parts.tables
      .all()
      .filter(({ verdict }) =>
        verdict.references.some((reference) => `${reference.parentDomain}.${reference.parentTable}` === parent),
      )
      .map(({ domain, contract }) => `${domain}.${contract.name}`);
  }

  /** Goes through all held rows of the table once, in bounded batches. */
  async #readmit(table: string): Promise<void> {
    const adopted = this.#parts.tables.find(table);
    if (adopted === undefined) return;
    const channels = await this.#parts.warehouse.query(
      "SELECT DISTINCT channel FROM millrace.quarantine WHERE state = 'held' AND domain = ? AND table_name = ? ORDER BY channel",
      [adopted.domain, adopted.contract.name],
    );
    if (channels.rows.length === 0) this.#holding.delete(table);
    for (const row of channels.rows) await this.#readmitChannel(adopted, toText(row[0]));
  }

  async #readmitChannel(table: AdoptedTable, channel: string): Promise<void> {
    const { transactions, metrics } = this.#parts;
    const subject = { channel, domain: table.domain, name: table.contract.name };
    for (let last: RowIdentity | undefined = { batch: -1n, row: -1n }; last !== undefined;) {
      const after: RowIdentity = last;
      const reports = await transactions.run(subject, async (tx) => {
        const rows = await this.#heldRows(tx, table, channel, after);
        last = rows.length < this.#parts.readmitRowsMax ? undefined : rows.at(-1);
        return this.#load(tx, table, channel, rows);
      });
      for (const report of reports)
        metrics.count("millrace_held_rows_readmitted_total", Number(report.accepted), { table: report.table });
    }
  }

  async #load(
    tx: WriteTransaction,
    table: AdoptedTable,
    channel: string,
    rows: readonly RowIdentity[],
  ): Promise<readonly LedgerEntry[]> {
    const stream = await holdStream(tx, this.#parts.claims, channel, table);
    const entries = await readmitRows(tx, this.#parts, { table, channel, stream }, rows);
    // Every row still waits.
    if (entries.every((entry) => entry.held === entry.received)) rollBack();
    return entries;
  }

  async #heldRows(
    tx: WriteTransaction,
    table: AdoptedTable,
    channel: string,
    after: RowIdentity,
  ): Promise<readonly RowIdentity[]> {
    const found = await tx.query(
      `SELECT batch, row_no FROM millrace.quarantine
        WHERE state = 'held' AND domain = ? AND table_name = ? AND channel = ? AND (batch > ? OR (batch = ? AND row_no > ?))
        ORDER BY batch, row_no LIMIT ${this.#parts.readmitRowsMax}`,
      [table.domain, table.contract.name, channel, after.batch, after.batch, after.row],
    );
    return found.rows.map((row) => ({ batch: toBigint(row[0]), row: toBigint(row[1]) }));
  }
}
