// Components of manifests: requests. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const requestsComponents = {
  HttpRequester: {
    summary: "One kind of HTTP request: address, parameters, headers, body, proof, errors.",
    fields: [
      "url_base: string",
      "url: string",
      "path: string",
      "http_method: enum(GET,POST) = GET",
      "authenticator: ApiKeyAuthenticator|BasicHttpAuthenticator|BearerAuthenticator|OAuthAuthenticator|JwtAuthenticator|SessionTokenAuthenticator|SelectiveAuthenticator|CustomAuthenticator|NoAuth|LegacySessionTokenAuthenticator|RateLimitedMultipleTokenAuthenticator",
      "fetch_properties_from_endpoint: PropertiesFromEndpoint",
      "query_properties: QueryProperties",
      "request_parameters: map(string|QueryProperties)|string",
      "request_headers: map(string)|string",
      "request_body_data: map(string)|string",
      "request_body_json: object|string",
      "request_body: RequestBodyPlainText|RequestBodyUrlEncodedForm|RequestBodyJsonObject|RequestBodyGraphQL",
      "error_handler: DefaultErrorHandler|CompositeErrorHandler|CustomErrorHandler",
      "use_cache: boolean = false",
    ],
  },
  RequestOption: {
    summary: "Where a value goes in a request.",
    fields: [
      "inject_into!: enum(request_parameter,header,body_data,body_json)",
      "field_name: string",
      "field_path: list(string)",
    ],
  },
  RequestPath: {
    summary: "The value replaces the address of the request.",
    fields: [],
  },
  RequestBodyPlainText: {
    summary: "A body of plain text.",
    fields: ["value!: string"],
  },
  RequestBodyUrlEncodedForm: {
    summary: "A body as a form sends it.",
    fields: ["value!: map(string)"],
  },
  RequestBodyJsonObject: {
    summary: "A body of JSON.",
    fields: ["value!: object"],
  },
  RequestBodyGraphQL: {
    summary: "A GraphQL query as body.",
    fields: ["value!: RequestBodyGraphQlQuery"],
  },
  RequestBodyGraphQlQuery: {
    summary: "The query, and further fields of its body.",
    fields: ["query!: string"],
  },
  QueryProperties: {
    summary: "Fields that must be asked for by name.",
    fields: [
      "property_list!: list(string)|PropertiesFromEndpoint",
      "always_include_properties: list(string)",
      "property_chunking: PropertyChunking",
      "property_selector: JsonSchemaPropertySelector",
    ],
  },
  PropertiesFromEndpoint: {
    summary: "Names of the fields come from a request.",
    fields: ["property_field_path!: list(string)", "retriever!: SimpleRetriever|CustomRetriever"],
  },
  PropertyChunking: {
    summary: "Asks for the fields in several requests where the upstream limits them.",
    fields: [
      "property_limit_type!: enum(characters,property_count)",
      "property_limit: integer",
      "record_merge_strategy: GroupByKeyMergeStrategy",
    ],
  },
  GroupByKeyMergeStrategy: {
    summary: "Records of several requests with the same key are one.",
    fields: ["key!: string|list(string)"],
  },
  JsonSchemaPropertySelector: {
    summary: "Only fields of the stream's schema are asked for.",
    fields: [
      "transformations: list(AddFields|RemoveFields|KeysToLower|KeysToSnakeCase|FlattenFields|DpathFlattenFields|KeysReplace|CustomTransformation)",
    ],
  },
  CustomRequester: {
    summary: "A request by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
