// The checks that option tables are made of. A check never shows a value that may be a secret.
import { parseDurationMs } from "@millrace/core";
import { isEnvRef, isSecretRef } from "./references.ts";
import { findProblem, type OptionCheck, type OptionField } from "./option-fields.ts";

const shownCharsMax = 60;

/** The value as a message shows it, short. */
export function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  const text =
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner)) ?? String(value);
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}...` : text;
}

function expects(what: string, holds: (value: unknown) => boolean): OptionCheck {
  return (value, path) => (holds(value) ? undefined : `"${path}" is ${what}; received ${show(value)}`);
}

export const text: OptionCheck = expects(
  "text that is not empty",
  (value) => typeof value === "string" && value !== "",
);
export const bool: OptionCheck = expects("true or false", (value) => typeof value === "boolean");
export const setting: OptionCheck = expects(
  'text or env("NAME")',
  (value) => isEnvRef(value) || (typeof value === "string" && value !== ""),
);
export const duration: OptionCheck = expects(
  'a duration above zero such as "500ms", "30s" or "5m"',
  (value) => typeof value === "string" && (parseDurationMs(value) ?? 0) > 0,
);
export const durationOrZero: OptionCheck = expects(
  'a duration such as "0s", "500ms" or "30s"',
  (value) => typeof value === "string" && parseDurationMs(value) !== undefined,
);
export const texts: OptionCheck = expects(
  "a list of texts",
  (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
);

/** Never shows what it received. */
export const secretOnly: OptionCheck = (value, path) =>
  isSecretRef(value)
    ? undefined
    : `"${path}" is secret("NAME"), a reference; the value itself does not belong in a project`;

/** Never shows what it received. */
export const settingOrSecret: OptionCheck = (value, path) =>
  isSecretRef(value) || isEnvRef(value) || (typeof value === "string" && value !== "")
    ? undefined
    : `"${path}" is text, env("NAME") or secret("NAME")`;

export function oneOf(...values: readonly string[]): OptionCheck {
  const list = values.map((value) => `"${value}"`).join(", ");
  return expects(`one of ${list}`, (value) => typeof value === "string" && values.includes(value));
}

export function integer(bounds: { readonly min: number; readonly max: number }): OptionCheck {
  return expects(
    `a whole number from ${bounds.min} to ${bounds.max}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= bounds.min && Number(value) <= bounds.max,
  );
}

export function number(bounds: { readonly min: number; readonly max: number }): OptionCheck {
  return expects(
    `a number from ${bounds.min} to ${bounds.max}`,
    (value) => typeof value === "number" && value >= bounds.min && value <= bounds.max,
  );
}

/** A text that `parse` accepts; it throws with the reason otherwise. */
export function parsed(parse: (value: string) => unknown): OptionCheck {
  return (value, path) => {
    if (typeof value !== "string") return `"${path}" is text; received ${show(value)}`;
    try {
      parse(value);
      return undefined;
    } catch (error) {
      return `"${path}": ${error instanceof Error ? error.message : String(error)}`;
    }
  };
}

/** An object with these options. */
export function object(fields: readonly OptionField[]): OptionCheck {
  return (value, path) => findProblem(value, fields, path);
}

/** An object whose every value passes `check`; names must match `names`. */
export function record(check: OptionCheck, names: RegExp = /./): OptionCheck {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return `"${path}" is an object; received ${show(value)}`;
    for (const [name, inner] of Object.entries(value)) {
      if (!names.test(name)) return `"${path}": "${name}" is not a valid name; it matches ${String(names)}`;
      const problem = check(inner, `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** An object told apart by `kind`, as cursor(), marker() or bearer() return. `makers` names the functions for the message. */
export function variant(kinds: Readonly<Record<string, readonly OptionField[]>>, makers: string): OptionCheck {
  return (value, path) => {
    const kind = typeof value === "object" && value !== null ? (value as { kind?: unknown }).kind : undefined;
    const fields = typeof kind === "string" ? kinds[kind] : undefined;
    if (fields === undefined) return `"${path}" is made with ${makers}`;
    const { kind: _, ...rest } = value as Readonly<Record<string, unknown>>;
    return findProblem(rest, fields, path);
  };
}
