// Hides personal data in originals: values of PII columns become "[pii]"; what cannot be taken apart is hidden as a whole.
import { parseExact, stringifyExact, type ContractDefinition } from "@millrace/core";

export const HIDDEN = "[pii]";

/** @param contract undefined when nobody knows the columns any more: then everything is hidden */
export function hidePersonalData(original: string, contract: ContractDefinition | undefined): string {
  if (contract === undefined) return HIDDEN;
  const personal = contract.columns.filter((column) => column.pii).map((column) => fieldName(column).toLowerCase());
  if (personal.length === 0) return original;
  const record = read(original);
  if (typeof record !== "object" || record === null || Array.isArray(record)) return HIDDEN;
  const shown = Object.entries(record).map(([field, value]) => [
    field,
    personal.includes(field.toLowerCase()) && value !== null ? HIDDEN : value,
  ]);
  return stringifyExact(Object.fromEntries(shown));
}

/** The field of the source record. */
function fieldName(column: { readonly name: string; readonly source?: string }): string {
  return column.source ?? column.name;
}

/** JSON whose numbers keep every digit; undefined when it is none. */
function read(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}
