// The rows of a delivery's source as SQL: key and payload as exact JSON text, and back from payloads to typed columns for files.
import {
  didYouMean,
  MillraceError,
  atLocation,
  deliveryName,
  type DeliveryDefinition,
  type ResultColumn,
  type StoredTable,
} from "@millrace/core";
import { quotedName, quotedText } from "../quarantine/record-sql.ts";

export interface SourceShape {
  readonly table: StoredTable;
  /** Columns that identify a row; those of receipt where the table only ever grows. */
  readonly key: readonly ResultColumn[];
  readonly columns: readonly ResultColumn[];
  /** True where nothing can bring two rows with one key; else a look proves it. */
  readonly isUnique: boolean;
}

const receipt = ["_batch", "_row"];

/**
 * Which columns identify and make up what is sent.
 *
 * @param appends true when channels append to the table: then each row stands for itself
 * @throws MillraceError delivery-invalid
 */
export function shapeOf(delivery: DeliveryDefinition, table: StoredTable, appends: boolean): SourceShape {
  if (table.kind === "view")
    throw invalid(delivery, `${fullName(table)} is a view, which has no versions; materialize the model as a table`);
  const visible = table.columns.filter(({ name }) => !name.startsWith("_"));
  const columns = delivery.columns?.map((name) => columnOf(delivery, name, visible)) ?? visible;
  const grows = table.kind === "table" && (appends || table.key.length === 0);
  if (delivery.key !== undefined) {
    const key = delivery.key.map((name) => columnOf(delivery, name, visible));
    const isUnique = table.kind === "table" && !grows && key.map(({ name }) => name).join() === table.key.join();
    return { table, columns, key, isUnique };
  }
  const names = grows ? receipt : table.key;
  if (names.length > 0 || delivery.send === "snapshot") {
    const key = names.map((name) => columnOf(delivery, name, table.columns));
    return { table, columns, key, isUnique: table.kind === "table" };
  }
  throw invalid(delivery, `${fullName(table)} has no key; name the columns that identify a row with "key"`);
}

/** The column of that name. @throws MillraceError delivery-invalid */
export function columnOf(delivery: DeliveryDefinition, name: string, columns: readonly ResultColumn[]): ResultColumn {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  throw invalid(
    delivery,
    `${delivery.from.domain}.${delivery.from.name} has no column "${name}"${didYouMean(name, names)}`,
  );
}

function invalid(delivery: DeliveryDefinition, problem: string): MillraceError {
  return new MillraceError(
    "delivery-invalid",
    `${atLocation(delivery.location)}delivery ${deliveryName(delivery)}: ${problem}`,
  );
}

function fullName(table: Pick<StoredTable, "domain" | "name">): string {
  return `${table.domain}.${table.name}`;
}

export function relationOf({ table }: SourceShape): string {
  return `${quotedName(table.domain)}.${quotedName(table.name)}`;
}

/** `key`, `payload`, and `place`, which orders rows as they came. @param where condition on the rows, or none */
export function sourceRows(shape: SourceShape, where?: string): string {
  const place = shape.table.kind === "table" ? "struct_pack(a := _batch, b := _row)" : "struct_pack(a := 0, b := 0)";
  const condition = where === undefined ? "" : ` WHERE ${where}`;
  return `SELECT ${jsonObject(shape.key)} AS key, ${jsonObject(shape.columns)} AS payload, ${place} AS place FROM ${relationOf(shape)}${condition}`;
}

export function sourceKeys(shape: SourceShape): string {
  return `SELECT ${jsonObject(shape.key)} AS key FROM ${relationOf(shape)}`;
}

/** Rows of a parcel of the outbox as the typed columns that they came from. @param condition on millrace.outbox */
export function typedRows(shape: SourceShape, condition: string, deletions: boolean): string {
  const columns = shape.columns.map((column) => `${fromPayload(column)} AS ${quotedName(column.name)}`);
  const operation = deletions ? ["operation AS _operation"] : [];
  return `SELECT ${[...operation, ...columns].join(", ")} FROM millrace.outbox WHERE ${condition} ORDER BY seq`;
}

/** The whole source. */
export function allRows(shape: SourceShape): string {
  const order = shape.key.length === 0 ? "" : ` ORDER BY ${shape.key.map(({ name }) => quotedName(name)).join(", ")}`;
  return `SELECT ${shape.columns.map(({ name }) => quotedName(name)).join(", ")} FROM ${relationOf(shape)}${order}`;
}

function jsonObject(columns: readonly ResultColumn[]): string {
  if (columns.length === 0) return "'{}'";
  const fields = columns.map((column) => `${quotedName(column.name)} := ${exactValue(column)}`);
  return `CAST(to_json(struct_pack(${fields.join(", ")})) AS VARCHAR)`;
}

/** Decimals are text, instants ISO 8601 with Z, bytes base64: as the served API writes them. */
function exactValue({ name, type }: ResultColumn): string {
  const column = quotedName(name);
  switch (type.kind) {
    case "decimal":
    case "date":
    case "time":
    case "uuid":
      return `CAST(${column} AS VARCHAR)`;
    case "timestamp":
      return `regexp_replace(replace(CAST(${column} AS VARCHAR), ' ', 'T'), '\\+00(:00)?$', 'Z')`;
    case "datetime":
      return `replace(CAST(${column} AS VARCHAR), ' ', 'T')`;
    case "bytes":
      return `to_base64(${column})`;
    case "float":
      return `CASE WHEN isfinite(${column}) THEN to_json(${column}) ELSE to_json(CAST(${column} AS VARCHAR)) END`;
    default:
      return column;
  }
}

function fromPayload({ name, type, engineType }: ResultColumn): string {
  const pointer = quotedText(`$.${JSON.stringify(name)}`);
  if (type.kind === "bytes") return `from_base64(json_extract_string(payload, ${pointer}))`;
  const isNested = type.kind === "json" || type.kind === "list" || type.kind === "struct";
  const extract = isNested ? "json_extract" : "json_extract_string";
  return `CAST(${extract}(payload, ${pointer}) AS ${engineType})`;
}
