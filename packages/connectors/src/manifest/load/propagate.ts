// Fills in what manifests may leave out: the type of a component where its place tells it, and values that `$parameters` of an outer component
// hand down. The rules, with their limits, are those of the reference.
import { MillraceError } from "@millrace/core";
import { isComponent, type Component, type SourceLines } from "./source-lines.ts";

/** Type of a component without one, by `Parent.field`. */
const defaultTypes: Readonly<Record<string, string>> = {
  "AddFields.fields": "AddedFieldDefinition",
  "CompositeErrorHandler.error_handlers": "DefaultErrorHandler",
  "ConfigComponentsResolver.components_mapping": "ComponentMappingDefinition",
  "ConfigComponentsResolver.stream_config": "StreamConfig",
  "CursorPagination.decoder": "JsonDecoder",
  "CustomPartitionRouter.parent_stream_configs": "ParentStreamConfig",
  "DatetimeBasedCursor.end_datetime": "MinMaxDatetime",
  "DatetimeBasedCursor.end_time_option": "RequestOption",
  "DatetimeBasedCursor.start_datetime": "MinMaxDatetime",
  "DatetimeBasedCursor.start_time_option": "RequestOption",
  "DeclarativeSource.check": "CheckStream",
  "DeclarativeSource.spec": "Spec",
  "DeclarativeSource.streams": "DeclarativeStream",
  "DeclarativeStream.retriever": "SimpleRetriever",
  "DeclarativeStream.schema_loader": "JsonFileSchemaLoader",
  "DefaultErrorHandler.response_filters": "HttpResponseFilter",
  "DefaultPaginator.decoder": "JsonDecoder",
  "DefaultPaginator.page_size_option": "RequestOption",
  "DpathExtractor.decoder": "JsonDecoder",
  "DpathExtractor.record_expander": "RecordExpander",
  "DynamicDeclarativeStream.components_resolver": "ConfigComponentsResolver",
  "DynamicDeclarativeStream.stream_template": "DeclarativeStream",
  "DynamicSchemaLoader.retriever": "SimpleRetriever",
  "HttpComponentsResolver.components_mapping": "ComponentMappingDefinition",
  "HttpComponentsResolver.retriever": "SimpleRetriever",
  "HttpRequester.error_handler": "DefaultErrorHandler",
  "ListPartitionRouter.request_option": "RequestOption",
  "ParentStreamConfig.request_option": "RequestOption",
  "ParentStreamConfig.stream": "DeclarativeStream",
  "RecordSelector.extractor": "DpathExtractor",
  "RecordSelector.record_filter": "RecordFilter",
  "SchemaTypeIdentifier.types_map": "TypesMap",
  "SimpleRetriever.paginator": "NoPagination",
  "SimpleRetriever.record_selector": "RecordSelector",
  "SimpleRetriever.requester": "HttpRequester",
  "SubstreamPartitionRouter.parent_stream_configs": "ParentStreamConfig",
};

/** The same for components that name a class. */
const customTypes: Readonly<Record<string, string>> = {
  "CompositeErrorHandler.backoff_strategies": "CustomBackoffStrategy",
  "DeclarativeStream.retriever": "CustomRetriever",
  "DeclarativeStream.transformations": "CustomTransformation",
  "DefaultErrorHandler.backoff_strategies": "CustomBackoffStrategy",
  "DefaultPaginator.pagination_strategy": "CustomPaginationStrategy",
  "HttpRequester.authenticator": "CustomAuthenticator",
  "HttpRequester.error_handler": "CustomErrorHandler",
  "RecordSelector.extractor": "CustomRecordExtractor",
  "SimpleRetriever.partition_router": "CustomPartitionRouter",
};

export interface Propagation {
  /** `Parent.field` where the component stands; empty for the root. */
  readonly field: string;
  readonly parameters: Component;
  /** Outer parameters win over inner ones of the same name: dynamic streams ask for it. */
  readonly outerWins?: boolean;
  /** What is left of the components that one manifest may unfold to. */
  readonly budget?: { left: number };
}

const componentsMax = 200_000;

/** A copy with types and parameters in place; what is inherited stays readable under `$parameters`. */
export function propagate(
  component: Component,
  lines: SourceLines,
  at: Propagation = { field: "", parameters: {} },
): Component {
  const budget = at.budget ?? { left: componentsMax };
  demandBudget(budget, lines.at(component));
  const copy = typedCopy(component, lines, at.field);
  const own = isComponent(copy["$parameters"]) ? copy["$parameters"] : {};
  delete copy["$parameters"];
  const parameters: Component = at.outerWins === true ? { ...own, ...at.parameters } : { ...at.parameters, ...own };
  if (isJsonSchema(copy)) return copy;
  if (!("type" in copy)) return nestedComponents(copy, lines, { ...at, parameters, budget });
  // A value of its own wins, but for an empty one.
  for (const [key, value] of Object.entries(parameters)) copy[key] = isEmpty(copy[key]) ? value : copy[key];
  for (const [key, value] of Object.entries(copy))
    copy[key] = inner(value, { lines, copy, key, parameters, at: { ...at, budget } });
  if (Object.keys(parameters).length > 0) copy["$parameters"] = parameters;
  return copy;
}

function demandBudget(budget: { left: number }, place: string): void {
  budget.left -= 1;
  if (budget.left >= 0) return;
  throw new MillraceError(
    "manifest-invalid",
    `${place}: the manifest unfolds to more than ${componentsMax} components.`,
  );
}

/** With the type that its place tells, where it says none. */
function typedCopy(component: Component, lines: SourceLines, field: string): Component {
  const copy: Component = { ...component };
  lines.copied(copy, component);
  if ("type" in copy) return copy;
  const type = "class_name" in copy ? customTypes[field] : defaultTypes[field];
  if (type !== undefined) copy["type"] = type;
  return copy;
}

interface Inner {
  readonly lines: SourceLines;
  readonly copy: Component;
  readonly key: string;
  readonly parameters: Component;
  readonly at: Propagation;
}

function inner(value: unknown, { lines, copy, key, parameters, at }: Inner): unknown {
  // A parameter named like the field itself does not go down into it: it would never end.
  const { [key]: _excluded, ...handed } = parameters;
  const next: Propagation = { ...at, field: `${String(copy["type"])}.${key}`, parameters: handed };
  if (isComponent(value)) return propagate(value, lines, next);
  if (!Array.isArray(value)) return value;
  const list = (value as unknown[]).map((item) => (isComponent(item) ? propagate(item, lines, next) : item));
  lines.copied(list, value);
  return list;
}

/** An object without a type may hold components. */
function nestedComponents(copy: Component, lines: SourceLines, at: Propagation): Component {
  for (const [key, value] of Object.entries(copy))
    if (isComponent(value) && !isEmpty(value["type"])) copy[key] = propagate(value, lines, at);
  return copy;
}

/** JSON schemas are no components, though they have a `type`. */
function isJsonSchema({ type }: Component): boolean {
  return type === "object" || (typeof type === "object" && type !== null);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isComponent(value) && Object.keys(value).length === 0;
}
