// QueryProperties: fields that an upstream returns only when they are asked for by name, in chunks where it limits them.
import type { QueryProperties } from "../../rest-engine/components.ts";
import {
  queryProperties as engineProperties,
  valuesFromStream,
  type QueryPropertiesOptions,
} from "../../rest-engine/query-properties.ts";
import type { UpstreamRules } from "../../rest-engine/manners/manners.ts";
import { isComponent } from "../load/source-lines.ts";
import type { Part } from "./compile-context.ts";
import { decoder } from "./decoders.ts";
import { paginator } from "./paginators.ts";
import { requester } from "./requesters.ts";
import { selector } from "./selectors.ts";

/** @param retriever SimpleRetriever */
export function queryProperties(retriever: Part, rules: UpstreamRules): { readonly properties?: QueryProperties } {
  const declared = find(retriever.need("requester"));
  if (declared === undefined) return {};
  const chunking = declared.part("property_chunking");
  const most = chunking?.integer("property_limit");
  const unit = chunking?.string("property_limit_type") === "characters" ? "characters" : "names";
  return {
    properties: engineProperties({
      names: names(declared, rules),
      always: declared.path("always_include_properties"),
      key: mergeKeys(chunking),
      ...(most === undefined ? {} : { limit: { unit, max: most } }),
    }),
  };
}

/** In the requester, in one of its parameters, or as the old list from an endpoint. */
function find(asks: Part): Part | undefined {
  const own = asks.part("query_properties");
  if (own !== undefined) return own;
  const parameters = asks.of["request_parameters"];
  const held = isComponent(parameters) ? Object.values(parameters).find(isComponent) : undefined;
  if (held !== undefined) return asks.with(held);
  const endpoint = asks.part("fetch_properties_from_endpoint");
  return endpoint === undefined ? undefined : asks.with({ type: "QueryProperties", property_list: endpoint.of });
}

function names(declared: Part, rules: UpstreamRules): QueryPropertiesOptions["names"] {
  const endpoint = declared.part("property_list");
  if (endpoint === undefined) return declared.path("property_list");
  const retriever = endpoint.need("retriever");
  const plan = {
    name: `${retriever.context.stream} properties`,
    rules,
    jitter: { baseMs: 1000, capMs: 60_000 },
    retriever: {
      kind: "simple" as const,
      requester: requester(retriever.need("requester")),
      decoder: decoder(retriever.part("decoder")),
      selector: selector({ selector: retriever.need("record_selector"), transformations: [], filtersByCursor: false }),
      paginator: paginator(retriever.part("paginator")),
    },
  };
  return valuesFromStream(plan, endpoint.path("property_field_path"));
}

function mergeKeys(chunking: Part | undefined): readonly string[] {
  const key = chunking?.part("record_merge_strategy")?.of["key"];
  return Array.isArray(key) ? (key as unknown[]).map(String) : [typeof key === "string" ? key : "id"];
}
