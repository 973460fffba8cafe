// One batch into its table, inside the caller's transaction: stage and label in one scan, hold rows without a parent, count duplicates, then
// quarantine and write. The staged label decides alone, so no row can be in both places or in neither. Large plain batches skip the stage: see
// direct-load.ts.
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  failpoint,
  looksForUnknownFields,
  MillraceError,
  type ContractDefinition,
  type LoadRequest,
  type LoadResult,
} from "@millrace/core";
import type { ConnectionPool } from "../engine/connection-pool.ts";
import { fromEngineError } from "../engine/engine-errors.ts";
import { ident, qualified } from "../engine/identifiers.ts";
import { asBigint } from "../engine/values.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { clearHiddenRows, hideRows } from "../tables/hidden-rows.ts";
import { catalogueRecord, touchEntry, type CatalogueRecord } from "../tables/stored-tables.ts";
import { goesDirectly, loadDirectly, type DirectRequest } from "./direct-load.ts";
import { insertQuarantine, placeReadmitted, resolveReadmitted } from "./quarantine-rows.ts";
import { removeBatches } from "./remove-batches.ts";
import { recordRejections, watchRows } from "./rule-results.ts";
import { directRelations, goodRows, hideFailedSets } from "./set-rules-direct.ts";
import { markFailed, watchSets } from "./set-rules.ts";
import { recordBytesMax } from "./source-reader.ts";
import { stageGrowing } from "./stage-growing.ts";
import { unreadable } from "./stage-rows.ts";
import { markDuplicates, markHeld } from "./staged-marks.ts";
import { swapTable } from "./swap-table.ts";
import { findUnknownFields, type UnknownFields } from "./unknown-fields.ts";
import { writeRows } from "./write-rows.ts";

/** How the loads of one transaction went; the warehouse reads it when the transaction is over. */
export interface DirectLoads {
  /** False after a transaction whose direct load failed: its batches are staged. */
  readonly allowed: boolean;
  failed: boolean;
  /** Rows were left hidden in their table. */
  hidden: boolean;
  /** Rows got their positions after they were written, which would bring all of them into the log. */
  numbered: boolean;
}

export interface LoadContext {
  /** Of the transaction. */
  readonly connection: DuckDBConnection;
  /** Connections outside the transaction, for staging. */
  readonly stagers: ConnectionPool;
  readonly bounds: Bounds;
  readonly direct: DirectLoads;
}

export async function loadBatch(context: LoadContext, request: LoadRequest): Promise<LoadResult> {
  const table = await catalogueRecord(context.connection, request.domain, request.contract.name);
  if (table?.kind !== "table")
    throw new MillraceError(
      "internal",
      `Table ${request.domain}.${request.contract.name} must be ensured before a batch is loaded.`,
    );
  await clearHiddenRows(context.connection, table);
  if (request.source.kind === "objects" && request.source.objects.length === 0)
    return removeOnly(context, request, table);
  const unknown = looksForUnknownFields(request.contract)
    ? await context.stagers.use((stager) => findUnknownFields(stager, request, context.bounds, recordBytesMax))
    : undefined;
  if (context.direct.allowed && unknown === undefined && goesDirectly(request))
    return placeDirectly(context, request, table);
  if (request.source.kind === "quarantine") return placeFromQuarantine(context, request, { table, unknown });
  // Rows of the stage stand in source order: `rowid + 1` is a row's position in the batch.
  // A database of its own, because the transaction would not see what another connection adds to one that it has looked at before.
  const database = ident(`staging_${request.batch}`);
  const stage = `${database}.batch`;
  return context.stagers.use(async (stager) => {
    await execute(stager, `ATTACH ':memory:' AS ${database}`);
    try {
      const grown = await stageGrowing({ ...context, stager }, request, { table, stage, unknown });
      failpoint("batch.staged");
      return await place(context, { ...request, contract: grown ?? request.contract }, { stage, table, grown });
    } finally {
      await execute(stager, `DETACH ${database}`);
    }
  });
}

/** Rows of earlier batches leave, and nothing comes in their place. */
async function removeOnly(
  { connection }: LoadContext,
  request: LoadRequest,
  table: CatalogueRecord,
): Promise<LoadResult> {
  const replaced = await removeBatches(connection, request, table);
  await touchEntry(connection, table, { batch: request.batch, rewritten: tracelessly(request, replaced) });
  return { received: 0n, accepted: 0n, quarantined: 0n, duplicate: 0n, held: 0n, replaced };
}

/** Staged in the transaction itself, which may have repaired the rows; their records were parsed before, so nothing can fail. */
async function placeFromQuarantine(
  context: LoadContext,
  request: LoadRequest,
  { table, unknown }: { readonly table: CatalogueRecord; readonly unknown: UnknownFields | undefined },
): Promise<LoadResult> {
  const stage = "temp.batch_quarantine_stage";
  const grown = await stageGrowing({ ...context, stager: context.connection }, request, { table, stage, unknown });
  const result = await place(context, { ...request, contract: grown ?? request.contract }, { stage, table, grown });
  await execute(context.connection, `DROP TABLE ${stage}`);
  return result;
}

interface StagedBatch {
  readonly stage: string;
  readonly table: CatalogueRecord;
  /** The contract that the stage follows, where the batch's data brought columns. */
  readonly grown: ContractDefinition | undefined;
}

async function place(
  { connection, bounds }: LoadContext,
  request: LoadRequest,
  { stage, table, grown }: StagedBatch,
): Promise<LoadResult> {
  const physical = qualified(storeSchema, table.physical);
  if (request.source.kind === "quarantine") await placeReadmitted(connection, request.source.rows, stage);
  const removed = await removeBatches(connection, request, table);
  await markHeld(connection, request, stage);
  await markDuplicates(connection, request, { stage, table: physical });
  const relations = {
    connection,
    bounds,
    good: acceptedRows(stage),
    table: physical,
    kept: "true",
  };
  await markFailed(relations, request, stage);
  const counts = await countStage(connection, stage);
  await watchRows({ connection, bounds, relation: relations.good }, request);
  await watchSets(relations, request);
  const written = await writeRows(connection, request, { stage, table });
  if (request.source.kind === "objects") {
    if (counts.quarantined > 0n) await insertQuarantine(connection, request, stage);
    await recordRejections(connection, request, counts);
  } else await resolveReadmitted(connection, request, stage);
  const replaced = removed + written.replaced;
  await touchEntry(connection, table, {
    batch: request.batch,
    rewritten: tracelessly(request, replaced),
  });
  return { ...counts, replaced, ...(grown === undefined ? {} : { grown }) };
}

/** The rows of the stage that pass, with their positions. A stage of the transaction's own does not number its rows from 0. */
function acceptedRows(stage: string): string {
  return `SELECT s.*, s.rowid - (SELECT min(rowid) FROM ${stage}) + 1 AS _row FROM ${stage} AS s WHERE s._codes IS NULL AND s.rowid NOT IN (SELECT _row_id FROM batch_stage_marks)`;
}

async function placeDirectly(
  context: LoadContext,
  request: DirectRequest,
  table: CatalogueRecord,
): Promise<LoadResult> {
  const { connection, bounds, direct } = context;
  const removed = await removeBatches(connection, request, table);
  let counts = { received: 0n, quarantined: 0n };
  const fill = async (physical: string): Promise<void> => {
    try {
      counts = await loadDirectly({ connection, bounds, physical: qualified(storeSchema, physical) }, request);
    } catch (error) {
      direct.failed = unreadable(fromEngineError(error));
      throw error;
    }
    const place = { connection, bounds, physical: qualified(storeSchema, physical) };
    const failed = await hideFailedSets(place, request);
    counts = { ...counts, quarantined: counts.quarantined + failed };
    await watchRows({ connection, bounds, relation: goodRows(place, request) }, request);
    await watchSets(directRelations(place, request), request);
    direct.numbered ||= request.source.format.kind !== "parquet";
    failpoint("batch.staged");
  };
  let swapped = { replaced: 0n, physical: table.physical };
  if (request.write === "replace") swapped = await swapTable(connection, request, table, fill);
  else await fill(table.physical);
  if (counts.quarantined > 0n) {
    await hideRows(connection, table, swapped.physical);
    direct.hidden = true;
    await recordRejections(connection, request, counts);
  }
  const replaced = removed + swapped.replaced;
  await touchEntry(connection, table, { batch: request.batch, rewritten: tracelessly(request, replaced) });
  return { ...counts, accepted: counts.received - counts.quarantined, duplicate: 0n, held: 0n, replaced };
}

/** True when rows left that are not kept. */
function tracelessly(request: LoadRequest, replaced: bigint): boolean {
  return request.write === "replace" || (replaced > 0n && !request.keepReplaced);
}

async function countStage(connection: DuckDBConnection, stage: string): Promise<Omit<LoadResult, "replaced">> {
  const found = await select(
    connection,
    `SELECT count(*), count(*) FILTER (s._codes IS NULL AND m.mark IS NULL), count(*) FILTER (s._codes IS NOT NULL OR m.mark IN ('held', 'rejected')),
      count(*) FILTER (m.mark = 'duplicate'), count(*) FILTER (m.mark = 'held') FROM ${stage} AS s LEFT JOIN batch_stage_marks AS m ON m._row_id = s.rowid`,
  );
  const [received, accepted, quarantined, duplicate, held] = (found.rows[0] ?? []).map((value) => asBigint(value));
  return {
    received: received ?? 0n,
    accepted: accepted ?? 0n,
    quarantined: quarantined ?? 0n,
    duplicate: duplicate ?? 0n,
    held: held ?? 0n,
  };
}
