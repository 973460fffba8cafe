// A stream of `rest()` as the parts that the engine runs.
import { channelName, parseDurationMs, type ConnectorContext } from "@millrace/core";
import type {
  EngineContext,
  Paginator,
  RecordSelector,
  StreamPlan,
  SimpleRetriever,
} from "../rest-engine/components.ts";
import { jsonDecoder } from "../rest-engine/decoders/decoders.ts";
import { defaultErrors } from "../rest-engine/errors/default-errors.ts";
import { sharedManners } from "../rest-engine/manners/upstream-manners.ts";
import type { Redactor } from "../rest-engine/redactor.ts";
import type { Credentials } from "./credentials.ts";
import { parseJsonPath } from "./json-path.ts";
import { recordsOf } from "./page-document.ts";
import { createPaginator, type PagePosition } from "./paginator.ts";
import type { RestConfig, StreamConfig } from "./rest-config.ts";
import { sinceCursor } from "./since-cursor.ts";
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
  };
}

/** Requests under way at one upstream, at most. */
const concurrencyMax = 8;

/** @throws MillraceError channel-invalid, secret-missing */
export function streamPlan(
  name: string,
  {
    config,
    context,
    credentials,
  }: { readonly config: RestConfig; readonly context: ConnectorContext; readonly credentials: Credentials },
): StreamPlan & { readonly retriever: SimpleRetriever } {
  const stream = config.streams[name] as StreamConfig;
  const address = streamAddress(baseAddress(config.baseUrl, context.secrets), stream, context.secrets);
  const pagination = createPaginator(stream.page);
  const followsAddresses = stream.page?.kind === "next-url" || stream.page?.kind === "link-header";
  const { rateLimit, retry } = config;
  const rates = rateLimit === undefined ? [] : [{ limit: rateLimit.requests, intervalMs: rateLimit.perSeconds * 1000 }];
  return {
    name,
    rules: { policies: [{ rates }], limitStatus: [429], concurrencyMax },
    jitter: { baseMs: ms(retry.base), capMs: ms(retry.cap) },
    retriever: {
      kind: "simple",
      requester: {
        template: {
          method: "GET",
          url: ({ token }) => pagination.address(address, (token ?? null) as PagePosition).href,
          parts: () => ({}),
        },
        authenticator: {
          parts: () => Promise.resolve({ headers: credentials.headers, query: credentials.query }),
          credentialParams: Object.keys(credentials.query),
        },
        errors: defaultErrors({ attemptsMax: retry.attempts, waitMsMax: ms(retry.budget) }),
        timeoutMs: ms(config.timeout),
        cached: false,
      },
      decoder: jsonDecoder(),
      selector: selectorOf(parseJsonPath(stream.records)),
      paginator: enginePaginator(stream),
      // Addresses that an upstream hands out carry its parameters already.
      sliceParts: followsAddresses ? "first-page" : "always",
    },
    ...(stream.since === undefined ? {} : { cursor: sinceCursor(stream.since, name) }),
  };
}

function selectorOf(path: readonly string[]): RecordSelector {
  return { path, extract: (document, place) => recordsOf(document, path, place), steps: [] };
}

/** The paginator of the options: the address of a page is made by the template. */
function enginePaginator({ page }: StreamConfig): Paginator {
  const pagination = createPaginator(page);
  return {
    kind: page?.kind ?? "single",
    counts: pagination.counts,
    first: undefined,
    parts: () => ({}),
    address: () => undefined,
    next: ({ token, document, extracted, url, headers }) =>
      pagination.after((token ?? null) as PagePosition, { document, records: extracted, url: new URL(url), headers }),
  };
}

function ms(duration: string): number {
  return parseDurationMs(duration) ?? 0;
}
