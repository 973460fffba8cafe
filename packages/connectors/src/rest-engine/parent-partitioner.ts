// Partitions from the records of parent streams, which may have partitions themselves. The walk through a parent is resumed like any other.
import { overlayParts, partOf } from "./build-request.ts";
import type {
  EngineContext,
  OpenPartitions,
  PartitionAt,
  Partitioner,
  PartitionStart,
  StreamPlan,
} from "./components.ts";
import { keepable } from "./keepable.ts";
import { valueAtPath } from "./record-path.ts";
import type { RequestOption } from "./request.ts";
import type { Fields } from "./slice.ts";
import { StreamWalk, type WalkProgress } from "./stream-walk.ts";

export interface ParentStream {
  readonly plan: StreamPlan;
  /** Path of the value in the parent's records. */
  readonly key: readonly string[];
  /** Name of the value in a slice. */
  readonly field: string;
  readonly option?: RequestOption;
  /** The parent is read from its own state: only children of new and changed parents are read. */
  readonly incremental: boolean;
  /** Further values of the parent's record, by the names of their paths joined with dots. */
  readonly extraFields?: readonly (readonly string[])[];
  /** Where the parent's record holds the first page of the child. */
  readonly documentPath?: readonly string[];
}

/** Partitions of several parents follow each other. */
export function parentPartitioner(parents: readonly ParentStream[]): Partitioner {
  return {
    givesDocuments: parents.some(({ documentPath }) => documentPath !== undefined),
    open: (context, start) => new ParentPartitions(context, parents, start),
  };
}

interface ParentPosition {
  readonly parent: number;
  readonly walk: WalkProgress;
  /** Record of the page at which the walk stands. */
  readonly record: number;
}

class ParentPartitions implements OpenPartitions {
  readonly #context: EngineContext;
  readonly #parents: readonly ParentStream[];
  readonly #start: PartitionStart;
  readonly #states: Record<string, unknown>;

  constructor(context: EngineContext, parents: readonly ParentStream[], start: PartitionStart) {
    this.#context = context;
    this.#parents = parents;
    this.#start = start;
    const names = parents.filter((parent) => parent.incremental).map(({ plan }) => plan.name);
    this.#states = Object.fromEntries(Object.entries(start.parents).filter(([name]) => names.includes(name)));
  }

  async *partitions(signal: AbortSignal): AsyncGenerator<PartitionAt> {
    const from = this.#start.position as ParentPosition | undefined;
    for (const [at, parent] of this.#parents.entries()) {
      if (at < (from?.parent ?? 0)) continue;
      yield* this.#ofParent(parent, at, at === from?.parent ? from : undefined, signal);
    }
  }

  async *#ofParent(
    parent: ParentStream,
    at: number,
    from: ParentPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PartitionAt> {
    const { plan, incremental } = parent;
    const state = incremental ? this.#states[plan.name] : undefined;
    const walk = new StreamWalk(this.#context, plan, from?.walk ?? { state });
    let skipped = from?.record ?? 0;
    for await (const page of walk.pages(signal)) {
      const before = page.before();
      for (const [record, fields] of page.content.records.entries()) {
        const value = keepable(valueAtPath(fields, parent.key));
        if (record < skipped || value === undefined || value === null) continue;
        const partition = { [parent.field]: value, parent_slice: page.slice.partition };
        const parents = incremental && before.state !== undefined ? { [plan.name]: before.state } : {};
        yield {
          partition,
          extra: extraOf(fields, parent),
          position: { parent: at, walk: before, record },
          parents,
          ...documentOf(fields, parent),
        };
      }
      skipped = 0;
    }
    if (incremental) this.#states[plan.name] = walk.ended.state ?? {};
  }

  parts({ partition }: Parameters<OpenPartitions["parts"]>[0]): ReturnType<OpenPartitions["parts"]> {
    return overlayParts(
      this.#parents.map(({ option, field }) => (isSet(partition[field]) ? partOf(option, partition[field]) : {})),
    );
  }

  parentStates(): Fields {
    return { ...this.#states };
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0 && value !== false;
}

function extraOf(record: Fields, { extraFields = [] }: ParentStream): Fields {
  return Object.fromEntries(extraFields.map((path) => [path.join("."), keepable(valueAtPath(record, path) ?? null)]));
}

function documentOf(record: Fields, { documentPath }: ParentStream): { readonly document?: unknown } {
  return documentPath === undefined ? {} : { document: valueAtPath(record, documentPath) ?? [] };
}
