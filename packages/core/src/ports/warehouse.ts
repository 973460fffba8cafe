// The engine that holds trusted tables, quarantine and ledger. One process owns an embedded one; every reader and writer goes through this port.
import type { ColumnEvolution, EvolutionFacts } from "../contract/evolution.ts";
import type { LogicalType } from "../contract/logical-type.ts";
import type { LoadRequest, LoadResult } from "./warehouse-load.ts";

/** Values that cross the port. int64 is bigint, decimal and all times are text, JSON is text: nothing loses digits. */
export type SqlValue =
  null | boolean | number | bigint | string | Uint8Array | readonly SqlValue[] | { readonly [field: string]: SqlValue };

export interface ResultColumn {
  readonly name: string;
  readonly type: LogicalType;
  /** The engine's own name of the type. */
  readonly engineType: string;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** Rows as arrays in column order. */
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface QueryOptions {
  /** Refuses with query-failed when the result has more rows; default 100,000. */
  readonly rowsMax?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface StreamOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ResultStream extends AsyncIterable<readonly (readonly SqlValue[])[]> {
  readonly columns: readonly ResultColumn[];
}

export interface TableReference {
  /** As written; without a domain it belongs to the statement's own domain. */
  readonly domain?: string;
  readonly name: string;
}

export interface StatementAnalysis {
  readonly kind: "select" | "other";
  /** Base tables and views that the statement reads, without the names of its own CTEs. */
  readonly tables: readonly TableReference[];
  /** Functions that stand where a table could, lower case: they may read files or run text as SQL, so callers allow them by name. */
  readonly tableFunctions: readonly string[];
}

export interface TableSpec extends Omit<EvolutionFacts, "evolution"> {
  readonly domain: string;
  readonly name: string;
  readonly columns: readonly (ColumnEvolution & {
    readonly name: string;
    readonly type: LogicalType;
    readonly required: boolean;
  })[];
  readonly key: readonly string[];
}

export interface StoredTable {
  readonly domain: string;
  readonly name: string;
  /** `table`: written by channels; `model`: built by a model; `view`. */
  readonly kind: "table" | "model" | "view";
  readonly columns: readonly ResultColumn[];
  readonly key: readonly string[];
  /** Grows by one with each commit that changes the table. */
  readonly version: bigint;
  /** Grows when rows were changed other than by adding new ones or keeping those that left (replacedRowsKey); incremental readers start over. */
  readonly rewrites: bigint;
  /** Highest batch whose rows are in the table. */
  readonly batch: bigint;
}

export type ExportFormat = "csv" | "ndjson" | "parquet";

/** A file that the engine has written, in a place of its own. */
export interface ExportedFile extends AsyncDisposable {
  /** Valid until disposed. */
  readonly path: string;
  readonly rows: bigint;
}

/** Runs inside one transaction of the writer; all or nothing. */
export interface WriteTransaction {
  query(sql: string, params?: readonly SqlValue[]): Promise<QueryResult>;
  /** Returns the number of changed rows. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  /** Brings one batch in: decode, verdict, table, quarantine. Does not touch the ledger: the caller does, in this transaction. */
  load(request: LoadRequest): Promise<LoadResult>;
  /**
   * Creates the table or brings the stored one to this shape: columns come, types widen; what an author stated (renames, conversions, columns that are
   * dropped) is carried out. Values leave storage only where that was stated. @throws MillraceError contract-conflict; nothing was changed
   */
  ensureTable(spec: TableSpec): Promise<StoredTable>;
  /** Fills a new physical table from a SELECT and swaps the name over to it when the transaction commits. */
  replaceTable(spec: Pick<TableSpec, "domain" | "name" | "key">, select: string): Promise<{ readonly rows: bigint }>;
  /** Deletes the rows of an incremental model whose key is in `touched` (a SELECT of the key columns) and inserts the rows of `select`. */
  replaceKeys(
    spec: Pick<TableSpec, "domain" | "name" | "key">,
    touched: string,
    select: string,
  ): Promise<{ readonly deleted: bigint; readonly inserted: bigint }>;
  /** (Re)creates a plain view. */
  putView(domain: string, name: string, select: string): Promise<void>;
  dropTable(domain: string, name: string): Promise<void>;
  /** Writes the rows of a SELECT into a file: CSV with a header line (RFC 4180), NDJSON, or Parquet (zstd). The caller disposes it. */
  exportRows(select: string, format: ExportFormat): Promise<ExportedFile>;
}

export interface WriteOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface WarehouseStatus {
  readonly engine: string;
  readonly engineVersion: string;
  readonly bytes: number;
  readonly walBytes: number;
  readonly memoryLimitBytes: number;
}

/**
 * Guarantees: `write` takes the lanes of all named tables (`domain.table`, in order, so writers of one table take turns), runs `work` in one
 * transaction and commits after it resolves; when it rejects everything is rolled back. `work` may run a second time from its start, in a new
 * transaction: it keeps nothing outside of it. After a storage error every later write throws
 * storage-poisoned. Reads see committed versions only; they hold no snapshot open between calls.
 *
 * Errors: query-invalid, query-failed, query-refused, warehouse-conflict, warehouse-out-of-memory, storage-*, deadline-exceeded, cancelled, result-truncated.
 */
export interface Warehouse {
  /** Identity of this warehouse's history; part of every ETag. */
  readonly incarnation: string;
  write<T>(tables: readonly string[], work: (tx: WriteTransaction) => Promise<T>, options?: WriteOptions): Promise<T>;
  query(sql: string, params?: readonly SqlValue[], options?: QueryOptions): Promise<QueryResult>;
  /** For large results, in chunks. Ends only after the last row was seen; throws result-truncated otherwise. */
  stream(sql: string, params?: readonly SqlValue[], options?: StreamOptions): Promise<ResultStream>;
  /** Parses without running. @throws MillraceError query-invalid with the position */
  analyze(sql: string): Promise<StatementAnalysis>;
  /** Result columns of a SELECT, bound against the stored tables, without running it. */
  describe(sql: string): Promise<readonly ResultColumn[]>;
  tables(): Promise<readonly StoredTable[]>;
  table(domain: string, name: string): Promise<StoredTable | undefined>;
  /** Writes the log into the file. Safe at any time; called by housekeeping. */
  maintain(options?: WriteOptions): Promise<void>;
  /** One consistent copy of everything, into a new folder. */
  backup(folder: string): Promise<void>;
  status(): Promise<WarehouseStatus>;
  close(): Promise<void>;
}
