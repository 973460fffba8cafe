// Components of manifests: partitions. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const partitionsComponents = {
  SubstreamPartitionRouter: {
    summary: "One partition per record of parent streams.",
    fields: ["parent_stream_configs!: list(ParentStreamConfig)"],
  },
  ParentStreamConfig: {
    summary: "A parent stream, and what of its records the child uses.",
    fields: [
      "stream!: DeclarativeStream|StateDelegatingStream",
      "parent_key!: string",
      "partition_field!: string",
      "request_option: RequestOption",
      "incremental_dependency: boolean = false",
      "lazy_read_pointer: list(string)",
      "extra_fields: list(list(string))",
    ],
  },
  ListPartitionRouter: {
    summary: "One partition per value of a list.",
    fields: ["cursor_field!: string", "values!: string|list(string)", "request_option: RequestOption"],
  },
  GroupingPartitionRouter: {
    summary: "Partitions in groups.",
    fields: [
      "group_size!: integer",
      "underlying_partition_router!: ListPartitionRouter|SubstreamPartitionRouter|UnionPartitionRouter|CustomPartitionRouter",
      "deduplicate: boolean = true",
    ],
  },
  UnionPartitionRouter: {
    summary: "The partitions of several routers, each value once.",
    fields: [
      "partition_field!: string",
      "partition_routers!: list(ListPartitionRouter|SubstreamPartitionRouter|UnionPartitionRouter|CustomPartitionRouter)",
    ],
  },
  CustomPartitionRouter: {
    summary: "Partitions by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
