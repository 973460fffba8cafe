// Exact conversion of source text to logical types, as SQL. What cannot be converted without loss is NULL, which the label turns into a `type` code.
// The JavaScript validator of quality says the same in JavaScript; a property test holds both together.
import type { LogicalType } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";
import { literal } from "../engine/identifiers.ts";

const date = String.raw`(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}`;
const clock = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?`;
const fullClock = String.raw`(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?`;
const zone = String.raw`(?:Z|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)`;

/** Patterns of the whole text; shared in meaning with the validator. */
export const textPatterns = {
  integer: "[+-]?[0-9]+",
  float: String.raw`[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`,
  date,
  time: clock,
  datetime: `${date}[T ]${fullClock}`,
  timestamp: `${date}[T ]${fullClock}${zone}?`,
  zoned: `.*${zone}`,
  uuid: "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
  base64: "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
} as const;

/** Fraction digits are kept or refused, never rounded. */
export function decimalPattern(scale: number): string {
  return scale === 0 ? textPatterns.integer : String.raw`[+-]?[0-9]+(?:\.[0-9]{1,${scale}})?`;
}

/**
 * SQL that converts `text` (an expression of type VARCHAR, or JSON for nested types) to the engine type of `type`; NULL where it does not fit.
 */
export function conversion(type: LogicalType, text: string): string {
  const cast = `TRY_CAST(${text} AS ${engineType(type)})`;
  switch (type.kind) {
    case "string":
      return text;
    case "int32":
    case "int64":
      return when(text, textPatterns.integer, cast);
    case "decimal":
      return when(text, decimalPattern(type.scale), cast);
    case "float":
      return `CASE WHEN regexp_full_match(${text}, ${literal(textPatterns.float)}) AND isfinite(${cast}) THEN ${cast} END`;
    case "bool":
      return `CASE WHEN lower(${text}) IN ('true', 't', 'yes', '1') THEN true WHEN lower(${text}) IN ('false', 'f', 'no', '0') THEN false END`;
    case "date":
      return when(text, textPatterns.date, cast);
    case "time":
      return when(text, textPatterns.time, cast);
    case "datetime":
      return when(text, textPatterns.datetime, cast);
    case "timestamp":
      return timestamp(text, type.zone);
    case "uuid":
      return when(text, textPatterns.uuid, cast);
    case "enum":
      return `CASE WHEN ${text} IN (${type.values.map(literal).join(", ")}) THEN ${text} END`;
    case "bytes":
      return when(
        text,
        textPatterns.base64,
        `from_base64(CASE WHEN regexp_full_match(${text}, ${literal(textPatterns.base64)}) THEN ${text} END)`,
      );
    case "json":
    case "list":
    case "struct":
      return cast;
  }
}

/** Types whose source must be read as JSON, because text would lose the difference between a value and its spelling. */
export function readsAsJson(type: LogicalType): boolean {
  return type.kind === "json" || type.kind === "list" || type.kind === "struct";
}

function when(text: string, pattern: string, value: string): string {
  return `CASE WHEN regexp_full_match(${text}, ${literal(pattern)}) THEN ${value} END`;
}

/** Text without a zone is read in the declared one; the session itself runs in UTC. */
function timestamp(text: string, zoneName: string | undefined): string {
  const instant = `TRY_CAST(${text} AS TIMESTAMP WITH TIME ZONE)`;
  if (zoneName === undefined || zoneName === "UTC") return when(text, textPatterns.timestamp, instant);
  const local = `TRY_CAST(${text} AS TIMESTAMP) AT TIME ZONE ${literal(zoneName)}`;
  return when(
    text,
    textPatterns.timestamp,
    `CASE WHEN regexp_full_match(${text}, ${literal(textPatterns.zoned)}) THEN ${instant} ELSE ${local} END`,
  );
}
