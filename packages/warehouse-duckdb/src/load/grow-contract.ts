// What the data of a batch adds to a contract that evolves: a column for each unknown field, and a wider type for a column found earlier. Only rows that
// pass otherwise bring columns. Found columns are optional, and personal data until their author declares them.
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  columnCode,
  knownFields,
  type ColumnDefinition,
  type ContractDefinition,
  type LoadRequest,
  type LogicalType,
} from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asText } from "../engine/values.ts";
import { memberPointer } from "./unknown-fields.ts";

/** Found columns of one table; fields beyond go with their rows to quarantine. */
const foundColumnsMax = 200;
const exactInteger = 9_007_199_254_740_992n;

export interface Growth {
  readonly contract: ContractDefinition;
  /** Fields that have a place now. */
  readonly known: readonly string[];
}

interface Staged {
  readonly stage: string;
  /** The stage has `_unknown`. */
  readonly unknownKept: boolean;
  /** Names of the columns in storage, hidden ones too. */
  readonly taken: readonly string[];
}

/** True where a found column may meet a value that it has no place for. */
export function mayWiden({ columns }: ContractDefinition): boolean {
  return columns.some(widenable);
}

function widenable({ discovered, type }: ColumnDefinition): boolean {
  return discovered === true && type.kind !== "string" && type.kind !== "json";
}

/** What the stage asks for; undefined when every row has its place. */
export async function growContract(
  stager: DuckDBConnection,
  request: LoadRequest,
  staged: Staged,
): Promise<Growth | undefined> {
  const widened = await widerColumns(stager, request.contract, staged.stage);
  const fields = staged.unknownKept ? await newFields(stager, request, staged.stage) : [];
  if (widened.size === 0 && fields.length === 0) return undefined;
  const { contract } = request;
  const columns = contract.columns.map((column) => widened.get(column.name) ?? column);
  const room = Math.max(0, foundColumnsMax - columns.filter((column) => column.discovered === true).length);
  const taken = [
    ...staged.taken,
    ...columns.map(({ name }) => name),
    ...(contract.retired ?? []),
    ...(contract.dropped ?? []),
  ];
  const names = new Set(taken.map((name) => name.toLowerCase()));
  const found = readable(fields, knownFields(contract))
    .slice(0, room)
    .map(({ field, type }) => foundColumn(field, type, names));
  const grown = found.length === 0 && widened.size === 0 ? contract : { ...contract, columns: [...columns, ...found] };
  return { contract: grown, known: knownFields(grown) };
}

/** The engine tells fields of one record apart without regard to case: one that another differs from by case alone has no place. */
function readable(fields: readonly NewField[], known: readonly string[]): readonly NewField[] {
  const taken = new Set(known.map((name) => name.toLowerCase()));
  return fields.filter(({ field }) => !taken.has(field.toLowerCase()) && taken.add(field.toLowerCase()) !== undefined);
}

function foundColumn(field: string, type: LogicalType, taken: Set<string>): ColumnDefinition {
  const name = columnName(field, taken);
  taken.add(name.toLowerCase());
  const source = name === field ? {} : { source: field };
  return {
    name,
    type,
    required: false,
    key: false,
    pii: true,
    version: false,
    checks: [],
    discovered: true,
    ...source,
  };
}

/** A valid name that no other column has. */
function columnName(field: string, taken: ReadonlySet<string>): string {
  const plain = field
    .replaceAll(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+/, "")
    .slice(0, 50);
  const base = /^[A-Za-z]/.test(plain) && plain.toLowerCase() !== "rowid" ? plain : `field_${plain}`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${number}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

interface NewField {
  readonly field: string;
  readonly type: LogicalType;
}

/** The unknown fields of rows that pass, by name, each with the narrowest type that keeps all its values exactly. */
async function newFields(
  stager: DuckDBConnection,
  { source }: LoadRequest,
  stage: string,
): Promise<readonly NewField[]> {
  // Cells of CSV are text, whatever they say; other sources tell numbers from text.
  const textual = source.kind === "objects" && source.format.kind === "csv";
  const fits = textual ? textFits("text") : jsonFits;
  const values = `SELECT name, json_type(value) AS kind, json_extract_string(value, '$') AS text FROM (
    SELECT name, json_extract(_unknown, ${memberPointer("name")}) AS value FROM (
      SELECT _unknown, unnest(json_keys(_unknown)) AS name FROM ${stage} WHERE _unknown IS NOT NULL AND _codes IS NULL))`;
  const found = await select(
    stager,
    `SELECT name, CASE WHEN bool_or(kind IN ('OBJECT', 'ARRAY')) THEN 'json' WHEN bool_and(${fits.bool}) THEN 'bool'
      WHEN bool_and(${fits.int64}) THEN 'int64' WHEN bool_and(${fits.float}) THEN 'float' ELSE 'string' END
      FROM (${values}) GROUP BY name ORDER BY name LIMIT ${foundColumnsMax + 1}`,
  );
  return found.rows.map(([field, kind]) => ({ field: asText(field), type: { kind: asText(kind) as "json" } }));
}

/** Conditions over `kind` and `text` of a JSON value; none of them is NULL. */
const jsonFits = {
  bool: "kind = 'BOOLEAN'",
  int64: "(kind IN ('BIGINT', 'UBIGINT') AND TRY_CAST(text AS BIGINT) IS NOT NULL)",
  float: `(kind = 'DOUBLE' OR (kind IN ('BIGINT', 'UBIGINT') AND coalesce(abs(TRY_CAST(text AS HUGEINT)) <= ${exactInteger}, false)))`,
};

/** The same for text: it must be what the value itself would be spelled as, so that nothing is lost. */
function textFits(text: string): typeof jsonFits {
  const canonical = (type: string): string =>
    `coalesce(CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) = ${text}, false)`;
  const exact = `coalesce(abs(TRY_CAST(${text} AS BIGINT)) <= ${exactInteger}, false)`;
  return {
    bool: `${text} IN ('true', 'false')`,
    int64: canonical("BIGINT"),
    float: `((${canonical("DOUBLE")} AND isfinite(TRY_CAST(${text} AS DOUBLE))) OR (${canonical("BIGINT")} AND ${exact}))`,
  };
}

/** Found columns with values that are none of their type, in rows that would pass otherwise. */
async function widerColumns(
  stager: DuckDBConnection,
  contract: ContractDefinition,
  stage: string,
): Promise<ReadonlyMap<string, ColumnDefinition>> {
  const found = contract.columns.filter(widenable);
  const wider = new Map<string, ColumnDefinition>();
  if (found.length === 0) return wider;
  const codes = found.map((column) => literal(columnCode(contract, column.name, "type")));
  const failing = `SELECT _codes, _original FROM ${stage} WHERE _codes IS NOT NULL AND len(list_filter(_codes, lambda _code: NOT list_contains([${codes.join(", ")}], _code))) = 0`;
  for (const [at, column] of found.entries()) {
    const text = `json_extract_string(_original, ${literal(`$.${JSON.stringify(column.source ?? column.name)}`)})`;
    const values = `SELECT ${text} AS text FROM (${failing}) WHERE list_contains(_codes, ${codes[at] ?? ""})`;
    const { rows } = await select(
      stager,
      `SELECT count(*), coalesce(bool_and(${textFits("text").float}), false) FROM (${values})`,
    );
    if (rows[0]?.[0] === 0n) continue;
    const own = `SELECT coalesce(max(abs(CAST(${ident(column.name)} AS HUGEINT))), 0) <= ${exactInteger} FROM ${stage} WHERE _codes IS NULL`;
    const stays = column.type.kind === "int64" && (await select(stager, own)).rows[0]?.[0] === true;
    wider.set(column.name, { ...column, type: { kind: rows[0]?.[1] === true && stays ? "float" : "string" } });
  }
  return wider;
}

/** Whole numbers become fractions where each stored one stays exact; else the column becomes text. Other widening is left to the migration. */
export async function widenStored(
  connection: DuckDBConnection,
  contract: ContractDefinition,
  physical: string,
): Promise<ContractDefinition> {
  const types = new Map(
    (await select(connection, `SELECT column_name, column_type FROM (DESCRIBE ${physical})`)).rows.map(
      ([name, type]) => [asText(name), asText(type)],
    ),
  );
  const columns: ColumnDefinition[] = [];
  for (const column of contract.columns) {
    const name = ident(column.name);
    const changes = column.discovered === true && column.type.kind === "float" && types.get(column.name) === "BIGINT";
    const exact =
      changes &&
      (
        await select(
          connection,
          `SELECT coalesce(max(abs(CAST(${name} AS HUGEINT))), 0) <= ${exactInteger} FROM ${physical}`,
        )
      ).rows[0]?.[0];
    if (exact === true) await execute(connection, `ALTER TABLE ${physical} ALTER COLUMN ${name} TYPE DOUBLE`);
    columns.push(changes && exact !== true ? { ...column, type: { kind: "string" } } : column);
  }
  return columns.every((column, at) => column === contract.columns[at]) ? contract : { ...contract, columns };
}
