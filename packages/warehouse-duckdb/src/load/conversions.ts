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
const textPatterns = {
  integer: "[+-]?[0-9]+",
  float: String.raw`[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`,
  bool: "(?i:true|t|yes|1|false|f|no|0)",
  date,
  time: clock,
  datetime: `${date}[T ]${fullClock}`,
  timestamp: `${date}[T ]${fullClock}${zone}?`,
  zoned: `.*${zone}`,
  uuid: "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
  base64: "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
} as const;

/** Fraction digits are kept or refused, never rounded. */
function decimalPattern(scale: number): string {
  return scale === 0 ? textPatterns.integer : String.raw`[+-]?[0-9]+(?:\.[0-9]{1,${scale}})?`;
}

/**
 * SQL that converts `text` (an expression of type VARCHAR, or JSON for nested types) as the engine does: leniently, with rounding. NULL where even
 * that fails. Whether the value is exact, {@link exactness} tells.
 */
export function lenientCast(type: LogicalType, text: string): string {
  switch (type.kind) {
    case "string":
    case "enum":
      return text;
    case "bytes":
      return `CASE WHEN regexp_full_match(${text}, ${literal(textPatterns.base64)}) THEN from_base64(${text}) END`;
    case "timestamp":
      return instant(text, type.zone);
    default:
      return `TRY_CAST(${text} AS ${engineType(type)})`;
  }
}

/**
 * SQL that is TRUE exactly when `value` (what {@link lenientCast} made of `text`) is the exact value of a `text` that is not NULL; undefined where it
 * always is. The cheap comparison comes first, because a condition stops at the first side that decides.
 */
export function exactness(type: LogicalType, text: string, value: string): string | undefined {
  const canonical = `CAST(${value} AS VARCHAR) = ${text}`;
  const spelled = (pattern: string): string =>
    `(${value} IS NOT NULL AND regexp_full_match(${text}, ${literal(pattern)}))`;
  switch (type.kind) {
    case "string":
      return undefined;
    case "int32":
    case "int64":
      return `(${canonical} OR ${spelled(textPatterns.integer)})`;
    case "decimal":
      return `(${canonical} OR ${spelled(decimalPattern(type.scale))} OR ${spelledSmall(text, value, type.scale)})`;
    case "float":
      return `(isfinite(${value}) AND (${plainNumber(text)} OR ${spelled(textPatterns.float)}))`;
    case "bool":
      return `(${text} = 'true' OR ${text} = 'false' OR ${spelled(textPatterns.bool)})`;
    case "date":
      return `(strlen(${text}) = 10 AND ${canonical})`;
    case "time":
      return `((${canonical} AND ${text} < '24') OR ${spelled(textPatterns.time)})`;
    case "datetime":
      return spelled(textPatterns.datetime);
    case "timestamp":
      return spelled(textPatterns.timestamp);
    case "uuid":
      return `(${canonical} OR ${spelled(textPatterns.uuid)})`;
    case "enum":
      return among(text, type.values);
    case "bytes":
    case "json":
    case "list":
    case "struct":
      return `${value} IS NOT NULL`;
  }
}

/** How the engine's reader spells a JSON number below 0.0001, such as 1.5e-05; exact when all its digits fit. */
function spelledSmall(text: string, value: string, scale: number): string {
  const digits = `(CASE WHEN contains(${text}, '.') THEN strpos(${text}, 'e') - strpos(${text}, '.') - 1 ELSE 0 END)`;
  const spelling = literal(String.raw`[+-]?[0-9](?:\.[0-9]+)?e-[0-9]{2}`);
  return `(${value} IS NOT NULL AND regexp_full_match(${text}, ${spelling}) AND ${digits} + TRY_CAST(right(${text}, 2) AS INTEGER) <= ${scale})`;
}

/** Types whose source must be read as JSON, because text would lose the difference between a value and its spelling. */
export function readsAsJson(type: LogicalType): boolean {
  return type.kind === "json" || type.kind === "list" || type.kind === "struct";
}

/**
 * One of a few texts. Never an IN list: the engine turns one into a hash join, whose rows leave in no order, and the order is a row's position.
 */
function among(text: string, values: readonly string[]): string {
  if (values.length > 8) return `list_contains([${values.map(literal).join(", ")}], ${text})`;
  return `(${values.map((value) => `${text} = ${literal(value)}`).join(" OR ")})`;
}

/** What the engine takes for a number beside proper ones: blanks around it, underscores inside, two signs. */
function plainNumber(text: string): string {
  const odd = ["'_'", "' '", ...[9, 10, 11, 12, 13].map((code) => `chr(${code})`)];
  return `(${text} >= '-' AND ${odd.map((part) => `NOT contains(${text}, ${part})`).join(" AND ")})`;
}

/** Text without a zone is read in the declared one; the session itself runs in UTC. */
function instant(text: string, zoneName: string | undefined): string {
  const utc = `TRY_CAST(${text} AS TIMESTAMP WITH TIME ZONE)`;
  if (zoneName === undefined || zoneName === "UTC") return utc;
  const local = `TRY_CAST(${text} AS TIMESTAMP) AT TIME ZONE ${literal(zoneName)}`;
  return `CASE WHEN regexp_full_match(${text}, ${literal(textPatterns.zoned)}) THEN ${utc} ELSE ${local} END`;
}
