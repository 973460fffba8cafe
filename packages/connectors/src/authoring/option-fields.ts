// Options as data: one table per author function serves its validation and its documentation. See option-checks.ts for the checks.
import { didYouMean, type FieldDescription } from "@millrace/core";

/** Says what is wrong with the value at `path`, or nothing. */
export type OptionCheck = (value: unknown, path: string) => string | undefined;

export interface OptionField extends FieldDescription {
  readonly check: OptionCheck;
  /** Options inside this one; documented as `name.inner`. */
  readonly inner?: readonly OptionField[];
  /** True for what the declaration keeps beside its config (`into`, `write`, `every`): validated when the author writes it, absent from the config. */
  readonly beside?: boolean;
}

type Details = Pick<OptionField, "inner" | "beside" | "default">;

/** A field that may be left out. */
export function optional(
  name: string,
  type: string,
  check: OptionCheck,
  summary: string,
  details: Details = {},
): OptionField {
  return { name, type, check, summary, required: false, ...details };
}

/** A field that must be given. */
export function required(
  name: string,
  type: string,
  check: OptionCheck,
  summary: string,
  details: Details = {},
): OptionField {
  return { name, type, check, summary, required: true, ...details };
}

/** The first problem of an options object: an unknown name (with the nearest valid one), a missing one, a wrong value. */
export function findProblem(value: unknown, fields: readonly OptionField[], path = ""): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `${path === "" ? "the options are" : `"${path}" is`} an object with ${nameList(fields)}`;
  const given = value as Readonly<Record<string, unknown>>;
  const names = fields.map((field) => field.name);
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !names.includes(name))
      return `unknown option "${join(path, name)}"${didYouMean(name, names)}; valid are ${nameList(fields)}`;
  }
  for (const field of fields) {
    const at = join(path, field.name);
    const present = given[field.name];
    if (present === undefined && field.required) return `"${at}" is missing: ${field.summary}`;
    const problem = present === undefined ? undefined : field.check(present, at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The fields of a stored config: without those that the declaration keeps beside it. */
export function configFields(fields: readonly OptionField[]): OptionField[] {
  return fields.filter((field) => field.beside !== true);
}

/** The fields as documentation shows them, inner ones as `outer.inner`. */
export function describeFields(fields: readonly OptionField[], prefix = ""): FieldDescription[] {
  return fields.flatMap(({ name, type, required: isRequired, summary, default: byDefault, inner }) => [
    {
      name: prefix + name,
      type,
      required: isRequired,
      summary,
      ...(byDefault === undefined ? {} : { default: byDefault }),
    },
    ...describeFields(inner ?? [], `${prefix}${name}.`),
  ]);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function nameList(fields: readonly OptionField[]): string {
  return fields.map((field) => field.name).join(", ");
}
