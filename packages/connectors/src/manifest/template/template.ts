// One template: parsed and compiled once, evaluated many times. What it renders is read back as a Python literal, so that `{{ 1 + 1 }}` gives the
// number 2. Neighbours: interpolation.ts builds texts, conditions and mappings from it.
import { compileExpression, type Evaluate } from "./compile-expression.ts";
import { compileBody } from "./compile-template.ts";
import { freeNames } from "./free-names.ts";
import { parseTemplate } from "./parse-template.ts";
import { notLiteral, readLiteral } from "./python-literal.ts";
import { str } from "./python-text.ts";
import { incoming, isDict, isFloat, isInt, isList, PyFloat, PythonError, Undefined } from "./python-values.ts";
import type { Macros, Surroundings } from "./environment.ts";
import { Scope, type TemplateContext } from "./scope.ts";

/** Names of Python types that a result may have to be read back: `str`, `int`, `float`, `bool`, `list`, `dict`, ... */
export type ValidTypes = readonly string[];

/** The result rendered nothing, or met something undefined. */
export const nothing: unique symbol = Symbol("nothing");

export interface RunTools {
  readonly macros: Macros;
  readonly surroundings: Surroundings;
}

/** Old names of the slice of a stream. */
const aliases: Readonly<Record<string, string>> = { stream_interval: "stream_slice", stream_partition: "stream_slice" };

export class Template {
  readonly source: string;
  /** Names that the context must have. */
  readonly names: readonly string[];
  readonly #render: (scope: Scope) => string;
  /** The value itself where the template is one expression: it need not go through text. */
  readonly #single: Evaluate | undefined;
  readonly #tools: RunTools;

  /** @throws TemplateSyntaxError */
  constructor(source: string, tools: RunTools) {
    this.source = source;
    this.#tools = tools;
    const body = parseTemplate(source);
    this.names = freeNames(body).filter((name) => !tools.macros.has(name));
    this.#render = compileBody(body);
    const [only] = body;
    this.#single = body.length === 1 && only?.kind === "output" ? compileExpression(only.expression) : undefined;
  }

  /**
   * The value of the rendered text, or `nothing`. As in the reference, an operation between types that do not go together (Python's TypeError) leaves
   * the template's own text as the result.
   * @throws PythonError ValueError and others; NameError for a name that the context does not have
   */
  evaluate(context: TemplateContext, validTypes?: ValidTypes): unknown {
    return this.#run(context, validTypes, "nothing");
  }

  /** Like evaluate, but empty text is `""` and something undefined is an error. @throws PythonError UndefinedError */
  evaluateStrict(context: TemplateContext, validTypes?: ValidTypes): unknown {
    const value = this.#run(context, validTypes, "throw");
    return value === nothing ? "" : value;
  }

  #run(context: TemplateContext, validTypes: ValidTypes | undefined, undefinedGives: "nothing" | "throw"): unknown {
    const missing = this.names.find(
      (name) => !Object.hasOwn(context, aliases[name] ?? name) && !Object.hasOwn(context, name),
    );
    if (missing !== undefined)
      throw new PythonError(
        "NameError",
        `"${missing}" is not known here; known are ${Object.keys(context).sort().join(", ")}`,
      );
    try {
      return this.#value(Scope.root(withAliases(context), this.#tools.macros, this.#tools.surroundings), validTypes);
    } catch (thrown) {
      if (!(thrown instanceof PythonError)) throw thrown;
      if (thrown.type === "UndefinedError" && undefinedGives === "nothing") return nothing;
      if (thrown.type === "TypeError") return fromText(this.source, validTypes);
      throw thrown;
    }
  }

  #value(scope: Scope, validTypes: ValidTypes | undefined): unknown {
    if (this.#single === undefined) return fromText(this.#render(scope), validTypes);
    const value = this.#single(scope);
    if (value instanceof Undefined) return nothing;
    if (typeof value === "string" || validTypes !== undefined) return fromText(str(value), validTypes);
    const copy = plainCopy(value, 0, { left: copiedMax });
    return copy === undefined ? fromText(str(value), validTypes) : copy;
  }
}

function withAliases(context: TemplateContext): TemplateContext {
  const { stream_slice: slice } = context;
  return slice === undefined ? context : { ...context, stream_interval: slice, stream_partition: slice };
}

/** What the text spells as a literal, else the text; `nothing` for no text. */
function fromText(text: string, validTypes: ValidTypes | undefined): unknown {
  if (text === "") return nothing;
  const value = readLiteral(text);
  if (value === notLiteral) return text;
  return validTypes === undefined || hasType(value, validTypes) ? value : text;
}

function hasType(value: unknown, types: ValidTypes): boolean {
  if (typeof value === "boolean") return types.includes("bool") || types.includes("int");
  if (typeof value === "string") return types.includes("str");
  if (isInt(value)) return types.includes("int");
  if (isFloat(value)) return types.includes("float");
  if (isList(value)) return types.includes("list");
  return isDict(value) && types.includes("dict");
}

const copyDepthMax = 60;
const copiedMax = 1_000_000;

/** A copy of a value that would come back from text unchanged; undefined for anything else. */
function plainCopy(given: unknown, depth: number, budget: { left: number }): unknown {
  const value = incoming(given);
  if (value === null || typeof value !== "object") return Number.isNaN(value) ? undefined : value;
  if (value instanceof PyFloat) return Number.isFinite(value.value) ? value : undefined;
  budget.left -= 1;
  if (depth > copyDepthMax || budget.left < 0) return undefined;
  if (isList(value)) {
    const items = value.map((item) => plainCopy(item, depth + 1, budget));
    return items.includes(undefined) ? undefined : items;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, plainCopy(item, depth + 1, budget)] as const);
  if (entries.some(([key, item]) => item === undefined || key === "__proto__")) return undefined;
  return Object.fromEntries(entries);
}
