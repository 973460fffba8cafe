// The parts of a stream that stream-shapes.ts declares, as the engine runs them.
import { parseDurationMs } from "@millrace/core";
import { datetimeCursor, type DatetimeCursorOptions, type TimeCodec } from "../rest-engine/cursors/datetime-cursor.ts";
import { parseIsoDuration, type CalendarDuration } from "../rest-engine/cursors/duration.ts";
import { perPartitionCursor } from "../rest-engine/cursors/per-partition-cursor.ts";
import type { CursorStrategy, Decoder, Partitioner, RecordStep, StreamPlan } from "../rest-engine/components.ts";
import {
  csvDecoder,
  gzipDecoder,
  jsonDecoder,
  jsonItemsDecoder,
  jsonLinesDecoder,
  xmlDecoder,
  zipDecoder,
} from "../rest-engine/decoders/decoders.ts";
import { parentPartitioner } from "../rest-engine/parent-partitioner.ts";
import { keepable } from "../rest-engine/keepable.ts";
import { listPartitioner, productPartitioner } from "../rest-engine/partitioners.ts";
import type { RequestOption } from "../rest-engine/request.ts";
import type { StreamSlice } from "../rest-engine/slice.ts";
import {
  addFields,
  flattenFields,
  keysToLower,
  keysToSnakeCase,
  removeFields,
} from "../rest-engine/transformations.ts";
import { instantNanos } from "./high-water.ts";
import { parseJsonPath } from "./json-path.ts";
import type { Decode, Partition, RecordChange, WindowOptions } from "./stream-shapes.ts";

export function decoderOf(decode: Decode | undefined): Decoder {
  switch (decode?.kind) {
    case undefined:
      return jsonDecoder();
    case "json-lines":
      return jsonLinesDecoder();
    case "csv": {
      const { kind: _, nulls, ...options } = decode;
      return csvDecoder({ ...options, ...(nulls === undefined ? {} : { nullTexts: nulls }) });
    }
    case "xml":
      return xmlDecoder();
    case "json-items":
      return jsonItemsDecoder({ path: parseJsonPath(decode.path), required: true });
    case "gzip":
      return gzipDecoder(decoderOf(decode.of));
    case "zip":
      return zipDecoder(decoderOf(decode.of));
  }
}

function inQuery(param: string | undefined): { readonly option?: RequestOption } {
  return param === undefined ? {} : { option: { into: "query", path: [param] } };
}

/** @param planOf the plan of another stream of the channel */
export function partitionerOf(
  partition: Partition | readonly Partition[],
  planOf: (stream: string) => StreamPlan,
): Partitioner {
  const all = [partition].flat() as readonly Partition[];
  const parts = all.map((part) => {
    if (part.kind === "each")
      return listPartitioner({ field: part.field, values: part.values, ...inQuery(part.param) });
    const key = parseJsonPath(part.key);
    const parent = { plan: planOf(part.stream), key, field: part.field, incremental: part.incremental ?? false };
    return parentPartitioner([{ ...parent, ...inQuery(part.param) }]);
  });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : productPartitioner(parts);
}

/** `{field}` in a text becomes a value of the partition. */
export function filled(
  template: string,
  { partition }: StreamSlice,
  encode: (value: string) => string = (value) => value,
): string {
  return template.replaceAll(/\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const value = partition[name];
    return value === undefined ? whole : encode(typeof value === "string" ? value : JSON.stringify(value));
  });
}

export function stepsOf(changes: readonly RecordChange[]): RecordStep[] {
  return changes.map((change) => {
    switch (change.kind) {
      case "set": {
        const { value } = change;
        const valueIn = (slice: StreamSlice): unknown => (typeof value === "string" ? filled(value, slice) : value);
        return addFields([{ path: parseJsonPath(change.path), value: (_, slice) => valueIn(slice) }]);
      }
      case "remove":
        return removeFields(change.paths.map((path) => parseJsonPath(path)));
      case "flatten":
        return flattenFields({ lists: change.lists ?? false });
      case "snake-case":
        return keysToSnakeCase();
      case "lower-case":
        return keysToLower();
    }
  });
}

const micros = { day: 86_400_000_000n, second: 1_000_000n, millisecond: 1_000n };

const codecs: Readonly<Record<NonNullable<WindowOptions["format"]>, TimeCodec & { readonly unit: bigint }>> = {
  instant: { parse: parseTime, format: (at) => `${isoOf(at).slice(0, 19)}Z`, unit: micros.second },
  date: { parse: parseTime, format: (at) => isoOf(at).slice(0, 10), unit: micros.day },
  seconds: {
    parse: (value) => fromNumber(value, micros.second),
    format: (at) => Number(at / micros.second),
    unit: micros.second,
  },
  milliseconds: {
    parse: (value) => fromNumber(value, micros.millisecond),
    format: (at) => Number(at / micros.millisecond),
    unit: micros.millisecond,
  },
};

function isoOf(at: bigint): string {
  return new Date(Number(at / 1000n)).toISOString();
}

function parseTime(value: unknown): bigint | undefined {
  const nanos = typeof value === "string" ? instantNanos(value) : undefined;
  return nanos === undefined ? undefined : nanos / 1000n;
}

function fromNumber(value: unknown, unit: bigint): bigint | undefined {
  const number = Number(keepable(value));
  return value === null || value === "" || !Number.isFinite(number)
    ? undefined
    : BigInt(Math.round(number * Number(unit)));
}

function durationOf(text: string): CalendarDuration {
  return parseIsoDuration(text) ?? { months: 0, micros: BigInt(Math.round((parseDurationMs(text) ?? 0) * 1000)) };
}

const filters = { upstream: "never", here: "in-selector", feed: "behind-paginator" } as const;

export function windowCursor(
  windows: WindowOptions,
  { isPartitioned }: { readonly isPartitioned: boolean },
): CursorStrategy {
  const { unit, ...codec } = codecs[windows.format ?? "instant"];
  const start = parseTime(windows.start) ?? BigInt(Date.parse(windows.start)) * 1000n;
  const options: DatetimeCursorOptions = {
    field: windows.field,
    codec,
    start: () => start,
    // What is newer than the unit of the bounds cannot be asked for.
    end: (now) => now - (now % unit),
    strict: false,
    compares: filters[windows.filter ?? "upstream"],
    ...(windows.step === undefined ? {} : { step: durationOf(windows.step), granularity: { months: 0, micros: unit } }),
    ...(windows.lookback === undefined ? {} : { lookback: durationOf(windows.lookback) }),
    ...(windows.from === undefined ? {} : { startOption: { into: "query", path: [windows.from] } }),
    ...(windows.to === undefined ? {} : { endOption: { into: "query", path: [windows.to] } }),
  };
  return isPartitioned ? perPartitionCursor({ ...options, global: windows.global ?? false }) : datetimeCursor(options);
}
