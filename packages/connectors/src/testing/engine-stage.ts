// What the REST engine needs to read from a local server, and short ways to compose streams, for tests.
import { silentMetrics, systemClock, systemRandom, type Clock, type Logger, type Secrets } from "@millrace/core";
import { createHttpClient } from "../http/http-client.ts";
import type { EngineContext, SimpleRetriever, StreamPlan } from "../rest-engine/components.ts";
import { jsonDecoder } from "../rest-engine/decoders/decoders.ts";
import { defaultErrors } from "../rest-engine/errors/default-errors.ts";
import { createManners } from "../rest-engine/manners/upstream-manners.ts";
import { singlePage } from "../rest-engine/paginators.ts";
import { recordSelector } from "../rest-engine/record-selector.ts";
import { Redactor } from "../rest-engine/redactor.ts";
import type { RequestOption, RequestParts } from "../rest-engine/request.ts";
import type { RequestContext } from "../rest-engine/slice.ts";
import { StreamWalk, type WalkProgress } from "../rest-engine/stream-walk.ts";

const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** Secrets in memory; what is kept stays as long as the object. */
export function memorySecrets(
  values: Readonly<Record<string, string>> = {},
): Secrets & { readonly keptValues: Map<string, string> } {
  const keptValues = new Map<string, string>();
  return {
    keptValues,
    kept: {
      get: (name) => {
        const value = keptValues.get(name);
        return Promise.resolve(value === undefined ? undefined : { reveal: () => value });
      },
      put: (name, value) => Promise.resolve(void keptValues.set(name, value)),
    },
    resolve: ({ $secret }) => Promise.resolve({ reveal: () => values[$secret] ?? "" }),
    setting: ({ $env, fallback }) => values[$env] ?? fallback ?? "",
  };
}

export function engineStage(
  options: { readonly clock?: Clock; readonly secrets?: Secrets } = {},
): EngineContext & AsyncDisposable {
  const clock = options.clock ?? systemClock;
  const http = createHttpClient({ clock, allowAddresses: ["127.0.0.1"] });
  return {
    http,
    clock,
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    channel: "shop.feed",
    redactor: new Redactor(),
    personal: false,
    secrets: options.secrets ?? memorySecrets(),
    manners: createManners({ clock, log: silentLog, metrics: silentMetrics }),
    [Symbol.asyncDispose]: () => http.close(),
  };
}

export const inQuery = (name: string): RequestOption => ({ into: "query", path: [name] });

type SimplePlan = StreamPlan & { readonly retriever: SimpleRetriever };

export interface PlanOptions
  extends Partial<Omit<StreamPlan, "retriever">>, Partial<Omit<SimpleRetriever, "kind" | "requester">> {
  readonly method?: string;
  /** Address below the server's. */
  readonly path: string | ((context: RequestContext) => string);
  readonly requestParts?: (context: RequestContext) => RequestParts;
  readonly requester?: Partial<SimpleRetriever["requester"]>;
}

/** A stream of JSON below the address; records are at `data` unless a selector says otherwise. */
export function planOf(address: string, options: PlanOptions): SimplePlan {
  const {
    path,
    method = "GET",
    requestParts = () => ({}),
    requester,
    name = "stream",
    rules,
    jitter,
    partitioner,
    cursor,
    ...retriever
  } = options;
  const url = (context: RequestContext): string => `${address}${typeof path === "string" ? path : path(context)}`;
  return {
    name,
    rules: rules ?? { policies: [], limitStatus: [429], concurrencyMax: 8 },
    jitter: jitter ?? { baseMs: 1, capMs: 5 },
    retriever: {
      kind: "simple",
      requester: {
        template: {
          method,
          url: (context, found) => (found === undefined ? url(context) : new URL(found, address).href),
          parts: requestParts,
        },
        authenticator: { parts: () => Promise.resolve({}) },
        errors: defaultErrors({ attemptsMax: 4, waitMsMax: 2000 }),
        timeoutMs: 5000,
        cached: false,
        ...requester,
      },
      decoder: jsonDecoder({ lenient: true }),
      selector: recordSelector({ path: ["data"] }),
      paginator: singlePage,
      ...retriever,
    },
    ...(partitioner === undefined ? {} : { partitioner }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

export interface ReadResult {
  readonly records: Record<string, unknown>[];
  readonly ended: WalkProgress;
  /** Progress before each page, as JSON would keep it. */
  readonly places: WalkProgress[];
}

/** Reads to the end, or until so many pages came. */
export async function readAll(
  context: EngineContext,
  plan: StreamPlan,
  options: { readonly from?: WalkProgress; readonly pagesMax?: number } = {},
): Promise<ReadResult> {
  const walk = new StreamWalk(context, plan, options.from ?? {});
  const records: Record<string, unknown>[] = [];
  const places: WalkProgress[] = [];
  for await (const page of walk.pages(new AbortController().signal)) {
    places.push(JSON.parse(JSON.stringify(page.before())) as WalkProgress);
    if (places.length > (options.pagesMax ?? Infinity)) break;
    records.push(...(page.content.records as Record<string, unknown>[]));
  }
  return { records, places, ended: JSON.parse(JSON.stringify(walk.ended)) as WalkProgress };
}
