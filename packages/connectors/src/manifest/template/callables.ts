// How macros, filters and methods declare their parameters, and how arguments are bound to them.
import { PyCallable, PythonError } from "./python-values.ts";

/** Values by parameter, in the order of the signature. */
export type Call = (...values: readonly unknown[]) => unknown;

/** Marks a parameter without a default. */
export const required: unique symbol = Symbol("required");

export interface Parameter {
  readonly name: string;
  readonly byDefault: unknown;
}

/** `sep=None maxsplit=-1 value`, as pairs: a name alone is required. */
export function parameters(...declared: readonly (string | readonly [string, unknown])[]): readonly Parameter[] {
  return declared.map((entry) =>
    typeof entry === "string" ? { name: entry, byDefault: required } : { name: entry[0], byDefault: entry[1] },
  );
}

/** @throws PythonError TypeError for a missing, surplus or unknown argument */
export function bindArguments(
  name: string,
  declared: readonly Parameter[],
  { args, named }: { readonly args: readonly unknown[]; readonly named: ReadonlyMap<string, unknown> },
): readonly unknown[] {
  if (args.length > declared.length)
    throw new PythonError("TypeError", `${name}() takes ${declared.length} arguments, ${args.length} were given`);
  for (const key of named.keys())
    if (!declared.some((parameter) => parameter.name === key))
      throw new PythonError("TypeError", `${name}() got an unexpected keyword argument '${key}'`);
  return declared.map((parameter, at) => {
    const value =
      at < args.length ? args[at] : named.has(parameter.name) ? named.get(parameter.name) : parameter.byDefault;
    if (value === required)
      throw new PythonError("TypeError", `${name}() missing required argument: '${parameter.name}'`);
    return value;
  });
}

export function callable(name: string, declared: readonly Parameter[], call: Call): PyCallable {
  return new PyCallable(name, (args, named) => call(...bindArguments(name, declared, { args, named })));
}

/** @throws PythonError TypeError */
export function demandText(value: unknown, what: string): string {
  if (typeof value !== "string") throw new PythonError("TypeError", `${what} must be text`);
  return value;
}
