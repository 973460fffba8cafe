// The values of a stream's `since` field in one page, as exact text.
import { didYouMean, isRawNumber, MillraceError, parseExact } from "@millrace/core";
import { parseJsonPath, valueAt } from "./json-path.ts";
import { recordsOf } from "./page-document.ts";

export interface SincePage {
  readonly bytes: Uint8Array;
  readonly document: unknown;
  readonly place: string;
}

/** A name, or a path that begins with `$`. */
export function sincePath(field: string): readonly string[] {
  return field.startsWith("$") ? parseJsonPath(field) : [field];
}

/** Texts and numbers at the path; records without one are passed over. @throws MillraceError upstream-records-missing when no record has it */
export function sinceValues(page: SincePage, records: readonly string[], path: readonly string[]): readonly string[] {
  const found = recordsOf(page.document, records, page.place);
  const values = found.map((record) => valueAt(record, path));
  if (found.length > 0 && values.every((value) => value === undefined)) throw missing(found[0], path, page.place);
  if (!values.some(isInexact)) return texts(values);
  const exact = recordsOf(parseExact(new TextDecoder().decode(page.bytes)), records, page.place);
  return texts(exact.map((record) => valueAt(record, path)));
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => {
    if (typeof value === "string" && value !== "") return [value];
    if (typeof value === "bigint") return [String(value)];
    if (isRawNumber(value)) return [/e/i.test(value.rawJSON) ? plainNumber(Number(value.rawJSON)) : value.rawJSON];
    return typeof value === "number" && Number.isFinite(value) ? [plainNumber(value)] : [];
  });
}

function isInexact(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** Without exponent, so that it compares and travels as digits. */
function plainNumber(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/0+$/, "");
}

function missing(record: unknown, path: readonly string[], place: string): MillraceError {
  const names = typeof record === "object" && record !== null ? Object.keys(record) : [];
  const field = path.join(".");
  const shown = names.slice(0, 20).join(", ") || "no fields";
  return new MillraceError(
    "upstream-records-missing",
    `${place}: no record has the field "${field}" that since names${didYouMean(field, names)}. Records have ${shown}.`,
    { hint: "Correct `since` of the stream; committed pages are kept.", details: { field } },
  );
}
