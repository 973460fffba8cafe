// The writer's view of one transaction: statements, batches, tables. Lives on one connection; the warehouse begins and ends it.
import type { DuckDBConnection } from "@duckdb/node-api";
import type {
  LoadRequest,
  LoadResult,
  QueryResult,
  SqlValue,
  StoredTable,
  TableSpec,
  WriteTransaction,
} from "@millrace/core";
import type { ConnectionPool } from "./engine/connection-pool.ts";
import { execute, select, type Bounds } from "./engine/statement-runner.ts";
import { loadBatch, type DirectLoads } from "./load/load-batch.ts";
import { ensureTable } from "./tables/ensure-table.ts";
import { dropStoredTable, putModelView, replaceModelKeys, replaceModelTable } from "./tables/model-tables.ts";

type ModelSpec = Pick<TableSpec, "domain" | "name" | "key">;

export class DuckDbTransaction implements WriteTransaction {
  readonly #connection: DuckDBConnection;
  readonly #stagers: ConnectionPool;
  readonly #bounds: Bounds;
  readonly direct: DirectLoads;

  /** @param stagers connections of their own for staging: a record that cannot be parsed must not abort the transaction */
  constructor(connection: DuckDBConnection, stagers: ConnectionPool, bounds: Bounds, allowDirect: boolean) {
    this.#connection = connection;
    this.#stagers = stagers;
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
}
