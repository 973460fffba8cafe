// The text of a pattern that an author gives as RegExp or text; check.ts and column-builder.ts take both.
import { MillraceError } from "../errors/millrace-error.ts";

/** Flags that RE2 writes inside the pattern, and those that change nothing about whether a pattern is found. */
const inside = "ims";
const without = "dgu";

/** @throws MillraceError contract-invalid for a flag that the warehouse does not know */
export function patternText(pattern: RegExp | string): string {
  if (typeof pattern === "string") return pattern;
  const flags = pattern.flags.split("");
  const unknown = flags.find((flag) => !inside.includes(flag) && !without.includes(flag));
  if (unknown !== undefined)
    throw new MillraceError(
      "contract-invalid",
      `pattern ${String(pattern)} has the flag ${unknown}, which the warehouse does not know; i, m, s, d, g and u are valid.`,
    );
  const kept = flags.filter((flag) => inside.includes(flag)).join("");
  return kept === "" ? pattern.source : `(?${kept})${pattern.source}`;
}
