// The Prefer header: what the data API understands of it. Unknown preferences are ignored, as RFC 7240 asks, unless handling is strict.
import { MillraceError } from "@millrace/core";

export interface Preferences {
  readonly count: boolean;
  /** Value of the Preference-Applied header. */
  readonly applied: string | undefined;
}

const none: Preferences = { count: false, applied: undefined };
const known = new Set(["count=exact", "handling=strict", "handling=lenient"]);
const headerLengthMax = 1_000;

/** @throws MillraceError request-invalid for unknown preferences with `handling=strict` */
export function preferencesOf(header: string | undefined): Preferences {
  if (header === undefined) return none;
  const asked = header
    .slice(0, headerLengthMax)
    .split(",")
    .map((preference) => preference.trim().toLowerCase().replaceAll('"', ""));
  const unknown = asked.filter((preference) => !known.has(preference));
  if (asked.includes("handling=strict") && unknown.length > 0)
    throw new MillraceError("request-invalid", `Unknown preferences: ${unknown.join(", ")}.`, {
      hint: `Understood are ${[...known].join(", ")}.`,
      details: { parameter: "prefer" },
    });
  const applied = [...new Set(asked)].filter((preference) => known.has(preference)).join(", ");
  return { count: asked.includes("count=exact"), applied: applied === "" ? undefined : applied };
}
