// Where partitions come from: a list, records of parent streams, and combinations of them. Positions are JSON, so that a walk goes on where it stood.
import { MillraceError } from "@millrace/core";
import { overlayParts, partOf } from "./build-request.ts";
import type { EngineContext, OpenPartitions, PartitionAt, Partitioner, PartitionStart } from "./components.ts";
import type { RequestOption } from "./request.ts";
import type { Fields, StreamSlice } from "./slice.ts";

/** One partition per value. */
export function listPartitioner(options: {
  readonly field: string;
  readonly values: readonly unknown[];
  readonly option?: RequestOption;
}): Partitioner {
  const { field, values, option } = options;
  return {
    open: (_, { position }) => ({
      async *partitions() {
        for (let at = startIn(values, position); at < values.length; at += 1)
          yield { partition: { [field]: values[at] }, extra: {}, position: { at, value: values[at] }, parents: {} };
      },
      parts: ({ partition }) => (isGiven(partition[field]) ? partOf(option, partition[field]) : {}),
      parentStates: () => ({}),
    }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== false && value !== 0;
}

/** A list that has changed is walked from its start. */
function startIn(values: readonly unknown[], position: unknown): number {
  const { at, value } = (position ?? {}) as { readonly at?: unknown; readonly value?: unknown };
  return typeof at === "number" && JSON.stringify(values[at]) === JSON.stringify(value) ? at : 0;
}

/** Every combination; the last one changes fastest. Where two set one field, the first stays. States of parents are not kept. */
export function productPartitioner(parts: readonly Partitioner[]): Partitioner {
  return {
    open(context, start) {
      const positions = Array.isArray(start.position) ? (start.position as unknown[]) : [];
      const opened = parts.map((part) => part.open(context, { parents: {} }));
      return {
        partitions: (signal) => product({ parts, context, opened, signal }, 0, positions),
        // The first one wins.
        parts: (slice) => overlayParts(opened.map((open) => open.parts(slice)).reverse()),
        parentStates: () => ({}),
      };
    },
  };
}

interface ProductWalk {
  readonly parts: readonly Partitioner[];
  readonly context: EngineContext;
  readonly opened: OpenPartitions[];
  readonly signal: AbortSignal;
}

async function* product(walk: ProductWalk, at: number, positions: readonly unknown[]): AsyncGenerator<PartitionAt> {
  const part = walk.parts[at];
  if (part === undefined) return;
  const [here, ...inner] = positions;
  const open = part.open(walk.context, { parents: {}, ...(here === undefined ? {} : { position: here }) });
  walk.opened[at] = open;
  let rest = inner;
  for await (const outer of open.partitions(walk.signal)) {
    if (at === walk.parts.length - 1) yield { ...outer, position: [outer.position] };
    else
      for await (const found of product(walk, at + 1, rest))
        yield {
          partition: { ...found.partition, ...outer.partition },
          extra: { ...found.extra, ...outer.extra },
          position: [outer.position, ...(found.position as unknown[])],
          parents: {},
        };
    rest = [];
  }
}

/** Partitions in groups: each field becomes a list. Groups of other reads may differ, so states by partition do not fit them. */
export function groupingPartitioner(options: {
  readonly of: Partitioner;
  readonly size: number;
  /** Values that came before are left out. */
  readonly distinct: boolean;
}): Partitioner {
  return {
    open(context, { position, parents }) {
      const start = position as { readonly at?: unknown } | undefined;
      const inner = options.of.open(context, { parents, ...(start?.at === undefined ? {} : { position: start.at }) });
      return {
        async *partitions(signal) {
          const seen = new Set<string>();
          let group: PartitionAt[] = [];
          for await (const found of inner.partitions(signal)) {
            const key = singleValue(found.partition, "a grouping");
            if (options.distinct && seen.has(key)) continue;
            seen.add(key);
            group.push(found);
            if (group.length < options.size) continue;
            yield grouped(group);
            group = [];
          }
          if (group.length > 0) yield grouped(group);
        },
        parts: () => ({}),
        parentStates: () => inner.parentStates(),
      };
    },
  };
}

function grouped(group: readonly PartitionAt[]): PartitionAt {
  const names = (of: "partition" | "extra"): string[] => [
    ...new Set(group.flatMap((member) => Object.keys(member[of]))),
  ];
  const lists = (of: "partition" | "extra"): Fields =>
    Object.fromEntries(names(of).map((name) => [name, group.map((member) => member[of][name] ?? null)]));
  const parents = group.at(-1)?.parents ?? {};
  return { partition: lists("partition"), extra: lists("extra"), position: { at: group[0]?.position }, parents };
}

function singleValue(partition: Fields, who: string): string {
  const names = Object.keys(partition).filter((name) => name !== "parent_slice");
  if (names.length === 1) return JSON.stringify(partition[names[0] ?? ""]);
  throw new MillraceError(
    "channel-invalid",
    `${who} takes partitions with one field; received ${names.join(", ") || "none"}.`,
  );
}

/** What any of them gives, each value once. The other fields of a partition move to its extra values. */
export function unionPartitioner(options: {
  readonly field: string;
  readonly of: readonly Partitioner[];
}): Partitioner {
  const { field, of } = options;
  return {
    open(context, { parents, position }) {
      const opened = of.map((part) => part.open(context, { parents }));
      return {
        async *partitions(signal) {
          // Values before the position must be seen again to be left out, so the walk is repeated for them; a value that is gone begins anew.
          let found = false;
          if (position !== undefined)
            for await (const one of united(opened, field, signal)) if ((found ||= one.position === position)) yield one;
          if (!found) yield* united(opened, field, signal);
        },
        parts: () => ({}),
        parentStates: () => joinedStates(opened),
      };
    },
  };
}

async function* united(
  opened: readonly OpenPartitions[],
  field: string,
  signal: AbortSignal,
): AsyncGenerator<PartitionAt> {
  const seen = new Set<string>();
  for (const open of opened)
    for await (const found of open.partitions(signal)) {
      const { [field]: value, ...others } = found.partition;
      const key = JSON.stringify(value);
      if (value === undefined)
        throw new MillraceError("channel-invalid", `A union of partitions takes those with the field "${field}".`);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { ...found, partition: { [field]: value }, extra: { ...found.extra, ...others }, position: key };
    }
}

function joinedStates(opened: readonly OpenPartitions[]): Fields {
  return Object.assign({}, ...opened.map((open) => open.parentStates())) as Fields;
}

/** Several partitioners one after the other: their partitions follow each other, and each adds its own parts. */
export function sequencePartitioner(parts: readonly Partitioner[]): Partitioner {
  return {
    open(context, { position, parents }) {
      const [startAt, inner] = Array.isArray(position) ? (position as [number, unknown]) : [0, undefined];
      const opened = parts.map((part, at) => part.open(context, startOf(parents, at === startAt ? inner : undefined)));
      return {
        async *partitions(signal) {
          for (const [at, open] of opened.entries())
            if (at >= startAt)
              for await (const found of open.partitions(signal)) yield { ...found, position: [at, found.position] };
        },
        parts: (slice: StreamSlice) => overlayParts(opened.map((open) => open.parts(slice))),
        parentStates: () => joinedStates(opened),
      };
    },
  };
}

function startOf(parents: Fields, position: unknown): PartitionStart {
  return { parents, ...(position === undefined ? {} : { position }) };
}
