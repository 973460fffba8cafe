// Public surface of @millrace/connectors: brings pages and files in, delivers rows out.
export * from "./authoring.ts";
export type { Setting } from "./authoring/references.ts";
export type { IntoOptions } from "./authoring/declare-channel.ts";
export { validateEvents, type EventBatchBounds, type EventsConfig, type EventsOptions } from "./events/events.ts";
export { convertedAs, convertObject } from "./formats/convert-object.ts";
export type { ConversionInput } from "./formats/conversion.ts";
export type {
  AfterLoad,
  FileFormat,
  FilesConfig,
  FilesOptions,
  OnDelete,
  OnRewrite,
  Readiness,
} from "./files/files-config.ts";
export type { HttpPlaceOptions, PlaceConfig, SftpPlaceOptions } from "./files/places/place-config.ts";
export type { Decode, Partition, RecordChange, WindowOptions } from "./rest/stream-shapes.ts";
export type {
  Authentication,
  Pagination,
  RateLimit,
  RestConfig,
  RestOptions,
  RetryOptions,
  SinceOptions,
  StreamConfig,
  StreamOptions,
} from "./rest/rest-config.ts";
export { createHttpClient, type HttpClientOptions } from "./http/http-client.ts";
export {
  connectors,
  describeConnectors,
  describeDeliveries,
  destinations,
  type ConnectorDescription,
} from "./registry.ts";
export type {
  DeliveryOptions,
  FileTargetOptions,
  RestTargetOptions,
  Target,
  WebhookTargetOptions,
} from "./deliver/delivery-config.ts";
export { renderConnectorDocs } from "./docs/render-docs.ts";
export { filesConnector } from "./files/files-connector.ts";
export { restConnector } from "./rest/rest-connector.ts";
export type {
  AsyncRetriever,
  Authenticator,
  CursorStrategy,
  Decoder,
  EngineContext,
  ErrorHandler,
  JobStatus,
  OpenCursor,
  OpenPartitions,
  Outcome,
  PageSeen,
  PaginationReset,
  Paginator,
  PartitionAt,
  Partitioner,
  PartitionStart,
  QueryProperties,
  RecordSelector,
  RecordStep,
  Requester,
  Resolution,
  ResponseAction,
  SimpleRetriever,
  StreamPlan,
} from "./rest-engine/components.ts";
export type {
  CallMatcher,
  CallOutcome,
  CallPermit,
  CallPolicy,
  Manners,
  Upstream,
  UpstreamRules,
} from "./rest-engine/manners/manners.ts";
export type { Answer, PreparedRequest, RequestOption, RequestParts, RequestTemplate } from "./rest-engine/request.ts";
export type { Fields, PageToken, RequestContext, StreamSlice } from "./rest-engine/slice.ts";
export type { AirbyteConfig, AirbyteOptions, ConfigValue } from "./manifest/channel/airbyte-config.ts";
export { airbyteConnector } from "./manifest/channel/airbyte-connector.ts";
export type { ConnectorConfig } from "./manifest/compile/compile-context.ts";
export type { CustomClass, CustomClasses, CustomPart, CustomParts } from "./manifest/compile/custom-classes.ts";
export { loadManifest, type LoadedManifest } from "./manifest/load/load-manifest.ts";
export { AirbyteSource, type SourceOptions, type StreamReport } from "./manifest/source/airbyte-source.ts";
export type { SourceDescription } from "./manifest/source/open-source.ts";
export {
  checkConnection,
  configFields,
  discoverStreams,
  previewRecords,
  type CheckResult,
  type ConfigField,
  type DiscoveredStream,
  type PreviewTools,
} from "./manifest/source/preview.ts";
export type { HmacSignatureOptions, HookSignature } from "./webhook/signature-config.ts";
export type { HookContent } from "./webhook/hook-records.ts";
export { readHook } from "./webhook/open-hook.ts";
export type { HookRequest } from "./webhook/verify-signature.ts";
export { validateWebhook, type HookId, type WebhookConfig, type WebhookOptions } from "./webhook/webhook.ts";
export { blobColumnNames, reservedFields, type BlobColumns, type BlobField } from "./uploads/blob-columns.ts";
export { dataFile } from "./uploads/data-file.ts";
export { isRefusedFile, UploadContent, type UploadedFile } from "./uploads/upload-content.ts";
export { requireName } from "./uploads/upload-name.ts";
export { uploadTimes, validateUploads } from "./uploads/uploads.ts";
export type { UploadedRows, UploadsConfig, UploadsOptions } from "./uploads/uploads-config.ts";
