// Rules over several rows in the direct way of a large batch: its rows stand in the table already, and those that fail are hidden there.
import type { LoadRequest } from "@millrace/core";
import { literal } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import type { DirectRequest, DirectTarget } from "./direct-load.ts";
import { failedRows, storedOriginal, type SetRelations } from "./set-rules.ts";

/** The batch's rows that pass so far. */
export function goodRows({ physical }: DirectTarget, request: LoadRequest): string {
  return `SELECT * FROM ${physical} WHERE _batch = ${request.batch} AND _hidden IS NULL`;
}

export function directRelations(target: DirectTarget, request: LoadRequest): SetRelations {
  const { connection, bounds, physical } = target;
  const kept = `_batch <> ${request.batch} AND _hidden IS NULL`;
  return { connection, bounds, good: goodRows(target, request), table: physical, kept };
}

/** Sends the rows that fail a rejecting rule to quarantine and hides them. Returns how many. */
export async function hideFailedSets(target: DirectTarget, request: DirectRequest): Promise<bigint> {
  const failed = await failedRows(directRelations(target, request), request);
  if (failed === undefined) return 0n;
  const { connection, bounds, physical } = target;
  await execute(connection, `CREATE OR REPLACE TEMP TABLE batch_failed_sets AS ${failed}`, [], bounds);
  const counted = await select(connection, "SELECT count(*) FROM batch_failed_sets");
  const rows = asBigint(counted.rows[0]?.[0]);
  if (rows > 0n) {
    const { columns } = request.contract;
    await execute(
      connection,
      `INSERT INTO millrace.quarantine
        SELECT ${request.batch}, f._row, ?, ?, ?, f.codes, f.reasons, ${storedOriginal(columns, "t.")}, ${literal(request.source.objects[0]?.ref.key ?? "")},
          f._row, t._seq, 'open', NULL, now(), NULL FROM batch_failed_sets AS f JOIN ${physical} AS t ON t._batch = ${request.batch} AND t._row = f._row ORDER BY f._row`,
      [request.channel, request.domain, request.contract.name],
      bounds,
    );
    await execute(
      connection,
      `UPDATE ${physical} SET _hidden = '' WHERE _batch = ${request.batch} AND _row IN (SELECT _row FROM batch_failed_sets)`,
      [],
      bounds,
    );
  }
  await execute(connection, "DROP TABLE batch_failed_sets");
  return rows;
}
