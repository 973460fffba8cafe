// A stream of `rest()` as the parts that the engine runs.
import { channelName, parseDurationMs, type ConnectorContext, type StreamReading } from "@millrace/core";
import type {
  Authenticator,
  EngineContext,
  Paginator,
  RecordSelector,
  Requester,
  SimpleRetriever,
  StreamPlan,
} from "../rest-engine/components.ts";
import { AnswerCache } from "../rest-engine/answer-cache.ts";
import { defaultErrors } from "../rest-engine/errors/default-errors.ts";
import { sharedManners } from "../rest-engine/manners/upstream-manners.ts";
import { whyBuilt } from "../rest-engine/read-page.ts";
import { valuesAtPath } from "../rest-engine/record-path.ts";
import { recordSelector } from "../rest-engine/record-selector.ts";
import type { Fields, StreamSlice } from "../rest-engine/slice.ts";
import type { Redactor } from "../rest-engine/redactor.ts";
import { parseRecordsPath } from "./json-path.ts";
import { recordsOf } from "./page-document.ts";
import { createPaginator, type PagePosition } from "./paginator.ts";
import type { RestConfig, StreamConfig } from "./rest-config.ts";
import { sinceCursor } from "./since-cursor.ts";
import { decoderOf, filled, partitionerOf, stepsOf, windowCursor } from "./stream-parts.ts";
import { baseAddress, streamAddress } from "./stream-address.ts";

/** What the engine may use on behalf of a channel. */
export function engineContext(context: ConnectorContext, redactor: Redactor): EngineContext {
  const { http, clock, random, log, metrics, secrets, channel } = context;
  return {
    http,
    clock,
    random,
    log,
    metrics,
    secrets,
    channel: channelName(channel),
    redactor,
    personal: channel.outputs.some(({ contract }) => contract.columns.some((column) => column.pii)),
    manners: sharedManners(http, { clock, log, metrics }),
    answers: new AnswerCache(),
  };
}

/** Requests under way at one upstream, at most. */
const concurrencyMax = 8;

export interface PlanParts {
  readonly config: RestConfig;
  readonly context: Pick<ConnectorContext, "secrets">;
  readonly authenticator: Authenticator;
}

/** @throws MillraceError channel-invalid, secret-missing */
export function streamPlan(name: string, parts: PlanParts): StreamPlan & { readonly retriever: SimpleRetriever } {
  const { config } = parts;
  const stream = config.streams[name] as StreamConfig;
  const { rateLimit, retry } = config;
  const rates = rateLimit === undefined ? [] : [{ limit: rateLimit.requests, intervalMs: rateLimit.perSeconds * 1000 }];
  const { partition, ahead } = stream;
  return {
    name,
    rules: { policies: [{ rates }], limitStatus: [429], concurrencyMax },
    jitter: { baseMs: ms(retry.base), capMs: ms(retry.cap) },
    retriever: {
      kind: "simple",
      requester: requesterOf(stream, parts),
      decoder: decoderOf(stream.decode),
      selector: selectorOf(stream),
      paginator: enginePaginator(stream),
      // Addresses that an upstream hands out carry its parameters already.
      sliceParts: followsAddresses(stream) ? "first-page" : "always",
      ...(ahead === undefined ? {} : { pagesAhead: ahead }),
    },
    ...(partition === undefined ? {} : { partitioner: partitionerOf(partition, (other) => streamPlan(other, parts)) }),
    ...cursorOf(stream, name),
  };
}

/** How each stream is read; needs nothing of the environment. */
export function readingsOf({ streams }: RestConfig): readonly StreamReading[] {
  return Object.entries(streams).map(([name, stream]) => {
    const parts = { decoder: decoderOf(stream.decode), selector: selectorOf(stream), ...cursorOf(stream, name) };
    const because = whyBuilt(parts);
    if (because !== undefined) return { stream: name, reads: "records", because };
    return { stream: name, reads: "bytes", because: "nothing has to look at single records" };
  });
}

function followsAddresses({ page }: StreamConfig): boolean {
  return page?.kind === "next-url" || page?.kind === "link-header";
}

function cursorOf({ since, windows, partition }: StreamConfig, name: string): Pick<StreamPlan, "cursor"> {
  if (windows !== undefined) return { cursor: windowCursor(windows, { isPartitioned: partition !== undefined }) };
  return since === undefined ? {} : { cursor: sinceCursor(since, name) };
}

function requesterOf(stream: StreamConfig, { config, context, authenticator }: PlanParts): Requester {
  const base = baseAddress(config.baseUrl, context.secrets);
  const pagination = createPaginator(stream.page);
  const { body } = stream;
  return {
    template: {
      method: stream.method ?? "GET",
      url: ({ slice, token }) =>
        pagination.address(
          streamAddress(base, inSlice(stream, slice), context.secrets),
          (token ?? null) as PagePosition,
        ).href,
      parts: ({ slice }) => (body === undefined ? {} : { json: filledBody(body, slice) as Fields }),
    },
    authenticator,
    errors: defaultErrors({
      attemptsMax: config.retry.attempts,
      waitMsMax: ms(config.retry.budget),
      renews: authenticator.refresh !== undefined,
    }),
    timeoutMs: ms(config.timeout),
    cached: stream.isParent === true,
  };
}

/** The stream with the values of its partition in path and parameters. */
function inSlice(stream: StreamConfig, slice: StreamSlice): StreamConfig {
  if (stream.partition === undefined) return stream;
  const params = Object.entries(stream.params).map(([name, value]) => [
    name,
    typeof value === "string" ? filled(value, slice) : value,
  ]);
  return {
    ...stream,
    path: filled(stream.path, slice, encodeURIComponent),
    params: Object.fromEntries(params) as StreamConfig["params"],
  };
}

function filledBody(value: unknown, slice: StreamSlice): unknown {
  if (typeof value === "string") return filled(value, slice);
  if (Array.isArray(value)) return value.map((item) => filledBody(item, slice));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filledBody(inner, slice)]));
}

function selectorOf({ records, decode, transform = [] }: StreamConfig): RecordSelector {
  const steps = stepsOf(transform);
  const path = parseRecordsPath(records);
  if (path.includes("*")) {
    const reached = (document: unknown): unknown[] => valuesAtPath(document, path).flatMap((value) => value);
    return { path: undefined, extract: reached, steps };
  }
  // Only JSON has lists that are there when they are empty.
  if (decode !== undefined) return recordSelector({ path, transformations: steps });
  return { path, extract: (document, place) => recordsOf(document, path, place), steps };
}

/** The paginator of the options: the address of a page is made by the template. */
function enginePaginator({ page }: StreamConfig): Paginator {
  const pagination = createPaginator(page);
  const full = page?.kind === "page" ? page.size : page?.kind === "offset" ? page.limit : undefined;
  return {
    kind: page?.kind ?? "single",
    counts: pagination.counts,
    first: undefined,
    parts: () => ({}),
    address: () => undefined,
    next: (page) =>
      pagination.after((page.token ?? null) as PagePosition, {
        // Its paths are names alone, which lead around the records.
        get document() {
          return page.envelope;
        },
        records: page.extracted,
        url: new URL(page.url),
        headers: page.headers,
      }),
    // The place behind a page that is full.
    ...(full === undefined
      ? {}
      : { ahead: (token) => pagination.after((token ?? null) as PagePosition, fullPage(full)) }),
  };
}

function fullPage(records: number): Parameters<ReturnType<typeof createPaginator>["after"]>[1] {
  return { document: {}, records, url: new URL("http://full.page"), headers: {} };
}

function ms(duration: string): number {
  return parseDurationMs(duration) ?? 0;
}
