// Parts of a document that a contract only keeps.
import type { JsonFields, JsonValue } from "@millrace/core";
import type { Fields } from "../document/located.ts";

/** The fields that are not in `without` and not empty lists, as plain JSON; whole numbers beyond 2^53 become text. */
export function keptFields(fields: Fields, without: readonly string[]): JsonFields {
  const kept = Object.entries(fields).filter(
    ([key, value]) => !without.includes(key) && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) return keptFields(value as Fields, []);
  return typeof value === "bigint" ? String(value) : (value as JsonValue);
}
