// Partition routers: lists, parent streams, groups, unions, and several of them combined.
import type { Partitioner, SimpleRetriever, StreamPlan } from "../../rest-engine/components.ts";
import {
  groupingPartitioner,
  listPartitioner,
  productPartitioner,
  unionPartitioner,
} from "../../rest-engine/partitioners.ts";
import { parentPartitioner, type ParentStream } from "../../rest-engine/parent-partitioner.ts";
import { jsonValue } from "../template/interpolation.ts";
import { isList, PyTuple } from "../template/python-values.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";
import { optionField } from "./request-options.ts";

/** Compiles the stream of a parent. */
export type CompileParent = (stream: Part) => StreamPlan;

/** The partitioner of a retriever; undefined when it has none. Several routers give every combination. */
export function partitioner(retriever: Part, compile: CompileParent): Partitioner | undefined {
  const routers = retriever.parts("partition_router").map((router) => one(router, compile));
  const [first] = routers;
  return routers.length > 1 ? productPartitioner(routers) : first;
}

function one(router: Part, compile: CompileParent): Partitioner {
  switch (router.type) {
    case "ListPartitionRouter":
      return listPartitioner({
        field: router.string("cursor_field"),
        values: listValues(router),
        ...optionField("option", router.part("request_option")),
      });
    case "SubstreamPartitionRouter":
      return parentPartitioner(router.parts("parent_stream_configs").map((parent) => parentStream(parent, compile)));
    case "GroupingPartitionRouter":
      return groupingPartitioner({
        of: one(router.need("underlying_partition_router"), compile),
        size: Math.max(1, router.integer("group_size") ?? 1),
        distinct: router.of["deduplicate"] !== false,
      });
    case "UnionPartitionRouter":
      return unionPartitioner({
        field: router.string("partition_field"),
        of: router.parts("partition_routers").map((each) => one(each, compile)),
      });
    default:
      return customPart(router, "CustomPartitionRouter");
  }
}

function listValues(router: Part): readonly unknown[] {
  const declared = router.of["values"];
  const value = typeof declared === "string" ? router.value("values") : declared;
  if (value instanceof PyTuple) return value.items.map(jsonValue);
  if (isList(value)) return value.map(jsonValue);
  throw router.invalid("values", `"values" must give a list; it gives ${JSON.stringify(jsonValue(value))}`);
}

function parentStream(parent: Part, compile: CompileParent): ParentStream {
  const plan = compile(parent.need("stream"));
  const extra = parent.of["extra_fields"];
  const pointer = parent.path("lazy_read_pointer");
  return {
    plan: demandPages(parent, plan),
    key: parent.string("parent_key").split("/"),
    field: parent.string("partition_field"),
    incremental: parent.is("incremental_dependency"),
    ...optionField("option", parent.part("request_option")),
    ...(Array.isArray(extra) ? { extraFields: (extra as unknown[][]).map((path) => path.map(String)) } : {}),
    ...(pointer.length === 0 ? {} : { documentPath: pointer }),
  };
}

function demandPages(parent: Part, plan: StreamPlan): StreamPlan & { readonly retriever: SimpleRetriever } {
  const { retriever } = plan;
  if (retriever.kind === "simple") return { ...plan, retriever };
  throw parent.unsupported(`its stream "${plan.name}" reads asynchronous jobs, which cannot be a parent`);
}
