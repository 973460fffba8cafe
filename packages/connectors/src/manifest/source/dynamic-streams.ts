// DynamicDeclarativeStream: streams made from a template, one per record of a request, entry of the config, or set of parameters.
import { setAtPath, valueAtPath } from "../../rest-engine/record-path.ts";
import type { EngineContext } from "../../rest-engine/components.ts";
import type { UpstreamRules } from "../../rest-engine/manners/manners.ts";
import type { StreamSlice } from "../../rest-engine/slice.ts";
import { StreamWalk } from "../../rest-engine/stream-walk.ts";
import { Part } from "../compile/compile-context.ts";
import { sliceValue } from "../compile/slice-value.ts";
import { compileStream } from "../compile/streams.ts";
import { propagate } from "../load/propagate.ts";
import { isComponent, type Component } from "../load/source-lines.ts";
import { jsonValue } from "../template/interpolation.ts";
import { str } from "../template/python-text.ts";
import type { ValidTypes } from "../template/template.ts";
import type { TemplateContext } from "../template/scope.ts";

const streamsMax = 10_000;

export interface Resolving {
  readonly engine: EngineContext;
  readonly rules: UpstreamRules;
  readonly jobsMax: number;
  readonly signal: AbortSignal;
}

/** @param dynamic DynamicDeclarativeStream @throws MillraceError manifest-invalid for two streams of one name, and what requests end with */
export async function* dynamicStreams(dynamic: Part, resolving: Resolving): AsyncGenerator<Part> {
  const resolver = dynamic.need("components_resolver");
  const template = dynamic.need("stream_template");
  const outerWins = dynamic.of["use_parent_parameters"] !== false;
  const seen = new Set<string>();
  for await (const values of componentValues(resolver, resolving)) {
    const filled = fill(template.of, resolver, values);
    const propagated = propagate(filled, template.context.lines, { field: "", parameters: {}, outerWins });
    const stream = new Part({ type: "DeclarativeStream", ...propagated }, template.context);
    const name = stream.string("name");
    if (seen.has(name))
      throw dynamic.invalid("stream_template", `two streams made from the template have the name "${name}"`);
    if (seen.size >= streamsMax)
      throw dynamic.invalid("components_resolver", `it makes more than ${streamsMax} streams`);
    seen.add(name);
    yield stream;
  }
}

async function* componentValues(resolver: Part, resolving: Resolving): AsyncGenerator<TemplateContext> {
  switch (resolver.type) {
    case "HttpComponentsResolver":
      return yield* fromRequests(resolver, resolving);
    case "ConfigComponentsResolver":
      return yield* fromConfig(resolver);
    default: {
      const listed = resolver.need("stream_parameters").of["list_of_parameters_for_stream"];
      for (const values of Array.isArray(listed) ? (listed as unknown[]) : []) yield { stream_parameters: values };
    }
  }
}

async function* fromRequests(
  resolver: Part,
  { engine, rules, jobsMax, signal }: Resolving,
): AsyncGenerator<TemplateContext> {
  const retriever = resolver.need("retriever");
  const stream = resolver.with({
    type: "DeclarativeStream",
    name: resolver.context.stream,
    retriever: { ...retriever.of },
  });
  const plan = compileStream(stream, { rules, jobsMax, hasState: false });
  for await (const page of new StreamWalk(engine, plan, {}).pages(signal))
    for (const record of page.content.records)
      yield { components_values: record, stream_slice: sliceValue(page.slice satisfies StreamSlice) };
}

/** Several lists of the config give every combination. */
function* fromConfig(resolver: Part): Generator<TemplateContext> {
  const lists = resolver.parts("stream_config").map((part) => {
    const found = valueAtPath(part.context.config, part.path("configs_pointer"));
    const defaults = part.of["default_values"];
    const values = Array.isArray(found) ? (found as unknown[]) : found === undefined || found === null ? [] : [found];
    return [...values, ...(Array.isArray(defaults) ? (defaults as unknown[]) : [])].map(
      (value, index) => [index, value] as const,
    );
  });
  if (lists.reduce((count, list) => count * list.length, 1) > streamsMax)
    throw resolver.invalid("stream_config", `its lists give more than ${streamsMax} combinations`);
  for (const combination of combinations(lists)) {
    const values = combination.map(([index, value]) =>
      isComponent(value) ? value : { [`source_config_${index}`]: value },
    );
    yield { components_values: Object.assign({}, ...values) as Component, stream_slice: {} };
  }
}

function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return lists.reduce<readonly (readonly T[])[]>(
    (all, list) => all.flatMap((head) => list.map((one) => [...head, one])),
    [[]],
  );
}

const valueTypes: Readonly<Record<string, ValidTypes>> = {
  string: ["str"],
  number: ["float"],
  integer: ["int"],
  boolean: ["bool"],
};

/** The template with the values of one stream put in their places. */
function fill(template: Component, resolver: Part, values: TemplateContext): Component {
  const filled = structuredClone(template);
  const names = resolver.names({ ...values, stream_template_config: filled });
  for (const mapping of resolver.parts("components_mapping")) {
    const holds = mapping.condition("condition");
    if (holds !== undefined && !holds(names)) continue;
    const type = valueTypes[str(mapping.of["value_type"] ?? "")];
    const value = mapping.context.templates.text(mapping.of["value"], {
      place: mapping.place("value"),
      ...(type === undefined ? {} : { validTypes: type }),
    });
    const path = ((mapping.of["field_path"] as unknown[] | undefined) ?? []).map((name) =>
      str(mapping.text("field_path", name)(names)),
    );
    const found = jsonValue(value(names));
    if (mapping.is("create_or_update")) setAtPath(filled, path, found);
    else for (const at of places(filled, path)) setAtPath(filled, at, found);
  }
  return filled;
}

/** Paths that exist; `*` stands for every key, `**` for any depth. */
function places(target: unknown, path: readonly string[]): readonly (readonly string[])[] {
  const [name, ...rest] = path;
  if (name === undefined) return [[]];
  if (typeof target !== "object" || target === null) return [];
  const keys = Object.keys(target);
  const under = (key: string, tail: readonly string[]): (readonly string[])[] =>
    places((target as Record<string, unknown>)[key], tail).map((inner) => [key, ...inner]);
  if (name === "**") return [...places(target, rest), ...keys.flatMap((key) => under(key, path))];
  return keys.filter((key) => name === "*" || key === name).flatMap((key) => under(key, rest));
}
