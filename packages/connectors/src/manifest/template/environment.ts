// What templates can call beside their own context: filters, tests and macros. Time and chance come from outside.
import type { Parameter } from "./callables.ts";
import type { StepBudget } from "./limits.ts";
import type { PyCallable } from "./python-values.ts";

/** Where templates get time and chance from. */
export interface Surroundings {
  /** Microseconds since the epoch. */
  nowMicros(): bigint;
  /** A random UUID, lower-case. */
  uuid(): string;
}

/** Runs a filter or test by name, for `map`, `select` and their kin. */
export interface Registry {
  filter(name: string, args: readonly unknown[], named: ReadonlyMap<string, unknown>): unknown;
  test(name: string, args: readonly unknown[]): boolean;
  readonly steps: StepBudget;
  readonly surroundings: Surroundings;
}

/** The first parameter is the value that the filter is applied to. */
export interface Filter {
  readonly parameters: readonly Parameter[] | "any";
  readonly call: (values: readonly unknown[], registry: Registry, named: ReadonlyMap<string, unknown>) => unknown;
}

export type Macros = ReadonlyMap<string, PyCallable>;
