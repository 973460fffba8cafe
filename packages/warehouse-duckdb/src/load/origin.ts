// Where a converted record stands in its original, as SQL: what reasons say of it, and which of its cells hold a formula that failed.
import { originColumn, type LoadSource } from "@millrace/core";
import { literal } from "../engine/identifiers.ts";
import type { SourceColumn } from "./source-reader.ts";

/** Letters of a sheet's columns by field; empty where the original has none. Undefined: the relation has no `_origin`. */
export type Traced = Readonly<Record<string, string>> | undefined;

/** Re-admitted records bring their own `_origin`, without the letters. */
export function tracedBy(source: LoadSource): Traced {
  if (source.kind === "quarantine") return {};
  return source.format.kind === "csv" ? source.format.traced : undefined;
}

/** What spreadsheets show in place of a value. */
const formulaErrors = [
  "#NULL!",
  "#DIV/0!",
  "#VALUE!",
  "#REF!",
  "#NAME?",
  "#NUM!",
  "#N/A",
  "#GETTING_DATA",
  "#SPILL!",
  "#CALC!",
  "#FIELD!",
  "#BLOCKED!",
  "#CONNECT!",
  "#BUSY!",
  "#UNKNOWN!",
  "Err:502",
  "Err:504",
  "Err:508",
  "Err:509",
  "Err:522",
];

/** SQL of ` (Sheet1!C17)`, or of an empty text. @param field whose cell is meant; the record as a whole when undefined */
export function whereabouts(traced: Traced, field?: string): string {
  if (traced === undefined) return "''";
  const letters = field === undefined ? undefined : traced[field];
  const place =
    letters === undefined ? originColumn : `regexp_replace(${originColumn}, '([0-9]+)$', ${literal(`${letters}\\1`)})`;
  return `coalesce(' (' || ${place} || ')', '')`;
}

/** SQL that is TRUE when the text is that of a formula that failed, in a cell of a sheet. */
export function formulaFailed(text: string): string {
  const list = formulaErrors.map(literal).join(", ");
  return `(${text} IS NOT NULL AND (${text} < '$' AND ${text} >= '#' OR ${text} >= 'Err:' AND ${text} < 'Err;') AND list_contains([${list}], ${text})
    AND coalesce(regexp_matches(${originColumn}, '![0-9]+$'), false))`;
}

/** `_origin` as a field of the record that quarantine keeps; nothing where the record has a field of that name. */
export function originField(traced: Traced, columns: readonly SourceColumn[]): string {
  const taken = columns.some(({ field }) => field.toLowerCase() === originColumn);
  return traced === undefined || taken ? "" : `, "${originColumn}" := ${originColumn}`;
}

/** SQL of `_origin` out of such a record. */
export function originOf(record: string): string {
  return `json_extract_string(${record}, '$.${originColumn}')`;
}
