// The writer's view of one transaction: statements, batches, tables. Lives on one connection; the warehouse begins and ends it.
import type { DuckDBConnection } from "@duckdb/node-api";
import type {
  ExportedFile,
  ExportFormat,
  LoadRequest,
  LoadResult,
  QueryResult,
  SqlValue,
  StoredTable,
  TableSpec,
  WriteTransaction,
} from "@millrace/core";
import type { ConnectionPool } from "./engine/connection-pool.ts";
import { exportRows } from "./engine/export-rows.ts";
import { execute, select, type Bounds } from "./engine/statement-runner.ts";
import { loadBatch, type DirectLoads } from "./load/load-batch.ts";
import { ensureTable } from "./tables/ensure-table.ts";
import { dropStoredTable, putModelView, replaceModelKeys, replaceModelTable } from "./tables/model-tables.ts";

type ModelSpec = Pick<TableSpec, "domain" | "name" | "key">;

export interface TransactionParts {
  readonly stagers: ConnectionPool;
  /** Where exported files stand until they are handed on. */
  readonly temporaryFolder: string;
}

export class DuckDbTransaction implements WriteTransaction {
  readonly #connection: DuckDBConnection;
  readonly #stagers: ConnectionPool;
  readonly #bounds: Bounds;
  readonly direct: DirectLoads;

  readonly #temporaryFolder: string;

  /** `stagers`: connections of their own for staging, as a record that cannot be parsed must not abort the transaction. */
  constructor(connection: DuckDBConnection, parts: TransactionParts, bounds: Bounds, allowDirect: boolean) {
    this.#connection = connection;
    this.#stagers = parts.stagers;
    this.#temporaryFolder = parts.temporaryFolder;
    this.#bounds = bounds;
    this.direct = { allowed: allowDirect, failed: false, hidden: false, numbered: false };
  }

  query(sql: string, params: readonly SqlValue[] = []): Promise<QueryResult> {
    return select(this.#connection, sql, params, this.#bounds);
  }

  async run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return (await execute(this.#connection, sql, params, this.#bounds)).rowsChanged;
  }

  load(request: LoadRequest): Promise<LoadResult> {
    return loadBatch(
      { connection: this.#connection, stagers: this.#stagers, bounds: this.#bounds, direct: this.direct },
      request,
    );
  }

  ensureTable(spec: TableSpec): Promise<StoredTable> {
    return ensureTable(this.#connection, spec);
  }

  replaceTable(spec: ModelSpec, query: string): Promise<{ readonly rows: bigint }> {
    return replaceModelTable(this.#connection, spec, query);
  }

  replaceKeys(
    spec: ModelSpec,
    touched: string,
    query: string,
  ): Promise<{ readonly deleted: bigint; readonly inserted: bigint }> {
    return replaceModelKeys(this.#connection, spec, touched, query);
  }

  putView(domain: string, name: string, query: string): Promise<void> {
    return putModelView(this.#connection, domain, name, query);
  }

  dropTable(domain: string, name: string): Promise<void> {
    return dropStoredTable(this.#connection, domain, name);
  }

  exportRows(query: string, format: ExportFormat): Promise<ExportedFile> {
    const target = { folder: this.#temporaryFolder, select: query, format };
    return exportRows(this.#connection, target, this.#bounds);
  }
}
