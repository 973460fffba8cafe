// Fields of the data that no column of the contract takes: whether a batch has any (asked of the engine before the scan, so that batches without them
// are read as fast as ever), and for each row `_unknown`, a JSON object of those that have a value, else NULL. JSON null is no value.
import type { DuckDBConnection } from "@duckdb/node-api";
import { knownFields, originColumn, type LoadRequest } from "@millrace/core";
import { fromEngineError } from "../engine/engine-errors.ts";
import { ident, literal } from "../engine/identifiers.ts";
import { select, type Bounds } from "../engine/statement-runner.ts";
import type { SourceColumn } from "./source-reader.ts";
import { storedTypes } from "./stored-types.ts";

/** The fields that are known; all others are not. */
export interface UnknownFields {
  readonly known: readonly string[];
  /** Engine types of the source's own fields, where it has any. */
  readonly stored?: ReadonlyMap<string, string>;
}

/**
 * What to look for in a batch whose contract does not leave unknown fields out; undefined when there are none.
 *
 * @param recordBytesMax the longest record that the engine reads at once
 */
export async function findUnknownFields(
  connection: DuckDBConnection,
  request: LoadRequest,
  bounds: Bounds,
  recordBytesMax: number,
): Promise<UnknownFields | undefined> {
  const { contract, source } = request;
  const known = [...knownFields(contract), originColumn];
  if (source.kind === "quarantine") return { known };
  const { format, objects } = source;
  if (format.kind === "csv") return format.columns.every((name) => known.includes(name)) ? undefined : { known };
  try {
    const stored = await storedTypes(connection, format, objects);
    if (stored !== undefined)
      return [...stored.keys()].every((name) => known.includes(name)) ? undefined : { known, stored };
    const other = `NOT list_contains(${texts(known)}, name)`;
    const names = `SELECT unnest(json_keys(record)) AS name FROM (${recordsOf(source, recordBytesMax)})`;
    const found = await select(connection, `SELECT 1 FROM (${names}) WHERE ${other} LIMIT 1`, [], bounds);
    return found.rows.length === 0 ? undefined : { known };
  } catch (error) {
    if (fromEngineError(error).code !== "query-failed") throw error;
    // What cannot be read at once is looked at record by record.
    return { known };
  }
}

/** The records of JSON objects as JSON; lines that cannot be parsed are left to the scan. */
function recordsOf({ format, objects }: Extract<LoadRequest["source"], { kind: "objects" }>, bytesMax: number): string {
  const paths = `[${objects.map((object) => literal(object.local.path)).join(", ")}]`;
  if (format.kind !== "json")
    return `SELECT json AS record FROM read_ndjson_objects(${paths}, ignore_errors = true, maximum_object_size = ${bytesMax})`;
  const documentMax = Math.max(16_777_216, ...objects.map((object) => object.ref.bytes + 1));
  const pointer = literal(["$", ...format.path.map((name) => `.${JSON.stringify(name)}`)].join(""));
  return `SELECT unnest(CASE WHEN json_type(found) = 'ARRAY' THEN json_extract(found, '$[*]') ELSE [found] END) AS record
    FROM (SELECT json_extract(json, ${pointer}) AS found FROM read_json_objects(${paths}, format = 'unstructured', maximum_object_size = ${documentMax}))`;
}

function texts(values: readonly string[]): string {
  return `[${values.map(literal).join(", ")}]::VARCHAR[]`;
}

/** SQL of a JSON pointer to a member whose name is an expression. */
export function memberPointer(name: string): string {
  return `'/' || replace(replace(${name}, '~', '~0'), '/', '~1')`;
}

/** `_unknown` of a record that is JSON. */
export function unknownOf({ known }: UnknownFields, record: string): string {
  const names = `list_sort(list_filter(list_distinct(json_keys(${record})), lambda _name: NOT list_contains(${texts(known)}, _name)
    AND json_type(${record}, ${memberPointer("_name")}) <> 'NULL'))`;
  return `${objectOf(`list_transform(${names}, lambda _name: {'k': _name, 'v': json_extract(${record}, ${memberPointer("_name")})})`)} AS _unknown`;
}

/** `_unknown` of a row of CSV, whose cells are `c0`, `c1`, ... */
export function unknownCells({ known }: UnknownFields, columns: readonly string[]): string {
  const cells = columns.flatMap((name, at) =>
    known.includes(name) || columns.indexOf(name) < at ? [] : [{ name, value: `c${at}` }],
  );
  return fieldsObject(
    cells.map(({ name, value }) => ({ name, value: `to_json(${value})`, missing: `${value} IS NULL` })),
  );
}

/** `_unknown` of a row of Parquet. What JSON could not hold exactly goes as text. */
export function unknownStored({ known, stored = new Map() }: UnknownFields): string {
  const others = [...stored].filter(([name]) => !known.includes(name));
  return fieldsObject(
    others.map(([name, type]) => ({
      name,
      value: `to_json(${exactJson(ident(name), type)})`,
      missing: `${ident(name)} IS NULL`,
    })),
  );
}

function exactJson(value: string, type: string): string {
  if (type === "BLOB") return `to_base64(${value})`;
  return /^(?:DECIMAL|HUGEINT|UHUGEINT)/.test(type) ? `CAST(${value} AS VARCHAR)` : value;
}

function fieldsObject(
  fields: readonly { readonly name: string; readonly value: string; readonly missing: string }[],
): string {
  const entries = fields.map(
    ({ name, value, missing }) => `CASE WHEN ${missing} THEN NULL ELSE {'k': ${literal(name)}, 'v': ${value}} END`,
  );
  return `${objectOf(`list_filter([${entries.join(", ")}], lambda _field: _field IS NOT NULL)`)} AS _unknown`;
}

/** SQL of a JSON object made of a list of {k, v}; NULL for an empty one. */
function objectOf(entries: string): string {
  return `list_transform([${entries}], lambda _list: CASE WHEN len(_list) > 0 THEN to_json(map_from_entries(_list)) END)[1]`;
}

/** The relation with the value of the side column, where the contract has one. */
export function withRest(columns: readonly SourceColumn[], relation: string, looked: boolean): string {
  const rest = columns.find((column) => column.rest);
  return rest === undefined
    ? relation
    : `SELECT *, ${looked ? "_unknown" : "NULL::JSON"} AS _s${rest.at} FROM (${relation})`;
}

/** SQL of a record (JSON text of an object with at least one member) with the members of another one that may be NULL. */
export function withUnknown(record: string, unknown = "_unknown"): string {
  return `CASE WHEN ${unknown} IS NULL THEN ${record} ELSE left(${record}, length(${record}) - 1) || ',' || substring(CAST(${unknown} AS VARCHAR), 2) END`;
}
