// Kysely on node:sqlite: SQLite's own dialect of Kysely with prepared statements kept, since Kysely prepares each query anew.
import type { DatabaseSync, StatementSync, SQLInputValue } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteStatement } from "kysely";

const statementsMax = 200;

/** The caller opens and closes `db`; transactions are the caller's as well. */
export function kyselyOn<Schema>(db: DatabaseSync): Kysely<Schema> {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= statementsMax) statements.clear();
    const statement = adapt(db.prepare(sql));
    statements.set(sql, statement);
    return statement;
  };
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: { prepare, close: () => undefined } }) });
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
