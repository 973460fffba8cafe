// Replay: a committed batch is loaded again from raw under the present contract, replacing its rows and keeping its order in time.
import {
  MillraceError,
  type BatchReport,
  type Clock,
  type ObjectStore,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { writeMode, type AdoptedTables } from "../load/adopted-tables.ts";
import type { BatchSequence } from "../load/batch-sequence.ts";
import type { BatchTransactions } from "../load/batch-transaction.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import { findReplay, readEntry, toReport, type LedgerEntry, type LedgerObject } from "../load/ledger.ts";
import { reloadRecords } from "../load/reload-records.ts";
import { planReplacement } from "../load/replacement.ts";
import { toBigint } from "../load/sql-values.ts";

export interface ReplayParts {
  readonly warehouse: Warehouse;
  readonly transactions: BatchTransactions;
  readonly claims: ChannelClaims;
  readonly sequence: BatchSequence;
  readonly tables: AdoptedTables;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

/**
 * Counts of the original batch stay; the replay has its own ledger row of kind `replay`. Rows of quarantine that pass now are re-admitted, rows that
 * fail again keep their identity. Asked again with the same `request`, it answers what was done and does nothing.
 *
 * Errors: batch-not-found, idempotency-conflict, request-invalid (nothing that could be replayed), object-missing, and those of the loader.
 */
export async function replayBatch(
  parts: ReplayParts,
  batch: bigint,
  options: { readonly request?: string } = {},
): Promise<BatchReport> {
  const { request } = options;
  const named = await readEntry(parts.warehouse, batch);
  if (named.kind === "readmit") throw refuse(batch, "is a re-admission; replay the batches that its rows came from");
  const origin =
    named.source.origin === undefined ? named : await readEntry(parts.warehouse, BigInt(named.source.origin));
  const before = await earlier(parts.warehouse, origin, request);
  if (before !== undefined) return toReport(before);
  const table = parts.tables.get(origin.table);
  if (writeMode(table, origin.channel) === "replace") await refuseOlderReplace(parts.warehouse, origin);
  const subject = { channel: origin.channel, domain: table.domain, name: table.contract.name };
  const twin: LedgerEntry[] = [];
  const reports = await parts.transactions.run(subject, async (tx) => {
    // Once more inside: the same request may be asked for twice at a time.
    const done = await earlier(tx, origin, request);
    if (done === undefined) return replay(tx, parts, origin, request);
    twin.push(done);
    return [];
  });
  const report = reports[0] ?? twin.map(toReport)[0];
  if (report === undefined) throw new MillraceError("internal", `Replay of batch ${batch} left no report.`);
  return report;
}

/** What was done before for the request. @throws MillraceError idempotency-conflict */
async function earlier(
  reader: Pick<Warehouse, "query">,
  origin: LedgerEntry,
  request: string | undefined,
): Promise<LedgerEntry | undefined> {
  const found = request === undefined ? undefined : await findReplay(reader, request);
  if (found === undefined || found.source.origin === String(origin.batch)) return found;
  throw new MillraceError("idempotency-conflict", `Request "${request}" replayed batch ${found.source.origin}.`, {
    hint: "Use a new request for another batch; nothing was changed.",
  });
}

async function replay(
  tx: WriteTransaction,
  parts: ReplayParts,
  origin: LedgerEntry,
  request: string | undefined,
): Promise<readonly LedgerEntry[]> {
  const { channel, stream } = origin;
  const table = parts.tables.get(origin.table);
  const replacement = await planReplacement(tx, { channel, batches: [origin.batch], files: [], wholeArrivals: false });
  const objects = livingObjects(
    origin,
    replacement.siblings.flatMap((sibling) => sibling.objects),
  );
  await parts.claims.hold(tx, { channel, stream });
  const { family } = replacement;
  const named = request === undefined ? {} : { request };
  return reloadRecords({ tx, parts, table, family, origin, objects, replaces: family, ...named });
}

/** Files that a newer version replaced stay replaced. */
function livingObjects(origin: LedgerEntry, living: readonly LedgerObject[]): readonly LedgerObject[] {
  const objects = origin.source.objects.some((object) => object.path !== undefined) ? living : origin.source.objects;
  if (objects.length > 0) return objects;
  throw refuse(origin.batch, "has no records that are still in use: newer versions of its files were loaded");
}

/** A replace table shows its newest batch; an older one must not come back. */
async function refuseOlderReplace(warehouse: Warehouse, origin: LedgerEntry): Promise<void> {
  const newest = await warehouse.query(
    "SELECT max(batch) FROM millrace.ledger WHERE kind = 'load' AND domain = ? AND table_name = ?",
    [origin.domain, origin.name],
  );
  const latest = toBigint(newest.rows[0]?.[0]);
  if (latest !== origin.batch)
    throw refuse(
      origin.batch,
      `was replaced by batch ${latest}, which is what table ${origin.table} shows; replay that one`,
    );
}

function refuse(batch: bigint, reason: string): MillraceError {
  return new MillraceError("request-invalid", `Batch ${batch} ${reason}.`, {
    hint: "List the batches with: millrace status --batches. Nothing was changed.",
  });
}
