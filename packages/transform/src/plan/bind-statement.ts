// Binds a statement to empty stand-ins of its inputs, so that models are checked before the tables and models that they read exist.
import { isMillraceError, type ModelSource, type ResultColumn } from "@millrace/core";
import { modelError } from "../model/parse-model.ts";
import { quoteName, type SqlDialect } from "../sql/dialect.ts";
import { standInName, type DraftStatement } from "./draft-models.ts";
import { lineOf } from "./resolve-tables.ts";

/** Columns of tables and models by full name. */
export type Shapes = ReadonlyMap<string, readonly ResultColumn[]>;

/** `name AS (SELECT ...)` for each input of a statement. */
export function stubsOf(statement: Pick<DraftStatement, "inputs">, shapes: Shapes): readonly string[] {
  return statement.inputs.map((input, at) => {
    const columns = (shapes.get(input) ?? []).map(
      (column) => `CAST(NULL AS ${column.engineType}) AS ${quoteName(column.name)}`,
    );
    return `${standInName(at)} AS (SELECT ${columns.join(", ")})`;
  });
}

/** The result columns. @throws MillraceError model-invalid with file and line */
export async function bind(
  dialect: SqlDialect,
  source: ModelSource,
  statement: DraftStatement,
  shapes: Shapes,
): Promise<readonly ResultColumn[]> {
  const stubs = stubsOf(statement, shapes);
  const text = `SELECT * FROM (${statement.bound})`;
  try {
    return await dialect.describe(stubs.length === 0 ? text : `WITH ${stubs.join(", ")} ${text}`);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    if (error.kind !== "user") throw error;
    const message = error.message.split("\nLINE ")[0] ?? error.message;
    throw modelError(source, lineOf(statement, placeOf(message, statement.sql)), message);
  }
}

/** Where the name that the engine's message quotes stands in the author's text; the engine's own position is of the printed statement. */
function placeOf(message: string, sql: string): number | undefined {
  const name = /"([^"]+)"/.exec(message)?.[1];
  if (name === undefined) return undefined;
  const whole = new RegExp(`(?<![a-z0-9_])${name.replaceAll(/[^a-z0-9_]/gi, "\\$&")}(?![a-z0-9_])`, "i");
  const at = whole.exec(sql)?.index;
  return at === undefined ? undefined : Buffer.byteLength(sql.slice(0, at));
}
