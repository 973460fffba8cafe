// Raw objects as a relation of source columns: `_s0`, `_s1`, ... in contract order (text, or JSON for nested types), `_file` when there are several
// objects, and `_malformed` (the raw text of a record that cannot be parsed, else NULL); Parquet gives `_place` too, the row's number in its file,
// from 0, and converted files `_origin`, where the record stands in the original. Bytes go to the engine's own readers.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContractDefinition, EngineFormat, RawObject } from "@millrace/core";
import { MillraceError, originColumn } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { engineType } from "../engine/engine-types.ts";
import { select } from "../engine/statement-runner.ts";
import { asText } from "../engine/values.ts";
import { readsAsJson } from "./conversions.ts";

export interface SourceColumn {
  readonly name: string;
  /** Field of the source. */
  readonly field: string;
  /** The engine type that the source is read as. */
  readonly type: "VARCHAR" | "JSON";
  /** The source holds the contract's own type already: nothing is converted. */
  readonly typed: boolean;
  /** The source has no such field. */
  readonly absent: boolean;
}

/** @param stored engine types of the source's own fields, where it has any (Parquet) @throws MillraceError file-columns */
export function sourceColumns(
  contract: ContractDefinition,
  stored?: ReadonlyMap<string, string>,
): readonly SourceColumn[] {
  return contract.columns.map((column) => {
    const field = column.source ?? column.name;
    const absent = stored !== undefined && !stored.has(field);
    if (absent && column.required)
      throw new MillraceError(
        "file-columns",
        `The file has no column "${field}", which is required; it has ${[...stored.keys()].join(", ")}.`,
      );
    const asStored = column.type.kind !== "enum" && column.cleansing === undefined;
    const typed = asStored && stored?.get(field) === engineType(column.type);
    return { name: column.name, field, type: readsAsJson(column.type) ? "JSON" : "VARCHAR", typed, absent };
  });
}

/** Types of the fields of self-describing files, else undefined; all files of one batch have the same. */
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

/** Longest record. The engine reads in blocks made for it, several per thread: this bounds memory. Longer ones of NDJSON are left to the tolerant way. */
const recordBytesMax = 4_194_304;
const tolerantRecordBytesMax = 67_108_864;

/** The engine's column of the file that a row comes from, under a name that no author's column can have. */
const fileColumn = "_millrace_file";

/** Temporary tables of the connection, where a tolerant read of CSV leaves what it passed by. */
export const rejectedLines = "millrace_rejected_lines";
export const rejectedScans = "millrace_rejected_scans";

/** `fast` fails on a record that cannot be parsed; `tolerant` marks it, or leaves it in `rejectedLines` (CSV). */
export type ReadManner = "fast" | "tolerant";

/** @throws MillraceError file-columns */
export function sourceRelation(
  columns: readonly SourceColumn[],
  source: { readonly objects: readonly RawObject[]; readonly format: EngineFormat },
  manner: ReadManner,
): string {
  const { format } = source;
  const paths = `[${source.objects.map((object) => literal(object.local.path)).join(", ")}]`;
  const bytesMax = Math.max(16_777_216, ...source.objects.map((object) => object.ref.bytes + 1));
  switch (format.kind) {
    case "csv":
      return csvRelation(columns, format, paths, manner);
    case "parquet":
      return `SELECT ${storedFields(columns)}, ${fileColumn} AS _file, NULL::VARCHAR AS _malformed, file_row_number AS _place
        FROM read_parquet(${paths}, filename = '${fileColumn}')`;
    case "ndjson":
      return manner === "fast"
        ? ndjsonRelation(columns, paths)
        : tolerantLines(columns, paths, Math.min(bytesMax, tolerantRecordBytesMax));
    case "json":
      return manner === "fast"
        ? documentRelation(columns, format.path, paths, bytesMax)
        : tolerantDocuments(columns, format.path, { paths, bytesMax });
  }
}

function csvRelation(
  columns: readonly SourceColumn[],
  format: Extract<EngineFormat, { kind: "csv" }>,
  paths: string,
  manner: ReadManner,
): string {
  const missing = columns.filter((column) => !format.columns.includes(column.field));
  const fields = format.columns.map((_, at) => `'c${at}': 'VARCHAR'`).join(", ");
  const nulls = ["", ...format.nullTokens].map(literal).join(", ");
  const list = columns.map((column, at) => {
    const found = format.columns.indexOf(column.field);
    return `${found < 0 ? "NULL::VARCHAR" : `c${found}`} AS _s${at}`;
  });
  if (missing.length === columns.length)
    throw new MillraceError(
      "file-columns",
      `The file has none of the contract's columns; it has ${format.columns.join(", ")}.`,
    );
  const origin = format.traced === undefined ? "" : `, c${format.columns.length - 1} AS ${originColumn}`;
  // A carriage return inside a cell would be taken for the file's line end.
  const lineEnd = format.traced === undefined ? "" : String.raw`, new_line = '\n'`;
  const rejects =
    manner === "fast"
      ? ""
      : `, store_rejects = true, rejects_table = '${rejectedLines}', rejects_scan = '${rejectedScans}'`;
  return `SELECT ${list.join(", ")}, ${fileColumn} AS _file, NULL::VARCHAR AS _malformed${origin} FROM read_csv(${paths}, columns = {${fields}}, header = ${format.header},
    auto_detect = false, delim = ${literal(format.delimiter)}, quote = ${literal(format.quote)}, escape = ${literal(format.quote)},
    nullstr = [${nulls}], filename = '${fileColumn}', max_line_size = ${recordBytesMax}, buffer_size = ${recordBytesMax * 4}${lineEnd}${rejects})`;
}

function storedFields(columns: readonly SourceColumn[]): string {
  return columns
    .map((column, at) => {
      if (column.absent) return `NULL::${column.type} AS _s${at}`;
      return `${column.typed ? ident(column.field) : `CAST(${ident(column.field)} AS ${column.type})`} AS _s${at}`;
    })
    .join(", ");
}

function jsonColumns(columns: readonly SourceColumn[]): string {
  return columns.map((column) => `${literal(column.field)}: '${column.type}'`).join(", ");
}

function picked(columns: readonly SourceColumn[], from: string): string {
  return columns.map((column, at) => `${nonNull(column, `${from}${ident(column.field)}`)} AS _s${at}`).join(", ");
}

/** The JSON value null is a missing value. */
function nonNull(column: SourceColumn, value: string): string {
  return column.type === "JSON" ? `CASE WHEN ${value}::VARCHAR <> 'null' THEN ${value} END` : value;
}

function ndjsonRelation(columns: readonly SourceColumn[], paths: string): string {
  return `SELECT ${picked(columns, "")}, ${fileColumn} AS _file, NULL::VARCHAR AS _malformed FROM read_json(${paths}, columns = {${jsonColumns(columns)}},
    format = 'newline_delimited', filename = '${fileColumn}', maximum_object_size = ${recordBytesMax})`;
}

function documentRelation(
  columns: readonly SourceColumn[],
  path: readonly string[],
  paths: string,
  bytesMax: number,
): string {
  const fields = columns.map((column) => `${ident(column.field)} ${column.type}`).join(", ");
  const options = `filename = '${fileColumn}', maximum_object_size = ${bytesMax}`;
  const [first, ...inner] = path;
  if (first === undefined)
    return `SELECT ${picked(columns, "")}, ${fileColumn} AS _file, NULL::VARCHAR AS _malformed FROM read_json(${paths}, columns = {${jsonColumns(columns)}},
      format = 'auto', ${options})`;
  const nested = inner.reduceRight((type, name) => `STRUCT(${ident(name)} ${type})`, `STRUCT(${fields})[]`);
  const place = [first, ...inner].map(ident).join(".");
  return `SELECT ${picked(columns, "r.")}, _file, NULL::VARCHAR AS _malformed FROM (SELECT unnest(${place}) AS r, ${fileColumn} AS _file
    FROM read_json(${paths}, columns = {${literal(first)}: ${literal(nested)}}, format = 'auto', ${options}))`;
}

/**
 * Each line as text; those that are no JSON object are malformed. Slower: used only when the fast way failed. Not strict, because lines of one file may
 * end in different ways.
 */
function tolerantLines(columns: readonly SourceColumn[], paths: string, bytesMax: number): string {
  const lines = `SELECT line, ${fileColumn} AS _file FROM read_csv(${paths}, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = E'\\x02', quote = '', escape = '', strict_mode = false, filename = '${fileColumn}', max_line_size = ${bytesMax}, buffer_size = ${bytesMax}) WHERE trim(line) <> ''`;
  return tolerantRecords(columns, lines);
}

/** Each element of the array as text. A document whose records are missing has none; one that has something else in their place cannot be read. */
function tolerantDocuments(
  columns: readonly SourceColumn[],
  path: readonly string[],
  { paths, bytesMax }: { readonly paths: string; readonly bytesMax: number },
): string {
  const pointer = literal(["$", ...path.map((name) => `.${JSON.stringify(name)}`)].join(""));
  const documents = `SELECT json_extract(json, ${pointer}) AS records, ${fileColumn} AS _file
    FROM read_json_objects(${paths}, format = 'unstructured', filename = '${fileColumn}', maximum_object_size = ${bytesMax})`;
  const alone = path.length === 0 ? "WHEN json_type(records) = 'OBJECT' THEN [records]" : "";
  const lines = `SELECT unnest(CASE WHEN json_type(records) = 'ARRAY' THEN json_extract(records, '$[*]') ${alone}
      WHEN records IS NULL OR json_type(records) = 'NULL' THEN [] ELSE error('The records are no array.') END)::VARCHAR AS line, _file FROM (${documents})`;
  return tolerantRecords(columns, lines);
}

function tolerantRecords(columns: readonly SourceColumn[], lines: string): string {
  const fields = columns.map((column, at) => {
    const pointer = literal(`$.${JSON.stringify(column.field)}`);
    const value = column.type === "JSON" ? `json_extract(j, ${pointer})` : `json_extract_string(j, ${pointer})`;
    return `${nonNull(column, value)} AS _s${at}`;
  });
  return `SELECT ${fields.join(", ")}, _file, CASE WHEN j IS NULL THEN line END AS _malformed FROM (
    SELECT line, _file, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN line::JSON END AS j FROM (${lines}))`;
}
