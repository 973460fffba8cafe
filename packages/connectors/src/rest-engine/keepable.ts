// Values of answers that are kept: in tokens, partitions and states, which are JSON.
import { isRawNumber } from "@millrace/core";

/** As JSON can keep it: a number that JavaScript would round becomes its digits as text, whatever else its page holds. */
export function keepable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (isRawNumber(value)) return isExact(value.rawJSON) ? Number(value.rawJSON) : value.rawJSON;
  if (Array.isArray(value)) return value.map(keepable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, keepable(inner)]));
}

/** Fifteen significant digits always survive. */
function isExact(digits: string): boolean {
  return digits.replace(/e.*$/i, "").replaceAll(/[-.]/g, "").length <= 15 && Number.isFinite(Number(digits));
}
