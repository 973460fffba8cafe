// `rest()`: declares a channel that reads streams of a REST API. rest-connector.ts reads it.
import type { ChannelDeclaration } from "@millrace/core";
import { declareChannel, demand, OptionProblem, outputOf } from "../authoring/declare-channel.ts";
import type { RestConfig, RestOptions, StreamConfig, StreamOptions } from "./rest-config.ts";
import { checkPartitions, checkStream, restFields } from "./rest-fields.ts";
import type { Partition } from "./stream-shapes.ts";

/** Waits as they are without `retry`. */
const retryDefault = { attempts: 5, base: "1s", cap: "30s", budget: "10m" };

/**
 * Declares a channel that reads streams of a REST API, page by page, each stream into its table. Progress commits with the rows, so that a crash
 * resumes where it was.
 *
 * @example
 * export const flash = rest({
 *   baseUrl: env("SHOP_API"), auth: bearer(secret("SHOP_TOKEN")),
 *   streams: { flash: { path: "/flash-sales", records: "$.data", page: cursor("$.next"), since: "updated_at", into: Promotion } },
 *   rateLimit: { requests: 10, perSeconds: 1 }, every: "30s",
 * });
 * @throws MillraceError channel-invalid, with file and line
 */
export function rest(options: RestOptions): ChannelDeclaration<RestConfig> {
  return declareChannel({ connector: "rest", what: "rest()" }, () => {
    demand(options, restFields);
    const streams = Object.entries(options.streams);
    if (streams.length === 0) throw new OptionProblem('"streams" is empty; declare at least one');
    const outputs = streams.map(([name, stream]) => outputOf(name, stream));
    const config: RestConfig = {
      baseUrl: options.baseUrl,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
      headers: options.headers ?? {},
      streams: Object.fromEntries(
        streams.map(([name, stream]) => [name, streamConfig(stream, parentsOf(streams).has(name))]),
      ),
      ...(options.rateLimit === undefined ? {} : { rateLimit: options.rateLimit }),
      retry: { ...retryDefault, ...options.retry },
      timeout: options.timeout ?? "30s",
    };
    checkPartitions(config.streams);
    for (const output of outputs) checkStream(output.stream, config.streams, output);
    return { config, outputs, every: options.every ?? "5m" };
  });
}

/** Streams whose records are partitions of others. */
function parentsOf(streams: readonly (readonly [string, StreamOptions])[]): ReadonlySet<string> {
  const all = streams.flatMap(([, { partition }]) => [partition ?? []].flat() as readonly Partition[]);
  return new Set(all.flatMap((part) => (part.kind === "parent" ? [part.stream] : [])));
}

function streamConfig(stream: StreamOptions, isParent: boolean): StreamConfig {
  const { method, body, decode, partition, windows, transform, ahead } = stream;
  const given = Object.entries({ method, body, decode, partition, windows, transform, ahead }).filter(
    ([, value]) => value !== undefined,
  );
  const since = typeof stream.since === "string" ? { field: stream.since } : stream.since;
  return {
    path: stream.path,
    params: stream.params ?? {},
    records: stream.records ?? "$",
    ...(stream.page === undefined ? {} : { page: stream.page }),
    ...Object.fromEntries(given),
    ...(isParent ? { isParent } : {}),
    ...(since === undefined ? {} : { since: { param: "since", exclusive: false, ...since } }),
  };
}
