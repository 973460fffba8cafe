// A bounded set of connections; callers wait their turn in order.
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { PreparedStatements } from "./prepared-statements.ts";

export class ConnectionPool {
  readonly #instance: DuckDBInstance;
  readonly #connectionsMax: number;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  readonly #prepared = new Map<DuckDBConnection, PreparedStatements>();
  #open = 0;

  constructor(instance: DuckDBInstance, connectionsMax: number) {
    this.#instance = instance;
    this.#connectionsMax = connectionsMax;
  }

  /** Runs `work` with a connection of its own. */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await work(connection);
    } finally {
      this.#give(connection);
    }
  }

  /** Runs `work` with a connection and the statements that it keeps prepared. */
  usePrepared<T>(work: (connection: DuckDBConnection, statements: PreparedStatements) => Promise<T>): Promise<T> {
    return this.use((connection) => {
      const known = this.#prepared.get(connection) ?? new PreparedStatements(connection);
      this.#prepared.set(connection, known);
      return work(connection, known);
    });
  }

  close(): void {
    for (const statements of this.#prepared.values()) statements.close();
    this.#prepared.clear();
    for (const connection of this.#idle.splice(0)) connection.closeSync();
  }

  async #take(): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#open >= this.#connectionsMax) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#open += 1;
    try {
      return await this.#instance.connect();
    } catch (error) {
      this.#open -= 1;
      throw error;
    }
  }

  #give(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }
}
