// Stages a batch; where its contract evolves and its data has fields or values that the table has no place for yet, the table grows in the transaction
// and the batch is staged once more. Most batches bring nothing new and are staged once.
import type { DuckDBConnection } from "@duckdb/node-api";
import { tableSpec, type ContractDefinition, type LoadRequest } from "@millrace/core";
import { qualified } from "../engine/identifiers.ts";
import type { Bounds } from "../engine/statement-runner.ts";
import { storeSchema } from "../system-schema.ts";
import { ensureTable } from "../tables/ensure-table.ts";
import { columnsOf, type CatalogueRecord } from "../tables/stored-tables.ts";
import { growContract, widenStored } from "./grow-contract.ts";
import { stageRows } from "./stage-rows.ts";
import type { UnknownFields } from "./unknown-fields.ts";

export interface StageConnections {
  /** Of the transaction. */
  readonly connection: DuckDBConnection;
  /** Where the stage is. */
  readonly stager: DuckDBConnection;
  readonly bounds: Bounds;
}

export interface GrowingStage {
  readonly table: CatalogueRecord;
  readonly stage: string;
  readonly unknown: UnknownFields | undefined;
}

/** Returns the contract that the table follows now, when it grew. @throws MillraceError batch-unreadable */
export async function stageGrowing(
  { connection, stager, bounds }: StageConnections,
  request: LoadRequest,
  { table, stage, unknown }: GrowingStage,
): Promise<ContractDefinition | undefined> {
  const evolves = request.contract.evolution === "evolve";
  const kept = evolves && unknown !== undefined;
  await stageRows(stager, request, { stage, bounds, unknown, kept });
  if (!evolves) return undefined;
  const physical = qualified(storeSchema, table.physical);
  const stored = await columnsOf(connection, storeSchema, table.physical);
  const names = stored.map((column) => column.name);
  const growth = await growContract(stager, request, { stage, unknownKept: kept, taken: names });
  if (growth === undefined) return undefined;
  const contract = await widenStored(connection, growth.contract, physical);
  const grew = contract !== request.contract;
  if (grew) await ensureTable(connection, tableSpec(request.domain, contract));
  // What still has no place fails now.
  const left = unknown === undefined ? undefined : { ...unknown, known: [...unknown.known, ...growth.known] };
  await stageRows(stager, { ...request, contract }, { stage, bounds, unknown: left });
  return grew ? contract : undefined;
}
