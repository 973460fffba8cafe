// Components of manifests: incremental. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const incrementalComponents = {
  DatetimeBasedCursor: {
    summary: "Reads by time: windows, lookback, several formats, filters.",
    fields: [
      "clamping: object",
      "cursor_field!: string",
      "allow_catalog_defined_cursor_field: boolean",
      "cursor_datetime_formats: list(string)",
      "start_datetime!: MinMaxDatetime|string",
      "start_time_option: RequestOption",
      "end_datetime: MinMaxDatetime|string",
      "end_time_option: RequestOption",
      "datetime_format!: string",
      "cursor_granularity: string",
      "is_data_feed: boolean",
      "is_client_side_incremental: boolean",
      "is_compare_strictly: boolean = false",
      "global_substream_cursor: boolean = false",
      "lookback_window: string",
      "partition_field_end: string",
      "partition_field_start: string",
      "step: string",
    ],
  },
  IncrementingCountCursor: {
    summary: "Reads by a number that grows.",
    fields: [
      "cursor_field!: string",
      "allow_catalog_defined_cursor_field: boolean",
      "start_value: string|integer",
      "start_value_option: RequestOption",
    ],
  },
  MinMaxDatetime: {
    summary: "A date with bounds.",
    fields: ["datetime!: string", "datetime_format: string", "max_datetime: string", "min_datetime: string"],
  },
  LegacyToPerPartitionStateMigration: {
    summary: "Brings old states into the shape by partition.",
    fields: [],
  },
  StateDelegatingStream: {
    summary: "One stream without a state, another with one.",
    fields: [
      "name!: string",
      "full_refresh_stream!: DeclarativeStream",
      "incremental_stream!: DeclarativeStream",
      "api_retention_period: string",
    ],
  },
  CustomStateMigration: {
    summary: "A state's change by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
