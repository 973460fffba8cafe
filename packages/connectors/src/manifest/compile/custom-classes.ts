// Stand-ins for custom classes of manifests: a user supplies, by class name, TypeScript that makes the part of the engine that the class would be.
import type {
  Authenticator,
  Decoder,
  ErrorHandler,
  Paginator,
  Partitioner,
  RecordSelector,
  RecordStep,
} from "../../rest-engine/components.ts";
import type { BackoffStrategy } from "../../rest-engine/errors/response-filters.ts";
import type { ConnectorConfig } from "./compile-context.ts";

/** What a stand-in is made from. */
export interface CustomPart {
  /** Fields of the component in the manifest, `class_name` among them. */
  readonly component: Readonly<Record<string, unknown>>;
  readonly config: ConnectorConfig;
  readonly stream: string;
}

/** The part of the engine that each custom component stands for. */
export interface CustomParts {
  readonly CustomAuthenticator: Authenticator;
  readonly CustomBackoffStrategy: BackoffStrategy;
  readonly CustomDecoder: Decoder;
  readonly CustomErrorHandler: ErrorHandler;
  readonly CustomPaginationStrategy: Paginator;
  readonly CustomPartitionRouter: Partitioner;
  readonly CustomRecordExtractor: RecordSelector["extract"];
  readonly CustomRecordFilter: RecordStep;
  readonly CustomSchemaNormalization: RecordStep;
  readonly CustomTransformation: RecordStep;
}

/** @example { type: "CustomTransformation", create: () => (record) => ({ ...record, source: "crm" }) } */
export type CustomClass = {
  readonly [K in keyof CustomParts]: { readonly type: K; readonly create: (part: CustomPart) => CustomParts[K] };
}[keyof CustomParts];

/** By class name as the manifest says it: `source_declarative_manifest.components.MyExtractor`, or its last name alone. */
export type CustomClasses = Readonly<Record<string, CustomClass>>;

/** The stand-in for a class name, whether the whole name or only its last part is registered. */
export function standIn(classes: CustomClasses, className: unknown): CustomClass | undefined {
  if (typeof className !== "string") return undefined;
  const short = className.split(".").at(-1) ?? className;
  if (Object.hasOwn(classes, className)) return classes[className];
  return Object.hasOwn(classes, short) ? classes[short] : undefined;
}
