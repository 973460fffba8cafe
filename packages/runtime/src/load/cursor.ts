// Cursors as text: the same progress always has the same text, so that the ledger can compare and set it.
import type { Cursor } from "@millrace/core";
import { stringifyExact } from "@millrace/core";

/** JSON with sorted keys; null stays null (before the first batch). */
export function cursorText(cursor: Cursor): string | null {
  return cursor === null ? null : stringifyExact(sorted(cursor));
}

export function parseCursor(text: unknown): Cursor {
  return typeof text === "string" ? (JSON.parse(text) as Cursor) : null;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]));
}
