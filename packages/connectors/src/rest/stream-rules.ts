// Settings of one stream of `rest()` that contradict each other, lose rows or have no effect. rest-fields.ts asks for them.
import type { WriteMode } from "@millrace/core";
import type { StreamConfig } from "./rest-config.ts";
import type { Partition, WindowOptions } from "./stream-shapes.ts";

type Streams = Readonly<Record<string, StreamConfig>>;

/** The first problem, for people; undefined when there is none. */
export function streamProblem(config: StreamConfig, streams: Streams, write: WriteMode): string | undefined {
  return (
    aheadProblem(config) ??
    windowProblem(config, write) ??
    incrementalProblem(config, streams, write) ??
    decodeProblem(config)
  );
}

function aheadProblem({ ahead = 1, page }: StreamConfig): string | undefined {
  if (ahead === 1 || page?.kind === "page" || page?.kind === "offset") return undefined;
  return '"ahead" needs page() or offset(): only then the places of pages are known beforehand';
}

/** Windows and what cannot go with them. */
function windowProblem({ windows, since, partition }: StreamConfig, write: WriteMode): string | undefined {
  if (since !== undefined && partition !== undefined)
    return '"since" has one value for the whole stream; with "partition" declare "windows"';
  if (windows === undefined) return undefined;
  if (since !== undefined) return '"windows" and "since" both say what is new; leave one out';
  if (write === "replace")
    return '"windows" reads only what is new, so write: "replace" would lose the rest; use "merge"';
  if (write === "append")
    return 'the newest records come again with the next read of "windows" and would be appended twice; give the contract a key';
  return boundProblem(windows);
}

/** Windows that the upstream is not told of. */
function boundProblem({ step, from, to, filter = "upstream" }: WindowOptions): string | undefined {
  if (step !== undefined && (from === undefined || to === undefined))
    return '"step" needs "from" and "to", the query parameters of its bounds; without both each window brings the same records';
  return filter === "upstream" && from === undefined
    ? 'nothing tells the upstream where "windows" begins; name the query parameter in "from", or let filter: "here" or "feed" leave out what is known'
    : undefined;
}

/** Partitions that follow a parent's state: what cannot go with them, or would have no effect. */
function incrementalProblem({ partition }: StreamConfig, streams: Streams, write: WriteMode): string | undefined {
  const parts = [partition ?? []].flat() as readonly Partition[];
  const part = parts.find((one) => one.kind === "parent" && one.incremental === true);
  if (part?.kind !== "parent") return undefined;
  const what = `"incremental" of parent("${part.stream}")`;
  const parent = streams[part.stream];
  if (parent !== undefined && parent.windows === undefined && parent.since === undefined)
    return `${what} needs "windows" or "since" in stream "${part.stream}": they say which of its records are new`;
  if (parts.length > 1) return `${what} has no effect beside other partitions: every combination is read each time`;
  if (write === "replace")
    return `${what} reads only what is new, so write: "replace" would lose the rest; use "merge"`;
  return write === "append"
    ? `records of ${what} come again with its newest parents and would be appended twice; give the contract a key`
    : undefined;
}

/** Paths of `page` that lead into a document which the decoder never builds. */
function decodeProblem({ decode, page }: StreamConfig): string | undefined {
  let inner = decode;
  while (inner?.kind === "gzip" || inner?.kind === "zip") inner = inner.of;
  const builds = inner?.kind !== "json-items" && inner?.kind !== "csv";
  const leads = page !== undefined && ("path" in page || ("pages" in page && page.pages !== undefined));
  if (builds || !leads) return undefined;
  return `"page" looks for a path in the answer, which ${inner?.kind === "csv" ? "csv()" : "jsonItems()"} reads one by one; use page() without "pages", offset() or linkHeader()`;
}
