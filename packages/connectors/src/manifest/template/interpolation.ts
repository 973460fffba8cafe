// The forms in which manifests use templates: text with a fallback, conditions, mappings and nested values. All are compiled once.
import { MillraceError } from "@millrace/core";
import type { Surroundings } from "./environment.ts";
import { macros } from "./macros.ts";
import { str } from "./python-text.ts";
import { dictKeys, isDict, isList, PyFloat, PySet, PythonError, PyTuple } from "./python-values.ts";
import type { TemplateContext } from "./scope.ts";
import { TemplateSyntaxError } from "./syntax.ts";
import { nothing, Template, type RunTools, type ValidTypes } from "./template.ts";

/** A compiled value: call it with the context of a request, page or record. */
export type Interpolated<T = unknown> = (context: TemplateContext) => T;

/** Where a template stands, for messages: `streams[3].retriever.requester.path (line 41)`. */
export type TemplatePlace = string;

const falseTexts = new Set(["False", "false", "{}", "[]", "()", "", "0", "0.0"]);
const templateLengthMax = 100_000;

/** Compiles templates against one clock. Results are Python values; `jsonValue` and `str` make them fit for bodies and text. */
export class Templates {
  readonly #tools: RunTools;
  readonly #compiled = new Map<string, Template>();

  constructor(surroundings: Surroundings) {
    this.#tools = { surroundings, macros: macros(surroundings) };
  }

  /**
   * Text with templates in it. Rendered text is read back as a literal. Text that comes out empty, or meets something undefined, becomes the fallback;
   * without one the template is evaluated once more and what is undefined then is an error.
   */
  text(
    source: unknown,
    { place, fallback, validTypes }: { place: TemplatePlace; fallback?: string; validTypes?: ValidTypes },
  ): Interpolated {
    if (typeof source !== "string") return () => source;
    const template = this.#template(source, place);
    const other = fallback === undefined ? undefined : this.#template(fallback, place);
    return this.#constant(template, (context) => {
      const value = guarded(place, source, () => template.evaluate(context, validTypes));
      if (value !== nothing) return value;
      return guarded(place, source, () => (other ?? template).evaluateStrict(context, validTypes));
    });
  }

  /** Like text, but what is empty or undefined is null: values of requests and records. */
  value(source: unknown, { place, validTypes }: { place: TemplatePlace; validTypes?: ValidTypes }): Interpolated {
    if (typeof source !== "string") return () => source;
    const template = this.#template(source, place);
    return this.#constant(template, (context) => {
      const value = guarded(place, source, () => template.evaluate(context, validTypes));
      return value === nothing ? null : value;
    });
  }

  /** A condition: false for what prints as nothing, false, zero or empty; anything else is true. */
  condition(source: unknown, place: TemplatePlace): Interpolated<boolean> {
    if (typeof source === "boolean") return () => source;
    const value = this.value(source, { place });
    return (context) => !isFalse(value(context));
  }

  /** Keys stay text; values are `value`s. */
  mapping(
    source: unknown,
    { place, validTypes }: { place: TemplatePlace; validTypes?: ValidTypes },
  ): Interpolated<Record<string, unknown>> {
    const entries = Object.entries((source ?? {}) as Record<string, unknown>).map(([key, value]) => ({
      key: this.value(key, { place, validTypes: ["str"] }),
      value: this.value(value, validTypes === undefined ? { place } : { place, validTypes }),
    }));
    return (context) => Object.fromEntries(entries.map(({ key, value }) => [str(key(context)), value(context)]));
  }

  /** Lists and objects of any depth; keys whose value is null are left out. */
  nested(source: unknown, place: TemplatePlace): Interpolated {
    if (isList(source)) {
      const items = source.map((item) => this.nested(item, place));
      return (context) => items.map((item) => item(context));
    }
    if (!isDict(source)) return this.value(source, { place });
    const entries = Object.entries(source).map(
      ([key, value]) => [this.value(key, { place }), this.nested(value, place)] as const,
    );
    return (context) => {
      const evaluated = entries.map(([key, value]) => [str(key(context)), value(context)] as const);
      return Object.fromEntries(evaluated.filter(([, value]) => value !== null));
    };
  }

  #template(source: string, place: TemplatePlace): Template {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    try {
      if (source.length > templateLengthMax)
        throw new TemplateSyntaxError(`it is longer than ${templateLengthMax} characters`, 0);
      const template = new Template(source, this.#tools);
      this.#compiled.set(source, template);
      return template;
    } catch (thrown) {
      if (!(thrown instanceof TemplateSyntaxError)) throw thrown;
      throw new MillraceError(
        "template-invalid",
        `${place}: the template ${quoted(source)} is wrong at character ${thrown.offset + 1}: ${thrown.message}.`,
        {
          details: { place, offset: thrown.offset },
        },
      );
    }
  }

  /** Text without a template in it is evaluated here, once, unless it spells a list or dict. */
  #constant(template: Template, evaluate: Interpolated): Interpolated {
    if (/\{\{|\{%|\{#/.test(template.source)) return evaluate;
    const value = evaluate({});
    // A list or dict is made anew: who gets it may change it.
    return typeof value === "object" && value !== null ? evaluate : () => value;
  }
}

function isFalse(value: unknown): boolean {
  if (value === null || value === false || value === 0) return true;
  if (typeof value === "string") return falseTexts.has(value);
  if (value instanceof PyFloat) return value.value === 0;
  if (isList(value)) return value.length === 0;
  if (value instanceof PyTuple || value instanceof PySet) return value.items.length === 0;
  return isDict(value) && dictKeys(value).length === 0;
}

/** Names the place of a template that failed; what JavaScript itself cannot hold (text, nesting) is a limit like those of limits.ts. */
function guarded<T>(place: TemplatePlace, source: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (thrown) {
    const fault = thrown instanceof RangeError ? new PythonError("LimitError", thrown.message) : thrown;
    if (!(fault instanceof PythonError)) throw thrown;
    throw new MillraceError(
      "template-failed",
      `${place}: the template ${quoted(source)} failed: ${fault.type}: ${fault.message}.`,
      {
        details: { place, type: fault.type },
        cause: thrown,
      },
    );
  }
}

function quoted(source: string): string {
  return JSON.stringify(source.length > 200 ? `${source.slice(0, 200)}...` : source);
}

// TC39 "JSON.parse source text access": present in Node 24, not yet in TypeScript's library.
const json = JSON as unknown as { rawJSON(text: string): unknown };

/** The value as JSON data: tuples and sets as lists, floats such as 2.0 with their fraction, dates as text. */
export function jsonValue(value: unknown): unknown {
  if (value === null || typeof value !== "object") return Number.isNaN(value) ? null : value;
  if (value instanceof PyFloat) return Number.isFinite(value.value) ? json.rawJSON(str(value)) : null;
  if (isList(value)) return value.map(jsonValue);
  if (value instanceof PyTuple || value instanceof PySet) return value.items.map(jsonValue);
  if (!isDict(value)) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [str(key), jsonValue(item)]));
}
