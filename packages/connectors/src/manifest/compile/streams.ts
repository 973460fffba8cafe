// DeclarativeStream: its retriever, cursor and partitions as a plan of the engine.
import type { SimpleRetriever, StreamPlan } from "../../rest-engine/components.ts";
import type { UpstreamRules } from "../../rest-engine/manners/manners.ts";
import { Part } from "./compile-context.ts";
import { asyncRetriever } from "./async-retrievers.ts";
import { cursorStrategy } from "./cursors.ts";
import { decoder } from "./decoders.ts";
import { paginator } from "./paginators.ts";
import { partitioner } from "./partitioners.ts";
import { queryProperties } from "./properties.ts";
import { requester } from "./requesters.ts";
import { normaliser } from "./schema-normalisation.ts";
import { selector } from "./selectors.ts";
import { streamSchema } from "../schema/stream-schema.ts";

/** Waits between tries that the upstream says nothing about. */
const jitter = { baseMs: 1000, capMs: 60_000 };
const depthMax = 20;

export interface StreamOptions {
  readonly rules: UpstreamRules;
  /** Jobs of the upstream that one stream may have at a time. */
  readonly jobsMax: number;
  /** A state is known: a StateDelegatingStream then reads its incremental stream. */
  readonly hasState: boolean;
}

/** @throws MillraceError manifest-invalid, manifest-unsupported, template-invalid */
export function compileStream(declared: Part, options: StreamOptions, depth = 0): StreamPlan {
  if (depth > depthMax) throw declared.invalid("retriever", `parents are nested deeper than ${depthMax}`);
  const stream = chosen(declared, options.hasState);
  if (stream.part("file_uploader") !== undefined) throw stream.unsupported("uploading files is not supported");
  const retriever = stream.need("retriever");
  const incremental = stream.part("incremental_sync");
  const parent = (inner: Part): StreamPlan =>
    compileStream(asParent(inner), { ...options, hasState: false }, depth + 1);
  const partitions = partitioner(retriever, parent);
  const cursor =
    incremental === undefined
      ? undefined
      : cursorStrategy(incremental, { stream, partitioned: partitions !== undefined });
  return {
    name: stream.string("name"),
    rules: options.rules,
    jitter,
    retriever: compileRetriever(stream, retriever, options),
    ...(partitions === undefined ? {} : { partitioner: partitions }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function compileRetriever(stream: Part, retriever: Part, { rules, jobsMax }: StreamOptions): StreamPlan["retriever"] {
  if (retriever.type === "SimpleRetriever") return simpleRetriever(stream, retriever, rules);
  if (retriever.type === "AsyncRetriever") return asyncRetriever(stream, retriever, jobsMax);
  throw retriever.unsupported("a CustomRetriever has no stand-in");
}

/** One stream of two, by whether there is a state. */
function chosen(stream: Part, hasState: boolean): Part {
  if (stream.type !== "StateDelegatingStream") return stream;
  const one = stream.need(hasState ? "incremental_stream" : "full_refresh_stream");
  return one.with({ ...one.of, name: stream.of["name"] });
}

function asParent(stream: Part): Part {
  return new Part(stream.of, { ...stream.context, isParent: true });
}

function simpleRetriever(stream: Part, retriever: Part, rules: UpstreamRules): SimpleRetriever {
  const incremental = stream.part("incremental_sync");
  const records = retriever.need("record_selector");
  const normalise = normaliser(records, () => streamSchema(stream.of, stream.context.lines.file));
  const reset = retriever.part("pagination_reset");
  const most = reset?.part("limits")?.integer("number_of_records");
  return {
    kind: "simple",
    requester: requester(retriever.need("requester")),
    decoder: decoder(retriever.part("decoder")),
    selector: selector({
      selector: records,
      transformations: stream.parts("transformations"),
      filtersByCursor: incremental?.is("is_client_side_incremental") === true,
      ...(normalise === undefined ? {} : { normalise }),
    }),
    paginator: paginator(retriever.part("paginator")),
    ...queryProperties(retriever, rules),
    sliceParts: retriever.is("ignore_stream_slicer_parameters_on_paginated_requests") ? "first-page" : "always",
    ...(reset === undefined
      ? {}
      : {
          reset: {
            action: reset.string("action") === "SPLIT_USING_CURSOR" ? "SPLIT_USING_CURSOR" : "RESET",
            ...(most === undefined ? {} : { recordsMax: most }),
          },
        }),
  };
}
