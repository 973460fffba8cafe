// Opens the warehouse of a data folder: one owner per process and file, bounded memory and threads, locked against everything outside the folder.
import { mkdirSync, realpathSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { MillraceError, systemRandom, type Clock, type Logger, type Random, type Warehouse } from "@millrace/core";
import { DuckDbWarehouse } from "./duckdb-warehouse.ts";
import { fromEngineError } from "./engine/engine-errors.ts";
import { removeStaleExports } from "./engine/export-rows.ts";
import { literal } from "./engine/identifiers.ts";
import { walThreshold } from "./engine/commit.ts";
import { execute } from "./engine/statement-runner.ts";
import { prepareSystemSchema } from "./system-schema.ts";
import { removeHiddenRows } from "./tables/hidden-rows.ts";

export interface DuckDbWarehouseOptions {
  /** The data folder: holds warehouse.duckdb, objects/ and tmp/. The engine reads and writes nothing outside of it. */
  readonly folder: string;
  /** Memory of the engine; its process may use more. Default: 40 % of what is free now, at least 256 MB. */
  readonly memoryLimitBytes?: number;
  readonly threads?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: Random;
}

const readersMax = 8;
const writersMax = 8;
const openFiles = new Set<string>();

/** @throws MillraceError data-folder-locked, data-folder-newer, data-folder-invalid */
export async function openDuckDbWarehouse(options: DuckDbWarehouseOptions): Promise<Warehouse> {
  mkdirSync(join(options.folder, "tmp"), { recursive: true });
  const folder = realpathSync(options.folder);
  const file = join(folder, "warehouse.duckdb");
  if (openFiles.has(file)) throw new MillraceError("data-folder-locked", `This process has ${file} open already.`);
  openFiles.add(file);
  try {
    const memoryLimitBytes = options.memoryLimitBytes ?? Math.max(268_435_456, Math.floor(freemem() * 0.4));
    const instance = await createInstance(file, { memoryLimitBytes, threads: options.threads });
    const incarnation = await prepare(instance, folder, options.random ?? systemRandom);
    await removeStaleExports(join(folder, "tmp"));
    options.log.debug("Warehouse opened.", { file, memoryLimitBytes });
    return new DuckDbWarehouse({
      instance,
      incarnation,
      file,
      memoryLimitBytes,
      readersMax,
      writersMax,
      onClose: () => openFiles.delete(file),
    });
  } catch (error) {
    openFiles.delete(file);
    throw error;
  }
}

async function createInstance(
  file: string,
  limits: { memoryLimitBytes: number; threads: number | undefined },
): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(file, {
      memory_limit: `${Math.floor(limits.memoryLimitBytes / 1_048_576)}MiB`,
      temp_directory: join(file, "..", "tmp"),
      checkpoint_threshold: walThreshold,
      // A commit that writes into the file anyway does not write its rows into the log as well.
      auto_checkpoint_skip_wal_threshold: "0",
      // For new files: strings are stored smaller and written faster.
      storage_compatibility_version: "latest",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      ...(limits.threads === undefined ? {} : { threads: String(limits.threads) }),
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (/lock on file|Conflicting lock/i.test(text))
      throw new MillraceError("data-folder-locked", `Another process has ${file} open.`, { cause: error });
    if (/not a valid DuckDB database|Serialization Error|corrupt/i.test(text))
      throw new MillraceError("data-folder-invalid", `${file} is no readable warehouse: ${text.split("\n")[0] ?? ""}`, {
        cause: error,
      });
    throw fromEngineError(error);
  }
}

/** Creates the system tables, then shuts the engine in: files of the data folder only, no extensions, no way to change that. */
async function prepare(instance: DuckDBInstance, folder: string, random: Random): Promise<string> {
  const connection = await instance.connect();
  try {
    await execute(connection, "SET GLOBAL TimeZone = 'UTC'");
    const incarnation = await prepareSystemSchema(connection, random);
    await removeHiddenRows(connection);
    await execute(connection, `SET GLOBAL allowed_directories = [${literal(folder)}]`);
    await execute(connection, "SET GLOBAL enable_external_access = false");
    await execute(connection, "SET GLOBAL allowed_configs = ['checkpoint_threshold']");
    await execute(connection, "SET GLOBAL lock_configuration = true");
    return incarnation;
  } finally {
    connection.closeSync();
  }
}
