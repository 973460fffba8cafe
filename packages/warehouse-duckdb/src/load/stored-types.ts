// What self-describing files say of their own fields.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { EngineFormat, RawObject } from "@millrace/core";
import { literal } from "../engine/identifiers.ts";
import { select } from "../engine/statement-runner.ts";
import { asText } from "../engine/values.ts";

/** Engine types of the fields of Parquet files, else undefined; all files of one batch have the same. */
export async function storedTypes(
  connection: DuckDBConnection,
  format: EngineFormat,
  objects: readonly RawObject[],
): Promise<ReadonlyMap<string, string> | undefined> {
  if (format.kind !== "parquet") return undefined;
  const paths = objects.map((object) => literal(object.local.path)).join(", ");
  const found = await select(
    connection,
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet([${paths}]))`,
  );
  return new Map(found.rows.map(([name, type]) => [asText(name), asText(type)]));
}
