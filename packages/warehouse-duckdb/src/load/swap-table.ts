// Replaces a whole table: a new physical one is filled, then the name points at it. The good table stays until the transaction commits.
import type { DuckDBConnection } from "@duckdb/node-api";
import { failpoint, type LoadRequest } from "@millrace/core";
import { qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { storeSchema } from "../system-schema.ts";
import { createPhysical, fingerprintOf, physicalName, putView } from "../tables/ensure-table.ts";
import { dropReplaced } from "../tables/replaced-rows.ts";
import { putEntry, type CatalogueRecord } from "../tables/stored-tables.ts";

/** @param fill writes the rows of the new table, whose name in schema `store` it is given */
export async function swapTable(
  connection: DuckDBConnection,
  request: LoadRequest,
  table: CatalogueRecord,
  fill: (physical: string) => Promise<void>,
): Promise<{ readonly replaced: bigint; readonly physical: string }> {
  const spec = { domain: table.domain, name: table.name, columns: request.contract.columns, key: table.key };
  const physical = physicalName(spec, fingerprintOf(spec), table);
  await createPhysical(connection, spec, physical);
  await fill(physical);
  failpoint("table.swap");
  await putView(connection, spec, physical);
  const before = await select(connection, `SELECT count(*) FROM ${qualified(storeSchema, table.physical)}`);
  await execute(connection, `DROP TABLE ${qualified(storeSchema, table.physical)}`);
  await dropReplaced(connection, table);
  await putEntry(connection, { ...spec, kind: "table", physical, fingerprint: table.fingerprint, rewritten: true });
  return { replaced: asBigint(before.rows[0]?.[0]), physical };
}
