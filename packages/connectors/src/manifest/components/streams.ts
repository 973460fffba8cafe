// Components of manifests: streams. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const streamsComponents = {
  DeclarativeStream: {
    summary: "A stream: what it reads, how, its key and its schema.",
    fields: [
      "name: string",
      "retriever!: SimpleRetriever|AsyncRetriever|CustomRetriever",
      "incremental_sync: DatetimeBasedCursor|IncrementingCountCursor",
      "primary_key: string|list(string)|list(list(string))",
      "schema_loader: InlineSchemaLoader|DynamicSchemaLoader|JsonFileSchemaLoader|list(InlineSchemaLoader|DynamicSchemaLoader|JsonFileSchemaLoader|CustomSchemaLoader)|CustomSchemaLoader",
      "transformations: list(AddFields|RemoveFields|KeysToLower|KeysToSnakeCase|FlattenFields|DpathFlattenFields|KeysReplace|CustomTransformation)",
      "state_migrations: list(LegacyToPerPartitionStateMigration|CustomStateMigration)",
      "file_uploader: object",
    ],
  },
  SimpleRetriever: {
    summary: "Reads pages.",
    fields: [
      "requester!: HttpRequester|CustomRequester",
      "decoder: JsonDecoder|JsonItemsDecoder|XmlDecoder|CsvDecoder|JsonlDecoder|GzipDecoder|IterableDecoder|ZipfileDecoder|CustomDecoder",
      "record_selector!: RecordSelector",
      "paginator: DefaultPaginator|NoPagination",
      "pagination_reset: PaginationReset",
      "ignore_stream_slicer_parameters_on_paginated_requests: boolean = false",
      "partition_router: SubstreamPartitionRouter|ListPartitionRouter|GroupingPartitionRouter|UnionPartitionRouter|CustomPartitionRouter|list(SubstreamPartitionRouter|ListPartitionRouter|GroupingPartitionRouter|UnionPartitionRouter|CustomPartitionRouter)",
    ],
  },
  AsyncRetriever: {
    summary: "Creates a job, waits for it, downloads its results.",
    fields: [
      "record_selector!: RecordSelector",
      "status_mapping!: AsyncJobStatusMap",
      "status_extractor!: DpathExtractor|CustomRecordExtractor",
      "download_target_extractor: DpathExtractor|CustomRecordExtractor",
      "download_extractor: DpathExtractor|CustomRecordExtractor|ResponseToFileExtractor",
      "creation_requester!: HttpRequester|CustomRequester",
      "polling_requester!: HttpRequester|CustomRequester",
      "polling_job_timeout: integer|string",
      "failed_retry_wait_time_in_seconds: integer|string",
      "download_target_requester: HttpRequester|CustomRequester",
      "download_requester!: HttpRequester|CustomRequester",
      "download_paginator: DefaultPaginator|NoPagination",
      "abort_requester: HttpRequester|CustomRequester",
      "delete_requester: HttpRequester|CustomRequester",
      "partition_router: ListPartitionRouter|SubstreamPartitionRouter|GroupingPartitionRouter|UnionPartitionRouter|CustomPartitionRouter|list(ListPartitionRouter|SubstreamPartitionRouter|GroupingPartitionRouter|UnionPartitionRouter|CustomPartitionRouter)",
      "decoder: CsvDecoder|GzipDecoder|JsonDecoder|JsonItemsDecoder|JsonlDecoder|IterableDecoder|XmlDecoder|ZipfileDecoder|CustomDecoder",
      "download_decoder: CsvDecoder|GzipDecoder|JsonDecoder|JsonItemsDecoder|JsonlDecoder|IterableDecoder|XmlDecoder|ZipfileDecoder|CustomDecoder",
    ],
  },
  AsyncJobStatusMap: {
    summary: "What the upstream's words for the state of a job mean.",
    fields: [
      "running!: list(string)",
      "completed!: list(string)",
      "failed!: list(string)",
      "timeout!: list(string)",
      "skipped: list(string)",
    ],
  },
  ConditionalStreams: {
    summary: "Streams that exist when a condition holds.",
    fields: ["condition!: string", "streams!: list(DeclarativeStream)"],
  },
  StreamGroup: {
    summary: "Streams that must not run together.",
    fields: ["streams!: list(DeclarativeStream)", "action!: BlockSimultaneousSyncsAction"],
  },
  BlockSimultaneousSyncsAction: {
    summary: "One stream of the group at a time.",
    fields: [],
  },
  CustomRetriever: {
    summary: "Reading by a class of the user.",
    fields: ["class_name!: string"],
  },
  DynamicDeclarativeStream: {
    summary: "Streams made from a template.",
    fields: [
      "name: string",
      "stream_template!: DeclarativeStream|StateDelegatingStream",
      "components_resolver!: HttpComponentsResolver|ConfigComponentsResolver|ParametrizedComponentsResolver",
      "use_parent_parameters: boolean = true",
    ],
  },
  HttpComponentsResolver: {
    summary: "One stream per record of a request.",
    fields: [
      "retriever!: SimpleRetriever|AsyncRetriever|CustomRetriever",
      "components_mapping!: list(ComponentMappingDefinition)",
    ],
  },
  ConfigComponentsResolver: {
    summary: "One stream per entry of the config.",
    fields: [
      "stream_config!: list(StreamConfig)|StreamConfig",
      "components_mapping!: list(ComponentMappingDefinition)",
    ],
  },
  StreamConfig: {
    summary: "Where the config has its entries.",
    fields: ["configs_pointer!: list(string)", "default_values: list(object)"],
  },
  ParametrizedComponentsResolver: {
    summary: "One stream per entry of a list in the manifest.",
    fields: ["stream_parameters!: StreamParametersDefinition", "components_mapping!: list(ComponentMappingDefinition)"],
  },
  StreamParametersDefinition: {
    summary: "The list of entries.",
    fields: ["list_of_parameters_for_stream!: list(object)"],
  },
  ComponentMappingDefinition: {
    summary: "A value of the template, set per stream.",
    fields: [
      "field_path!: list(string)",
      "value!: string",
      "value_type: enum(string,number,integer,boolean)",
      "create_or_update: boolean = false",
      "condition: string",
    ],
  },
} satisfies ComponentTable;
