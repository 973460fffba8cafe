// The options of `rest()` as data, and the rules between them. Documentation and validation come from here.
import { parseDurationMs, type ContractDefinition, type WriteMode } from "@millrace/core";
import { everyField, intoFields, OptionProblem } from "../authoring/declare-channel.ts";
import {
  bool,
  duration,
  integer,
  number,
  object,
  oneOf,
  parsed,
  record,
  setting,
  settingOrSecret,
  show,
  text,
} from "../authoring/option-checks.ts";
import {
  configFields,
  findProblem,
  optional,
  required,
  type OptionCheck,
  type OptionField,
} from "../authoring/option-fields.ts";
import { authenticationCheck } from "./authentication.ts";
import { parseRecordsPath } from "./json-path.ts";
import { paginationCheck, paginationParams } from "./pagination.ts";
import type { StreamConfig } from "./rest-config.ts";
import { streamProblem } from "./stream-rules.ts";
import {
  changesCheck,
  decodeCheck,
  partitionCheck,
  windowCheck,
  windowFields,
  type Partition,
} from "./stream-shapes.ts";

const streamNames = /^[a-z_][a-z0-9_]{0,62}$/i;
const headerNames = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

const paramCheck: OptionCheck = (value, path) =>
  typeof value === "number" || typeof value === "boolean" ? undefined : setting(value, path);

const startCheck: OptionCheck = (value, path) => (typeof value === "number" ? undefined : text(value, path));

const lookbackCheck: OptionCheck = (value, path) =>
  (typeof value === "number" && value > 0) || (typeof value === "string" && (parseDurationMs(value) ?? 0) > 0)
    ? undefined
    : `"${path}" is a duration such as "10m" for dates and instants, or a number above zero for numbers; received ${show(value)}`;

const sinceFields: readonly OptionField[] = [
  required("field", "string", text, "field of the records whose highest value is kept"),
  optional("param", "string", text, "query parameter that carries it", { default: '"since"' }),
  optional("start", "string | number", startCheck, "value of the first read", { default: "the parameter is left out" }),
  optional("lookback", "duration | number", lookbackCheck, "how far before the highest value each read begins", {
    default: "none",
  }),
  optional("exclusive", "boolean", bool, "true when the upstream answers with values strictly above the parameter", {
    default: "false",
  }),
];

const sinceCheck: OptionCheck = (value, path) =>
  typeof value === "string" ? text(value, path) : findProblem(value, sinceFields, path);

const streamFields: readonly OptionField[] = [
  required("path", "string", text, "path below baseUrl"),
  ...intoFields,
  optional("params", "object", record(paramCheck), "query parameters of every request"),
  optional("records", "string", parsed(parseRecordsPath), "path of the array of records in a page", { default: '"$"' }),
  optional(
    "page",
    "cursor() | page() | offset() | nextUrl() | linkHeader()",
    paginationCheck,
    "how the next page is found",
    {
      default: "one page",
    },
  ),
  optional("method", '"GET" | "POST"', oneOf("GET", "POST"), "method of every request", { default: '"GET"' }),
  optional(
    "body",
    "object",
    record(() => undefined),
    "JSON body of every request; `{field}` stands for a value of the partition",
  ),
  optional(
    "decode",
    "jsonLines() | csv() | xml() | jsonItems() | gzip() | zip()",
    decodeCheck,
    "how answers are read",
    {
      default: "JSON",
    },
  ),
  optional(
    "partition",
    "each() | parent() | list",
    partitionCheck,
    "reads once per value or record; `{field}` in path and params stands for it",
    {
      default: "one read",
    },
  ),
  optional("windows", "object", windowCheck, "reads by time, in windows, with a state for each partition", {
    default: "everything is read each time",
    inner: windowFields,
  }),
  optional(
    "transform",
    "list",
    changesCheck,
    "changes of each record: setField(), removeFields(), flattenRecord(), snakeCaseKeys(), lowerCaseKeys()",
    { default: "none; pages stay as they came" },
  ),
  optional("ahead", "number", integer({ min: 1, max: 16 }), "pages asked for side by side, with page() and offset()", {
    default: "1",
  }),
  optional("since", "string | object", sinceCheck, "reads only what changed, by a field of the records", {
    default: "everything is read each time",
    inner: sinceFields,
  }),
];

/** Kept in the config alone: which streams others take their partitions from. */
const derivedFields: readonly OptionField[] = [
  optional("isParent", "boolean", bool, "other streams take their partitions from it"),
];

const rateFields: readonly OptionField[] = [
  required("requests", "number", integer({ min: 1, max: 100_000 }), "requests within any span of perSeconds"),
  required("perSeconds", "number", number({ min: 0.001, max: 86_400 }), "length of the span"),
];

const retryFields: readonly OptionField[] = [
  optional("attempts", "number", integer({ min: 1, max: 100 }), "tries of one request, the first included", {
    default: "5",
  }),
  optional("base", "duration", duration, "longest wait before the second try; doubles with each further one", {
    default: '"1s"',
  }),
  optional("cap", "duration", duration, "longest wait that the upstream did not ask for", { default: '"30s"' }),
  optional("budget", "duration", duration, "longest time of all waits of one request together", { default: '"10m"' }),
];

const inner: OptionField = {
  ...required("streams", "object", () => undefined, "what is read, by name: each stream fills one table"),
  inner: streamFields,
};

function fieldsWith(streams: OptionField): readonly OptionField[] {
  return [
    required("baseUrl", "string | env()", setting, "address that the paths of the streams are appended to"),
    optional("auth", "bearer() | apiKey() | basic()", authenticationCheck, "how requests prove who they are"),
    optional("headers", "object", record(settingOrSecret, headerNames), "headers of every request"),
    streams,
    optional(
      "rateLimit",
      "object",
      object(rateFields),
      "what the upstream allows, all streams together; never exceeded in any span",
      {
        default: "no limit",
        inner: rateFields,
      },
    ),
    optional("retry", "object", object(retryFields), "how requests that failed are tried again, with full jitter", {
      inner: retryFields,
    }),
    everyField(false, '"5m"'),
    optional("timeout", "duration", duration, "for one request, its body included", { default: '"30s"' }),
  ];
}

/** Fields as the author writes them. */
export const restFields = fieldsWith({ ...inner, check: record(object(streamFields), streamNames) });

/** Fields as the declaration keeps them in its config. */
export const restConfigFields = configFields(
  fieldsWith({ ...inner, check: record(object([...configFields(streamFields), ...derivedFields]), streamNames) }),
);

/** Refuses parents that are not there, and streams that are their own parents. @throws OptionProblem */
export function checkPartitions(streams: Readonly<Record<string, StreamConfig>>): void {
  const parentsOf = (name: string): readonly string[] =>
    ([streams[name]?.partition ?? []].flat() as readonly Partition[]).flatMap((part) =>
      part.kind === "parent" ? [part.stream] : [],
    );
  for (const name of Object.keys(streams)) {
    const seen = new Set<string>();
    const waiting = [...parentsOf(name)];
    for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
      if (streams[parent] === undefined)
        throw new OptionProblem(
          `stream "${name}": its parent "${parent}" is no stream of the channel; they are ${Object.keys(streams).join(", ")}`,
        );
      if (parent === name) throw new OptionProblem(`stream "${name}": it is its own parent`);
      if (!seen.has(parent)) waiting.push(...parentsOf(parent));
      seen.add(parent);
    }
  }
}

/** Refuses streams whose settings contradict each other. @throws OptionProblem */
export function checkStream(
  name: string,
  streams: Readonly<Record<string, StreamConfig>>,
  { contract, write }: { readonly contract: ContractDefinition; readonly write: WriteMode },
): void {
  const fail = (problem: string): never => {
    throw new OptionProblem(`stream "${name}": ${problem}`);
  };
  const config = streams[name] as StreamConfig;
  const problem = streamProblem(config, streams, write);
  if (problem !== undefined) fail(problem);
  const taken = paginationParams(config.page);
  const since = config.since;
  const clash = [...Object.keys(config.params), ...(since === undefined ? [] : [since.param])].find((param) =>
    taken.includes(param),
  );
  if (clash !== undefined) fail(`the parameter "${clash}" is set by "page" already`);
  if (since === undefined) return;
  if (since.param in config.params) fail(`the parameter "${since.param}" is set by "since" already`);
  if (write === "replace")
    fail('"since" reads only what changed, so write: "replace" would lose the rest; use "merge"');
  if (write === "append" && (!since.exclusive || since.lookback !== undefined))
    fail(
      `records at the boundary come again and would be appended twice; give contract "${contract.name}" a key to merge them, or declare since: { exclusive: true } without lookback`,
    );
}
