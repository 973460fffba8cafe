// Raw objects as a relation of source columns: `_s0`, `_s1`, ... in contract order (text, or JSON for nested types), `_file` when there are several
// objects, and `_malformed` (the raw text of a record that cannot be parsed, else NULL); where unknown fields are looked for, `_unknown` (see
// unknown-fields.ts); Parquet gives `_place` too, the row's number in its file, from 0, and converted files `_origin`, where the record stands in the
// original. Bytes go to the engine's own readers.
import type { ContractDefinition, EngineFormat, RawObject } from "@millrace/core";
import { MillraceError, originColumn } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { engineType } from "../engine/engine-types.ts";
import { readsAsJson } from "./conversions.ts";
import { unknownCells, unknownOf, unknownStored, withRest, type UnknownFields } from "./unknown-fields.ts";

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
  /** Place among the contract's columns: the number of `_s`. */
  readonly at: number;
  /** No field of its own: takes those that no other column takes. */
  readonly rest: boolean;
}

/** @param stored engine types of the source's own fields, where it has any (Parquet) @throws MillraceError file-columns */
export function sourceColumns(
  contract: ContractDefinition,
  stored?: ReadonlyMap<string, string>,
): readonly SourceColumn[] {
  return contract.columns.map((column, at) => {
    const rest = column.rest === true;
    const field = column.source ?? column.name;
    const absent = stored !== undefined && !stored.has(field);
    if (absent && column.required)
      throw new MillraceError(
        "file-columns",
        `The file has no column "${field}", which is required; it has ${[...stored.keys()].join(", ")}.`,
      );
    const asStored = column.type.kind !== "enum" && column.cleansing === undefined;
    const typed = asStored && stored?.get(field) === engineType(column.type);
    return {
      name: column.name,
      field,
      type: readsAsJson(column.type) ? "JSON" : "VARCHAR",
      typed: typed && !rest,
      absent,
      at,
      rest,
    };
  });
}

/** Longest record. The engine reads in blocks made for it, several per thread: this bounds memory. Longer ones of NDJSON are left to the tolerant way. */
export const recordBytesMax = 4_194_304;
const tolerantRecordBytesMax = 67_108_864;

/** The engine's column of the file that a row comes from, under a name that no author's column can have. */
const fileColumn = "_millrace_file";

/** Temporary tables of the connection, where a tolerant read of CSV leaves what it passed by. */
export const rejectedLines = "millrace_rejected_lines";
export const rejectedScans = "millrace_rejected_scans";

/** `fast` fails on a record that cannot be parsed; `tolerant` marks it, or leaves it in `rejectedLines` (CSV). */
export type ReadManner = "fast" | "tolerant";

export interface RecordSource {
  readonly objects: readonly RawObject[];
  readonly format: EngineFormat;
  /** There are fields that the contract does not know, and they are wanted. */
  readonly unknown?: UnknownFields;
}

/** @throws MillraceError file-columns */
export function sourceRelation(columns: readonly SourceColumn[], source: RecordSource, manner: ReadManner): string {
  const own = columns.filter((column) => !column.rest);
  const { format, unknown } = source;
  // JSON whose unknown fields are wanted is read as whole records.
  const whole = unknown !== undefined && (format.kind === "json" || format.kind === "ndjson");
  return withRest(columns, formatRelation(own, source, whole ? "tolerant" : manner), unknown !== undefined);
}

function formatRelation(columns: readonly SourceColumn[], source: RecordSource, manner: ReadManner): string {
  const { format, unknown } = source;
  const paths = `[${source.objects.map((object) => literal(object.local.path)).join(", ")}]`;
  const bytesMax = Math.max(16_777_216, ...source.objects.map((object) => object.ref.bytes + 1));
  switch (format.kind) {
    case "csv":
      return csvRelation(columns, format, { paths, manner, unknown });
    case "parquet":
      return `SELECT ${storedFields(columns)}${unknown === undefined ? "" : `, ${unknownStored(unknown)}`}, ${fileColumn} AS _file, NULL::VARCHAR AS _malformed, file_row_number AS _place
        FROM read_parquet(${paths}, filename = '${fileColumn}')`;
    case "ndjson":
      return manner === "fast"
        ? ndjsonRelation(columns, paths)
        : tolerantLines(columns, { paths, bytesMax: Math.min(bytesMax, tolerantRecordBytesMax), unknown });
    case "json":
      return manner === "fast"
        ? documentRelation(columns, format.path, paths, bytesMax)
        : tolerantDocuments(columns, format.path, { paths, bytesMax, unknown });
  }
}

function csvRelation(
  columns: readonly SourceColumn[],
  format: Extract<EngineFormat, { kind: "csv" }>,
  {
    paths,
    manner,
    unknown,
  }: { readonly paths: string; readonly manner: ReadManner; readonly unknown: UnknownFields | undefined },
): string {
  const missing = columns.filter((column) => !format.columns.includes(column.field));
  const fields = format.columns.map((_, at) => `'c${at}': 'VARCHAR'`).join(", ");
  const nulls = ["", ...format.nullTokens].map(literal).join(", ");
  const list = columns.map((column) => {
    const found = format.columns.indexOf(column.field);
    return `${found < 0 ? "NULL::VARCHAR" : `c${found}`} AS _s${column.at}`;
  });
  if (unknown !== undefined) list.push(unknownCells(unknown, format.columns));
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
    .map((column) => {
      if (column.absent) return `NULL::${column.type} AS _s${column.at}`;
      return `${column.typed ? ident(column.field) : `CAST(${ident(column.field)} AS ${column.type})`} AS _s${column.at}`;
    })
    .join(", ");
}

function jsonColumns(columns: readonly SourceColumn[]): string {
  return columns.map((column) => `${literal(column.field)}: '${column.type}'`).join(", ");
}

function picked(columns: readonly SourceColumn[], from: string): string {
  return columns.map((column) => `${nonNull(column, `${from}${ident(column.field)}`)} AS _s${column.at}`).join(", ");
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

interface TolerantSource {
  readonly paths: string;
  readonly bytesMax: number;
  readonly unknown: UnknownFields | undefined;
}

/**
 * Each line as text; those that are no JSON object are malformed. Slower: used only when the fast way failed. Not strict, because lines of one file may
 * end in different ways.
 */
function tolerantLines(columns: readonly SourceColumn[], { paths, bytesMax, unknown }: TolerantSource): string {
  const lines = `SELECT line, ${fileColumn} AS _file FROM read_csv(${paths}, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = E'\\x02', quote = '', escape = '', strict_mode = false, filename = '${fileColumn}', max_line_size = ${bytesMax}, buffer_size = ${bytesMax}) WHERE trim(line) <> ''`;
  return tolerantRecords(columns, lines, unknown);
}

/** Each element of the array as text. A document whose records are missing has none; one that has something else in their place cannot be read. */
function tolerantDocuments(
  columns: readonly SourceColumn[],
  path: readonly string[],
  { paths, bytesMax, unknown }: TolerantSource,
): string {
  const pointer = literal(["$", ...path.map((name) => `.${JSON.stringify(name)}`)].join(""));
  const documents = `SELECT json_extract(json, ${pointer}) AS records, ${fileColumn} AS _file
    FROM read_json_objects(${paths}, format = 'unstructured', filename = '${fileColumn}', maximum_object_size = ${bytesMax})`;
  const alone = path.length === 0 ? "WHEN json_type(records) = 'OBJECT' THEN [records]" : "";
  const lines = `SELECT unnest(CASE WHEN json_type(records) = 'ARRAY' THEN json_extract(records, '$[*]') ${alone}
      WHEN records IS NULL OR json_type(records) = 'NULL' THEN [] ELSE error('The records are no array.') END)::VARCHAR AS line, _file FROM (${documents})`;
  return tolerantRecords(columns, lines, unknown);
}

function tolerantRecords(columns: readonly SourceColumn[], lines: string, unknown: UnknownFields | undefined): string {
  const fields = columns.map((column) => {
    const pointer = literal(`$.${JSON.stringify(column.field)}`);
    const value = column.type === "JSON" ? `json_extract(j, ${pointer})` : `json_extract_string(j, ${pointer})`;
    return `${nonNull(column, value)} AS _s${column.at}`;
  });
  if (unknown !== undefined) fields.push(unknownOf(unknown, "j"));
  return `SELECT ${fields.join(", ")}, _file, CASE WHEN j IS NULL THEN line END AS _malformed FROM (
    SELECT line, _file, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN line::JSON END AS j FROM (${lines}))`;
}
