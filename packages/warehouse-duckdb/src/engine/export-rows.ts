// Writes the rows of a SELECT into a file of the data folder, for deliveries that hand files on. The engine writes nowhere else.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ExportedFile, ExportFormat } from "@millrace/core";
import { literal } from "./identifiers.ts";
import { execute, type Bounds } from "./statement-runner.ts";

const prefix = "export-";
let exported = 0;

const copyOptions: Readonly<Record<ExportFormat, string>> = {
  csv: "FORMAT csv, HEADER true",
  ndjson: "FORMAT json",
  parquet: "FORMAT parquet, COMPRESSION zstd",
};

/** @param folder where temporary files may stand */
export async function exportRows(
  connection: DuckDBConnection,
  { folder, select, format }: { readonly folder: string; readonly select: string; readonly format: ExportFormat },
  bounds: Bounds,
): Promise<ExportedFile> {
  const path = join(folder, `${prefix}${(exported += 1)}.${format}`);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    const statement = `COPY (${select}) TO ${literal(path)} (${copyOptions[format]})`;
    const { rowsChanged } = await execute(connection, statement, [], bounds);
    return { path, rows: BigInt(rowsChanged), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What a process that ended in the middle has left behind. */
export async function removeStaleExports(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(prefix)) await rm(join(folder, name), { force: true });
}
