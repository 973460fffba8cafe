// Rows that a table of the benchmark project holds before the measurement: written as Parquet, loaded by Millrace's own file channel.
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { ServedProcess } from "./served-process.ts";

export type EventTable = "appended" | "merged";

const rowsPerFile = 1_000_000;
const loadTimeoutMs = 15 * 60_000;

/** Select list of the rows numbered `i`; the amount is 0, so that sums tell later events from these. */
export const historyColumns = `i AS event_id, printf('dev-%05d', (i * 31) % 100000) AS device, ['open', 'click', 'view', 'close'][1 + i % 4] AS kind,
  CAST(0 AS DECIMAL(12,2)) AS amount, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i % 31536000) AS happened_at,
  CASE WHEN i % 5 = 0 THEN NULL ELSE concat('note ', i % 1000) END AS note`;

/** Writes rows 1 to `rows` under `<folder>/<table>`, where the project's file channel finds them. */
export async function writeHistory(folder: string, table: EventTable, rows: number): Promise<void> {
  const target = join(folder, table);
  mkdirSync(target, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  for (let first = 1; first <= rows; first += rowsPerFile) {
    const end = Math.min(rows + 1, first + rowsPerFile);
    const file = join(target, `part-${String(first).padStart(12, "0")}.parquet`);
    // The channel must not see half a file.
    await connection.run(
      `COPY (SELECT ${historyColumns} FROM range(${first}, ${end}) r(i)) TO '${file}.part' (FORMAT parquet)`,
    );
    renameSync(`${file}.part`, file);
  }
  connection.closeSync();
  instance.closeSync();
}

/** Resolves when the instance has loaded so many rows over the channel. */
export async function untilReceived(
  instance: ServedProcess<unknown>,
  channel: string,
  rows: number,
  timeoutMs: number = loadTimeoutMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while ((await instance.ask<number>("received", channel)) < rows) {
    if (performance.now() > deadline) throw new Error(`${channel} did not receive ${rows} rows within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
