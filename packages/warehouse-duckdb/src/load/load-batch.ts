// One batch into its table, inside the caller's transaction: stage and label in one scan, hold rows without a parent, count duplicates, then
// quarantine and write. The staged label decides alone, so no row can be in both places or in neither.
import type { DuckDBConnection } from "@duckdb/node-api";
import { failpoint, MillraceError, type LoadRequest, type LoadResult } from "@millrace/core";
import type { ConnectionPool } from "../engine/connection-pool.ts";
import { ident, qualified } from "../engine/identifiers.ts";
import { asBigint } from "../engine/values.ts";
import { execute, select, type Bounds } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { catalogueEntry, touchEntry, type CatalogueEntry } from "../tables/stored-tables.ts";
import { insertQuarantine, placeReadmitted, resolveReadmitted } from "./quarantine-rows.ts";
import { removeBatches } from "./remove-batches.ts";
import { stageRows } from "./stage-rows.ts";
import { markDuplicates, markHeld } from "./staged-marks.ts";
import { writeRows } from "./write-rows.ts";

export interface LoadContext {
  /** Of the transaction. */
  readonly connection: DuckDBConnection;
  /** Connections outside the transaction, for staging. */
  readonly stagers: ConnectionPool;
  readonly bounds: Bounds;
}

export async function loadBatch(context: LoadContext, request: LoadRequest): Promise<LoadResult> {
  const table = await catalogueEntry(context.connection, request.domain, request.contract.name);
  if (table?.kind !== "table")
    throw new MillraceError(
      "internal",
      `Table ${request.domain}.${request.contract.name} must be ensured before a batch is loaded.`,
    );
  // Rows of the stage stand in source order: `rowid + 1` is a row's position in the batch.
  // A database of its own, because the transaction would not see what another connection adds to one that it has looked at before.
  const database = ident(`staging_${request.batch}`);
  const stage = `${database}.batch`;
  return context.stagers.use(async (stager) => {
    await execute(stager, `ATTACH ':memory:' AS ${database}`);
    try {
      await stageRows(stager, request, stage, context.bounds);
      failpoint("batch.staged");
      return await place(context.connection, request, { stage, table });
    } finally {
      await execute(stager, `DETACH ${database}`);
    }
  });
}

async function place(
  connection: DuckDBConnection,
  request: LoadRequest,
  { stage, table }: { readonly stage: string; readonly table: CatalogueEntry },
): Promise<LoadResult> {
  const physical = qualified(storeSchema, table.physical);
  if (request.source.kind === "quarantine") await placeReadmitted(connection, request.source.rows);
  const removed = await removeBatches(connection, request, physical);
  await markHeld(connection, request, stage);
  await markDuplicates(connection, request, { stage, table: physical });
  const counts = await countStage(connection, stage);
  const written = await writeRows(connection, request, { stage, table });
  if (request.source.kind === "objects") await insertQuarantine(connection, request, stage);
  else await resolveReadmitted(connection, request, stage);
  const replaced = removed + written.replaced;
  await touchEntry(connection, table, {
    batch: request.batch,
    rewritten: replaced > 0n || request.write === "replace",
  });
  return { ...counts, replaced };
}

async function countStage(connection: DuckDBConnection, stage: string): Promise<Omit<LoadResult, "replaced">> {
  const found = await select(
    connection,
    `SELECT count(*), count(*) FILTER (s._codes IS NULL AND m.mark IS NULL), count(*) FILTER (s._codes IS NOT NULL OR m.mark = 'held'),
      count(*) FILTER (m.mark = 'duplicate'), count(*) FILTER (m.mark = 'held') FROM ${stage} AS s LEFT JOIN batch_stage_marks AS m ON m.row_id = s.rowid`,
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
