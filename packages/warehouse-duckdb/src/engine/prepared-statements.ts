// Statements that a connection keeps prepared: pages of one shape differ in their parameters alone, and parsing and planning cost more than reading them.
// The engine plans a kept statement anew when the tables or views that it names have changed.
import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";

/** Per connection; the one that was not used for longest goes. */
const keptMax = 32;
/** Longer texts are rarely asked for twice. */
const keptCharsMax = 8_192;

export class PreparedStatements {
  readonly #connection: DuckDBConnection;
  readonly #kept = new Map<string, DuckDBPreparedStatement>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Gives `work` the prepared statement. What fails is not kept. */
  async use<T>(sql: string, work: (statement: DuckDBPreparedStatement) => Promise<T>): Promise<T> {
    const statement = this.#kept.get(sql) ?? (await this.#connection.prepare(sql));
    this.#kept.delete(sql);
    try {
      const result = await work(statement);
      if (sql.length > keptCharsMax) statement.destroySync();
      else this.#keep(sql, statement);
      return result;
    } catch (error) {
      statement.destroySync();
      throw error;
    }
  }

  /** Frees what the engine holds for them. */
  close(): void {
    for (const statement of this.#kept.values()) statement.destroySync();
    this.#kept.clear();
  }

  #keep(sql: string, statement: DuckDBPreparedStatement): void {
    this.#kept.set(sql, statement);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size <= keptMax || oldest === undefined) return;
    this.#kept.get(oldest)?.destroySync();
    this.#kept.delete(oldest);
  }
}
