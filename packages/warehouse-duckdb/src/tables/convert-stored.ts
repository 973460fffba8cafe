// Exact conversion of stored values to another type, as SQL: what a migration fills its new column with.
import type { LogicalType } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";
import { exactness, lenientCast } from "../load/conversions.ts";

const numbers: readonly LogicalType["kind"][] = ["int32", "int64", "decimal", "float"];

/** SQL of the value in its new type; NULL where it has none that says exactly the same. */
export function convertedValue(from: LogicalType, to: LogicalType, value: string): string {
  if (numbers.includes(from.kind) && numbers.includes(to.kind)) {
    const cast = `TRY_CAST(${value} AS ${engineType(to)})`;
    return `CASE WHEN TRY_CAST(${cast} AS ${engineType(from)}) = ${value} THEN ${cast} END`;
  }
  return fromText(to, textOf(from, value));
}

/** SQL of a text as a value of the type; NULL where it is none. */
export function fromText(to: LogicalType, text: string): string {
  if (to.kind === "json") return `CASE WHEN json_valid(${text}) THEN CAST(${text} AS JSON) ELSE to_json(${text}) END`;
  const cast = lenientCast(to, text);
  const exact = exactness(to, text, cast);
  return exact === undefined ? cast : `CASE WHEN ${exact} THEN ${cast} END`;
}

function textOf(from: LogicalType, value: string): string {
  if (from.kind === "json") return `json_extract_string(${value}, '$')`;
  if (from.kind === "bytes") return `to_base64(${value})`;
  return from.kind === "list" || from.kind === "struct"
    ? `CAST(to_json(${value}) AS VARCHAR)`
    : `CAST(${value} AS VARCHAR)`;
}
