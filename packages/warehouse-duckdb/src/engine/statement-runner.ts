// Runs statements on one connection: binds, converts, maps errors, and stops at the deadline or the caller's signal.
import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { MillraceError, systemClock, type QueryResult, type ResultColumn, type SqlValue } from "@millrace/core";
import { materializedRows } from "./chunk-rows.ts";
import { fromEngineError } from "./engine-errors.ts";
import { logicalType } from "./engine-types.ts";
import type { PreparedStatements } from "./prepared-statements.ts";
import { toEngine } from "./values.ts";

export interface Bounds {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function resultColumns(result: {
  columnCount: number;
  columnName(at: number): string;
  columnType(at: number): DuckDBType;
}): ResultColumn[] {
  return Array.from({ length: result.columnCount }, (_, at) => {
    const type = result.columnType(at);
    const printed = type.alias ?? String(type);
    return { name: result.columnName(at), type: logicalType(printed), engineType: printed };
  });
}

export function bindings(params: readonly SqlValue[]): { values: DuckDBValue[]; types: DuckDBType[] } {
  const bound = params.map(toEngine);
  // The binding infers a missing type from the value, which is what an absent array element asks for.
  return { values: bound.map((one) => one.value), types: bound.map((one) => one.type) as DuckDBType[] };
}

/** Interrupts the connection when the deadline passes or the signal fires; the statement then rejects. */
export async function within<T>(connection: DuckDBConnection, bounds: Bounds, work: () => Promise<T>): Promise<T> {
  if (bounds.signal?.aborted === true)
    throw new MillraceError("cancelled", "The statement was cancelled before it began.");
  let reason: MillraceError | undefined;
  const stop = (why: MillraceError): void => {
    reason = why;
    connection.interrupt();
  };
  const onAbort = (): void => stop(new MillraceError("cancelled", "The statement was cancelled."));
  bounds.signal?.addEventListener("abort", onAbort, { once: true });
  const { timeoutMs } = bounds;
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : systemClock.after(timeoutMs, () =>
          stop(new MillraceError("deadline-exceeded", `The statement did not finish within ${timeoutMs} ms.`)),
        );
  try {
    return await work();
  } catch (error) {
    throw reason ?? fromEngineError(error);
  } finally {
    cancelTimer?.();
    bounds.signal?.removeEventListener("abort", onAbort);
  }
}

export function execute(
  connection: DuckDBConnection,
  sql: string,
  params: readonly SqlValue[] = [],
  bounds: Bounds = {},
): Promise<DuckDBMaterializedResult> {
  return within(connection, bounds, () => {
    if (params.length === 0) return connection.run(sql);
    const { values, types } = bindings(params);
    return connection.run(sql, values, types);
  });
}

/** Like `execute`, with a statement that the connection keeps. */
function executeKept(
  connection: DuckDBConnection,
  statements: PreparedStatements,
  statement: { readonly sql: string; readonly params: readonly SqlValue[] },
  bounds: Bounds,
): Promise<DuckDBMaterializedResult> {
  return within(connection, bounds, () =>
    statements.use(statement.sql, (prepared) => {
      const { values, types } = bindings(statement.params);
      prepared.bind(values, types);
      return prepared.run();
    }),
  );
}

export interface SelectOptions extends Bounds {
  readonly rowsMax?: number | undefined;
  /** Where the connection keeps its statements; without it, or without parameters, nothing is kept. */
  readonly statements?: PreparedStatements;
}

/** @throws MillraceError query-failed when the result has more than `rowsMax` rows */
export async function select(
  connection: DuckDBConnection,
  sql: string,
  params: readonly SqlValue[] = [],
  options: SelectOptions = {},
): Promise<QueryResult> {
  const { statements } = options;
  const result =
    statements === undefined || params.length === 0
      ? await execute(connection, sql, params, options)
      : await executeKept(connection, statements, { sql, params }, options);
  const rowsMax = options.rowsMax ?? 100_000;
  if (result.rowCount > rowsMax)
    throw new MillraceError(
      "query-failed",
      `The result has ${result.rowCount} rows; at most ${rowsMax} are returned here.`,
      {
        hint: "Add a LIMIT, or use an interface that streams.",
      },
    );
  return { columns: resultColumns(result), rows: materializedRows(result) };
}
