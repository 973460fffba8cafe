// The embedded warehouse: one DuckDB file, owned by this process. Readers and writers take connections from two bounded pools.
import { copyFile, mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import {
  failpoint,
  MillraceError,
  type QueryOptions,
  type QueryResult,
  type ResultColumn,
  type ResultStream,
  type SqlValue,
  type StatementAnalysis,
  type StoredTable,
  type StreamOptions,
  type Warehouse,
  type WarehouseStatus,
  type WriteOptions,
  type WriteTransaction,
} from "@millrace/core";
import { DuckDbTransaction } from "./duckdb-transaction.ts";
import { analyzeStatement } from "./engine/analyze.ts";
import { commit, commitIntoFile } from "./engine/commit.ts";
import { ConnectionPool } from "./engine/connection-pool.ts";
import { fromEngineError, isStorageError } from "./engine/engine-errors.ts";
import { Lanes } from "./engine/lanes.ts";
import { openResultStream } from "./engine/result-stream.ts";
import { asText } from "./engine/values.ts";
import { execute, resultColumns, select } from "./engine/statement-runner.ts";
import { removeHiddenRows } from "./tables/hidden-rows.ts";
import { catalogueEntries, catalogueEntry } from "./tables/stored-tables.ts";

export interface DuckDbWarehouseParts {
  readonly instance: DuckDBInstance;
  readonly incarnation: string;
  /** Path of the database file. */
  readonly file: string;
  readonly memoryLimitBytes: number;
  readonly readersMax: number;
  readonly writersMax: number;
  readonly onClose: () => void;
}

export class DuckDbWarehouse implements Warehouse {
  readonly incarnation: string;
  readonly #parts: DuckDbWarehouseParts;
  readonly #readers: ConnectionPool;
  readonly #writers: ConnectionPool;
  readonly #stagers: ConnectionPool;
  readonly #lanes = new Lanes();
  #poison: MillraceError | undefined;
  #closed = false;

  constructor(parts: DuckDbWarehouseParts) {
    this.#parts = parts;
    this.incarnation = parts.incarnation;
    this.#readers = new ConnectionPool(parts.instance, parts.readersMax);
    this.#writers = new ConnectionPool(parts.instance, parts.writersMax);
    this.#stagers = new ConnectionPool(parts.instance, parts.writersMax);
  }

  write<T>(
    tables: readonly string[],
    work: (tx: WriteTransaction) => Promise<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const lanes = [...new Set(tables.map((table) => table.toLowerCase()))].sort();
    return this.#lanes.run(lanes, () => this.#writers.use((connection) => this.#transact(connection, work, options)));
  }

  async #transact<T>(
    connection: DuckDBConnection,
    work: (tx: WriteTransaction) => Promise<T>,
    options: WriteOptions,
    allowDirect = true,
  ): Promise<T> {
    this.#refuseWhenPoisoned();
    const parts = { stagers: this.#stagers, temporaryFolder: temporaryFolder(this.#parts.file) };
    const tx = new DuckDbTransaction(connection, parts, options, allowDirect);
    let value: T;
    try {
      await execute(connection, "BEGIN", [], options);
      value = await work(tx);
      failpoint("batch.before-commit");
      if (tx.direct.numbered) await this.#stagers.use((other) => commitIntoFile(connection, other));
      else await commit(connection);
      failpoint("batch.after-commit");
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      // A record that cannot be parsed ended the transaction: everything again, with batches staged outside of it.
      if (tx.direct.failed) return this.#transact(connection, work, options, false);
      throw this.#poisonedBy(fromEngineError(error));
    }
    if (tx.direct.hidden) await this.#removeHidden(connection);
    return value;
  }

  /** What cannot be removed now stays out of sight, and is removed at the next start. */
  async #removeHidden(connection: DuckDBConnection): Promise<void> {
    await removeHiddenRows(connection).catch((error: unknown) => this.#poisonedBy(fromEngineError(error)));
  }

  #refuseWhenPoisoned(): void {
    if (this.#closed)
      throw new MillraceError("storage-poisoned", "The warehouse is closed.", { hint: "Start the instance again." });
    if (this.#poison === undefined) return;
    throw new MillraceError("storage-poisoned", `The warehouse stopped writing after: ${this.#poison.message}`, {
      cause: this.#poison,
    });
  }

  #poisonedBy(error: MillraceError): MillraceError {
    if (isStorageError(error)) this.#poison ??= error;
    return error;
  }

  query(sql: string, params: readonly SqlValue[] = [], options: QueryOptions = {}): Promise<QueryResult> {
    return this.#readers.usePrepared((connection, statements) =>
      select(connection, sql, params, { ...options, statements }),
    );
  }

  async stream(sql: string, params: readonly SqlValue[] = [], options: StreamOptions = {}): Promise<ResultStream> {
    // A stream needs a connection of its own: another statement on it would end the stream in silence.
    const connection = await this.#parts.instance.connect();
    return openResultStream(connection, { sql, params, bounds: options }, () => connection.closeSync());
  }

  analyze(sql: string): Promise<StatementAnalysis> {
    return this.#readers.use((connection) => analyzeStatement(connection, sql));
  }

  describe(sql: string): Promise<readonly ResultColumn[]> {
    return this.#readers.use(async (connection) => {
      try {
        const statement = await connection.prepare(sql);
        const columns = resultColumns(statement);
        statement.destroySync();
        return columns;
      } catch (error) {
        throw fromEngineError(error);
      }
    });
  }

  tables(): Promise<readonly StoredTable[]> {
    return this.#readers.use((connection) => catalogueEntries(connection));
  }

  table(domain: string, name: string): Promise<StoredTable | undefined> {
    return this.#readers.use((connection) => catalogueEntry(connection, domain, name));
  }

  maintain(options: WriteOptions = {}): Promise<void> {
    return this.#lanes.alone(() =>
      this.#writers.use(async (connection) => {
        this.#refuseWhenPoisoned();
        failpoint("warehouse.checkpoint");
        try {
          await execute(connection, "CHECKPOINT", [], options);
        } catch (error) {
          throw this.#poisonedBy(fromEngineError(error));
        }
      }),
    );
  }

  /** All writers wait while the file is copied; readers go on. */
  backup(folder: string): Promise<void> {
    return this.#lanes.alone(() =>
      this.#writers.use(async (connection) => {
        await execute(connection, "CHECKPOINT");
        await mkdir(folder, { recursive: true });
        const target = join(folder, "warehouse.duckdb");
        await copyFile(this.#parts.file, target);
        const file = await open(target, "r+");
        await file.sync();
        await file.close();
      }),
    );
  }

  async status(): Promise<WarehouseStatus> {
    const version = await this.query("SELECT version()");
    const bytes = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;
    return {
      engine: "duckdb",
      engineVersion: asText(version.rows[0]?.[0]),
      bytes: await bytes(this.#parts.file),
      walBytes: await bytes(`${this.#parts.file}.wal`),
      memoryLimitBytes: this.#parts.memoryLimitBytes,
    };
  }

  /** Waits for running writers, writes the log into the file, lets the file go. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#lanes.alone(async () => {
      this.#closed = true;
      if (this.#poison === undefined)
        await this.#writers.use((connection) => execute(connection, "CHECKPOINT")).catch(() => undefined);
    });
    this.#readers.close();
    this.#writers.close();
    this.#stagers.close();
    this.#parts.instance.closeSync();
    this.#parts.onClose();
  }
}

/** Beside the database file: inside the folder that the engine may write to. */
function temporaryFolder(file: string): string {
  return join(dirname(file), "tmp");
}
