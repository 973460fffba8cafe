// What a stream of `rest()` may say beyond pages: decoders, partitions, windows of time and changes of records, as data. stream-parts.ts runs it.
import { parseDurationMs } from "@millrace/core";
import { bool, oneOf, parsed, show, text, texts, variant } from "../authoring/option-checks.ts";
import { findProblem, optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { parseIsoDuration } from "../rest-engine/cursors/duration.ts";
import { parseJsonPath } from "./json-path.ts";

/** How answers are read. Made with jsonLines(), csv(), xml(), jsonItems(), gzip() or zip(); JSON without. */
export type Decode =
  | { readonly kind: "json-lines" }
  | {
      readonly kind: "csv";
      readonly delimiter?: string;
      readonly encoding?: string;
      readonly nulls?: readonly string[];
    }
  | { readonly kind: "xml" }
  | { readonly kind: "json-items"; readonly path: string }
  | { readonly kind: "gzip"; readonly of?: Decode }
  | { readonly kind: "zip"; readonly of?: Decode };

/** A part of a stream that is read by itself. Made with each() or parent(). Its value stands for `{field}` in path, params, body and changes. */
export type Partition =
  | {
      readonly kind: "each";
      readonly field: string;
      readonly values: readonly (string | number)[];
      readonly param?: string;
    }
  | {
      readonly kind: "parent";
      readonly stream: string;
      readonly field: string;
      readonly key: string;
      readonly param?: string;
      readonly incremental?: boolean;
    };

/** Reads by time, in windows from the newest value that was read to now. */
export interface WindowOptions {
  /** Field of the records: an ISO date or instant, or a number in the unit of `format`. */
  readonly field: string;
  /** ISO date or instant of the first read. */
  readonly start: string;
  /** Longest window: `7d` or `P1M`. Default: one window. */
  readonly step?: string;
  /** Read again before the newest value: `1d` or `P1D`. Default: nothing. */
  readonly lookback?: string;
  /** Query parameters of the bounds. Default: none is sent. */
  readonly from?: string;
  readonly to?: string;
  /** How bounds are written. Default: `instant`, such as 2026-01-31T12:00:00Z. */
  readonly format?: "instant" | "date" | "seconds" | "milliseconds";
  /** Who leaves out records outside the window. `feed`: newest come first, and reading ends at the first known one. Default: `upstream`. */
  readonly filter?: "upstream" | "here" | "feed";
  /** One newest value for all partitions instead of one each. Default: false. */
  readonly global?: boolean;
}

/** A change of each record, in order. Made with setField(), removeFields(), flattenRecord(), snakeCaseKeys() or lowerCaseKeys(). */
export type RecordChange =
  | { readonly kind: "set"; readonly path: string; readonly value: string | number | boolean | null }
  | { readonly kind: "remove"; readonly paths: readonly string[] }
  | { readonly kind: "flatten"; readonly lists?: boolean }
  | { readonly kind: "snake-case" }
  | { readonly kind: "lower-case" };

/** One JSON document per line. */
export function jsonLines(): Decode {
  return { kind: "json-lines" };
}

/** Rows named by their first line; values are texts. `nulls`: texts that mean that there is no value. */
export function csv(
  options: { readonly delimiter?: string; readonly encoding?: string; readonly nulls?: readonly string[] } = {},
): Decode {
  return { kind: "csv", ...options };
}

/** Elements as objects: attributes as `@name`, text beside them as `#text`. */
export function xml(): Decode {
  return { kind: "xml" };
}

/** Elements of one list inside a large JSON document, read one by one. */
export function jsonItems(path: string): Decode {
  return { kind: "json-items", path };
}

/** Compressed answers; `of` default JSON. */
export function gzip(of?: Decode): Decode {
  return of === undefined ? { kind: "gzip" } : { kind: "gzip", of };
}

/** Every file of an archive; `of` default JSON. */
export function zip(of?: Decode): Decode {
  return of === undefined ? { kind: "zip" } : { kind: "zip", of };
}

/** One partition per value. `param`: query parameter that carries it. */
export function each(
  field: string,
  values: readonly (string | number)[],
  options: { readonly param?: string } = {},
): Partition {
  return { kind: "each", field, values, ...options };
}

/**
 * One partition per record of another stream of the channel: `key` is the path of its value, `as` the name of the field. `incremental`: only records of
 * the parent that are new by its own windows.
 */
export function parent(
  stream: string,
  options: { readonly key: string; readonly as: string; readonly param?: string; readonly incremental?: boolean },
): Partition {
  const { as, ...rest } = options;
  return { kind: "parent", stream, field: as, ...rest };
}

/** Sets a field at a path; `{field}` in a text stands for a value of the partition. */
export function setField(path: string, value: string | number | boolean | null): RecordChange {
  return { kind: "set", path, value };
}

export function removeFields(...paths: readonly string[]): RecordChange {
  return { kind: "remove", paths };
}

/** Nested fields move to the top; `lists` default false. */
export function flattenRecord(options: { readonly lists?: boolean } = {}): RecordChange {
  return { kind: "flatten", ...options };
}

export function snakeCaseKeys(): RecordChange {
  return { kind: "snake-case" };
}

export function lowerCaseKeys(): RecordChange {
  return { kind: "lower-case" };
}

const path = parsed(parseJsonPath);
const span: OptionCheck = (value, at) =>
  typeof value === "string" && ((parseDurationMs(value) ?? 0) > 0 || parseIsoDuration(value) !== undefined)
    ? undefined
    : `"${at}" is a duration such as "7d" or "P1M"; received ${show(value)}`;
const values: OptionCheck = (value, at) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === "string" || typeof item === "number")
    ? undefined
    : `"${at}" is a list of texts or numbers, at least one`;
const scalar: OptionCheck = (value, at) =>
  value === null || ["string", "number", "boolean"].includes(typeof value)
    ? undefined
    : `"${at}" is text, a number, true, false or null`;
const listOf =
  (check: OptionCheck): OptionCheck =>
  (value, at) =>
    Array.isArray(value)
      ? value.map((item, index) => check(item, `${at}[${index}]`)).find((problem) => problem !== undefined)
      : `"${at}" is a list; received ${show(value)}`;

const inside = optional("of", "decoder", (value, at) => decodeCheck(value, at), "how the unpacked bytes are read", {
  default: "JSON",
});
const ofDecode = variant(
  {
    "json-lines": [],
    csv: [
      optional("delimiter", "string", text, "between the values", { default: '","' }),
      optional("encoding", "string", text, "encoding of the text", { default: '"utf-8"' }),
      optional("nulls", "string[]", texts, "texts that mean that there is no value"),
    ],
    xml: [],
    "json-items": [required("path", "string", path, "path of the list")],
    gzip: [inside],
    zip: [inside],
  },
  'jsonLines(), csv(), xml(), jsonItems("$.data"), gzip() or zip()',
);

export function decodeCheck(value: unknown, at: string): string | undefined {
  return ofDecode(value, at);
}

const ofPartition = variant(
  {
    each: [
      required("field", "string", text, "name of the value"),
      required("values", "(string | number)[]", values, "one partition each"),
      optional("param", "string", text, "query parameter that carries it"),
    ],
    parent: [
      required("stream", "string", text, "another stream of the channel"),
      required("field", "string", text, "name of the value"),
      required("key", "string", path, "path of the value in the parent's records"),
      optional("param", "string", text, "query parameter that carries it"),
      optional("incremental", "boolean", bool, "only parents that are new by their own windows"),
    ],
  },
  'each("region", ["eu", "us"]) or parent("shops", { key: "$.id", as: "shop" })',
);

/** One, or several: then every combination is a partition. */
export const partitionCheck: OptionCheck = (value, at) =>
  Array.isArray(value) ? listOf(ofPartition)(value, at) : ofPartition(value, at);

export const changesCheck: OptionCheck = listOf(
  variant(
    {
      set: [
        required("path", "string", path, "where"),
        required("value", "string | number | boolean | null", scalar, "what"),
      ],
      remove: [required("paths", "string[]", listOf(path), "what is removed")],
      flatten: [optional("lists", "boolean", bool, "lists too")],
      "snake-case": [],
      "lower-case": [],
    },
    "setField(), removeFields(), flattenRecord(), snakeCaseKeys() or lowerCaseKeys()",
  ),
);

const instant: OptionCheck = (value, at) =>
  typeof value === "string" && !Number.isNaN(Date.parse(value))
    ? undefined
    : `"${at}" is an ISO date or instant; received ${show(value)}`;

export const windowFields: readonly OptionField[] = [
  required("field", "string", text, "field of the records that tells their time"),
  required("start", "string", instant, "where the first read begins"),
  optional("step", "duration", span, "longest window", { default: "one window" }),
  optional("lookback", "duration", span, "read again before the newest value", { default: "nothing" }),
  optional("from", "string", text, "query parameter of the begin"),
  optional("to", "string", text, "query parameter of the end"),
  optional("format", "string", oneOf("instant", "date", "seconds", "milliseconds"), "how bounds are written", {
    default: '"instant"',
  }),
  optional("filter", "string", oneOf("upstream", "here", "feed"), "who leaves out records outside the window", {
    default: '"upstream"',
  }),
  optional("global", "boolean", bool, "one newest value for all partitions", { default: "false" }),
];

export const windowCheck: OptionCheck = (value, at) => findProblem(value, windowFields, at);
