// What each channel has brought so far: read once from the ledger, then kept by the commits of this process.
import type { BatchReport, Warehouse } from "@millrace/core";
import { records, toBigint, toMs, toText } from "./sql-values.ts";

export interface ChannelTotal {
  readonly received: bigint;
  readonly accepted: bigint;
  readonly quarantined: bigint;
  readonly duplicate: bigint;
  readonly batches: bigint;
  readonly lastCommitMs?: number;
  /** Of a batch that brought something: rows that left with their file are no arrival. */
  readonly lastArrivalMs?: number;
}

const nothing: ChannelTotal = { received: 0n, accepted: 0n, quarantined: 0n, duplicate: 0n, batches: 0n };

/** Only batches of kind `load` count: replays and re-admissions bring nothing new. */
export class ChannelTotals {
  readonly #totals = new Map<string, ChannelTotal>();

  async read(warehouse: Warehouse): Promise<void> {
    const found = await warehouse.query(`
      SELECT channel, sum(received) AS received, sum(accepted) AS accepted, sum(quarantined) AS quarantined,
          sum(duplicate) AS duplicate, sum(batches) AS batches, max(committed_at) AS committed_at,
          max(CASE WHEN received > 0 THEN committed_at END) AS arrived_at
        FROM (
          SELECT channel, received, accepted, quarantined, duplicate, 1 AS batches, committed_at FROM millrace.ledger WHERE kind = 'load'
          UNION ALL
          SELECT channel, received, accepted, quarantined, duplicate, batches, NULL FROM millrace.ledger_days WHERE kind = 'load'
        ) AS loads
        GROUP BY channel`);
    for (const row of records(found))
      this.#totals.set(toText(row["channel"]), {
        received: toBigint(row["received"]),
        accepted: toBigint(row["accepted"]),
        quarantined: toBigint(row["quarantined"]),
        duplicate: toBigint(row["duplicate"]),
        batches: toBigint(row["batches"]),
        ...(row["committed_at"] === null ? {} : { lastCommitMs: toMs(row["committed_at"]) }),
        ...(row["arrived_at"] === null ? {} : { lastArrivalMs: toMs(row["arrived_at"]) }),
      });
  }

  add(report: BatchReport): void {
    if (report.kind !== "load") return;
    const before = this.of(report.channel);
    const arrivalMs = report.received > 0n ? report.committedMs : before.lastArrivalMs;
    this.#totals.set(report.channel, {
      received: before.received + report.received,
      accepted: before.accepted + report.accepted,
      quarantined: before.quarantined + report.quarantined,
      duplicate: before.duplicate + report.duplicate,
      batches: before.batches + 1n,
      lastCommitMs: report.committedMs,
      ...(arrivalMs === undefined ? {} : { lastArrivalMs: arrivalMs }),
    });
  }

  of(channel: string): ChannelTotal {
    return this.#totals.get(channel) ?? nothing;
  }
}
