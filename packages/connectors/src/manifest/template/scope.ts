// Names that a template sees while it runs, and the registry of filters and tests.
import { bindArguments } from "./callables.ts";
import type { Filter, Macros, Registry, Surroundings } from "./environment.ts";
import { StepBudget } from "./limits.ts";
import { listFilters } from "./list-filters.ts";
import { incoming, PythonError, Undefined } from "./python-values.ts";
import { tests } from "./tests.ts";
import { textFilters } from "./text-filters.ts";

const filters: ReadonlyMap<string, Filter> = new Map([...Object.entries(textFilters), ...Object.entries(listFilters)]);

export const filterNames: readonly string[] = [...filters.keys()];
export const testNames: readonly string[] = Object.keys(tests);

/** The context of one evaluation. */
export type TemplateContext = Readonly<Record<string, unknown>>;

class FilterRegistry implements Registry {
  readonly steps = new StepBudget();
  readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  filter(name: string, args: readonly unknown[], named: ReadonlyMap<string, unknown>): unknown {
    const filter = filters.get(name);
    if (filter === undefined) throw new PythonError("TemplateRuntimeError", `No filter named '${name}'.`);
    if (filter.parameters === "any") return filter.call(args, this, named);
    return filter.call(bindArguments(name, filter.parameters, { args, named }), this, named);
  }

  test(name: string, [value, ...args]: readonly unknown[]): boolean {
    const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
    if (test === undefined) throw new PythonError("TemplateRuntimeError", `No test named '${name}'.`);
    return test(value, args);
  }
}

/** One frame of names; loops and `with` open further ones on top. */
export class Scope {
  readonly registry: Registry;
  readonly #names = new Map<string, unknown>();
  readonly #parent: Scope | null;
  readonly #context: TemplateContext;
  readonly #macros: Macros;

  private constructor(parent: Scope | null, root: { context: TemplateContext; macros: Macros; registry: Registry }) {
    this.#parent = parent;
    this.#context = root.context;
    this.#macros = root.macros;
    this.registry = root.registry;
  }

  static root(context: TemplateContext, macros: Macros, surroundings: Surroundings): Scope {
    return new Scope(null, { context, macros, registry: new FilterRegistry(surroundings) });
  }

  child(): Scope {
    return new Scope(this, { context: this.#context, macros: this.#macros, registry: this.registry });
  }

  set(name: string, value: unknown): void {
    this.#names.set(name, value);
  }

  get(name: string): unknown {
    if (this.#names.has(name)) return this.#names.get(name);
    if (this.#parent !== null) return this.#parent.get(name);
    if (Object.hasOwn(this.#context, name)) return incoming(this.#context[name]);
    return this.#macros.get(name) ?? new Undefined(`'${name}' is undefined`);
  }
}
