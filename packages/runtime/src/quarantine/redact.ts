// Hides personal data in originals: values of PII columns, and of fields that the contract does not know, become "[pii]"; what cannot be taken apart is
// hidden as a whole.
import { originColumn, parseExact, stringifyExact, type ContractDefinition } from "@millrace/core";

export const HIDDEN = "[pii]";

/** @param contract undefined when nobody knows the columns any more: then everything is hidden */
export function hidePersonalData(original: string, contract: ContractDefinition | undefined): string {
  if (contract === undefined) return HIDDEN;
  const open = new Set(
    contract.columns.filter((column) => !column.pii).map((column) => fieldName(column).toLowerCase()),
  );
  open.add(originColumn);
  const record = read(original);
  if (typeof record !== "object" || record === null || Array.isArray(record))
    return contract.columns.some((column) => column.pii) ? HIDDEN : original;
  const shown = Object.entries(record).map(([field, value]) => [
    field,
    open.has(field.toLowerCase()) || value === null ? value : HIDDEN,
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
