// All components that manifests may use, by type, with what each of their fields may hold.
import { parseField, type ComponentField, type ComponentTable } from "./declaration.ts";
import { authenticationComponents } from "./authentication.ts";
import { decodersComponents } from "./decoders.ts";
import { errorsComponents } from "./errors.ts";
import { incrementalComponents } from "./incremental.ts";
import { paginationComponents } from "./pagination.ts";
import { partitionsComponents } from "./partitions.ts";
import { recordsComponents } from "./records.ts";
import { requestsComponents } from "./requests.ts";
import { schemasComponents } from "./schemas.ts";
import { sourceComponents } from "./source.ts";
import { streamsComponents } from "./streams.ts";
import { transformationsComponents } from "./transformations.ts";

const root: ComponentTable = {
  DeclarativeSource: {
    summary: "The whole connector.",
    fields: [
      "check!: CheckStream|CheckDynamicStream",
      "streams: list(DeclarativeStream|ConditionalStreams|StateDelegatingStream)",
      "dynamic_streams: list(DynamicDeclarativeStream)",
      "version!: string",
      "schemas: object",
      "definitions: object",
      "spec: Spec",
      "concurrency_level: ConcurrencyLevel",
      "api_budget: HTTPAPIBudget",
      "stream_groups: map(StreamGroup)",
      "max_concurrent_async_job_count: integer|string",
      "metadata: object",
      "description: string",
    ],
  },
};

/** Components by family, in the order of the documentation. */
export const componentFamilies: Readonly<Record<string, ComponentTable>> = {
  Source: { ...root, ...sourceComponents },
  Streams: streamsComponents,
  Requests: requestsComponents,
  Authentication: authenticationComponents,
  Pagination: paginationComponents,
  Partitions: partitionsComponents,
  "Incremental reading": incrementalComponents,
  Records: recordsComponents,
  Transformations: transformationsComponents,
  Decoders: decodersComponents,
  "Errors and limits": errorsComponents,
  Schemas: schemasComponents,
};

export interface ComponentType {
  readonly summary: string;
  readonly fields: readonly ComponentField[];
}

export const componentTypes: ReadonlyMap<string, ComponentType> = new Map(
  Object.values(componentFamilies).flatMap((family) =>
    Object.entries(family).map(
      ([name, { summary, fields }]) => [name, { summary, fields: fields.map(parseField) }] as const,
    ),
  ),
);

/** Words that stand for longer names in the field `type`. */
const shortTypes: Readonly<Record<string, string>> = {
  ApiKey: "SessionTokenRequestApiKeyAuthenticator",
  Bearer: "SessionTokenRequestBearerAuthenticator",
};

/** The component that a `type` names. */
export function nameOfType(type: string): string {
  return Object.hasOwn(shortTypes, type) ? (shortTypes[type] ?? type) : type;
}
