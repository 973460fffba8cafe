// Answers the data API: compiled requests, ETags from table versions, cached bodies, one query at a time for equal requests. Knows nothing of HTTP's transport.
import { hash } from "node:crypto";
import type { Readable } from "node:stream";
import { MillraceError, type Cache, type CacheEntry, type Metrics, type Warehouse } from "@millrace/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { contentType } from "./answer/media-type.ts";
import { BoundedMap } from "./bounded-map.ts";
import { compileRequest, type CompiledRequest, type CompiledStream, type DataRequest } from "./data-request.ts";
import { Gate } from "./gate.ts";
import { readPage, statusOf } from "./page-answer.ts";
import { answerFault } from "./answer-fault.ts";
import { openRowStream } from "./stream-answer.ts";

export interface DataServiceParts {
  readonly catalogue: Catalogue;
  readonly warehouse: Pick<Warehouse, "query" | "stream">;
  readonly cache: Cache;
  readonly metrics: Metrics;
  /** Where large answers wait for slow clients. */
  readonly spillFolder: string;
}

export interface DataAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Readable | undefined;
}

/** Bounds of the data API's work inside the process. */
export const dataLimits = {
  compiledMax: 2_000,
  compiledKeyCharsMax: 2_048,
  /** Queries that run or wait; more are answered with `overloaded`. */
  queriesMax: 256,
  streamsMax: 8,
  queryTimeoutMs: 30_000,
  streamTimeoutMs: 15 * 60_000,
  /** Of one streamed result: what waits for its client in memory, then in a file. Beyond both, the warehouse is read as fast as the client. */
  streamMemoryBytesMax: 1024 * 1024,
  streamSpillBytesMax: 4 * 1024 ** 3,
} as const;

interface StreamTag {
  readonly etag: string | undefined;
  readonly version: bigint | undefined;
}

interface Compilation {
  readonly request: CompiledRequest;
  /** The ETag of the version that was asked for last. */
  version?: bigint;
  etag?: string;
}

export class DataService {
  readonly #parts: DataServiceParts;
  readonly #compiled: BoundedMap<Compilation>;
  readonly #running = new Map<string, Promise<CacheEntry>>();
  readonly #queries = new Gate("queries", dataLimits.queriesMax);
  readonly #streams = new Gate("streamed results", dataLimits.streamsMax);

  constructor(parts: DataServiceParts) {
    this.#parts = parts;
    this.#compiled = new BoundedMap({
      entriesMax: dataLimits.compiledMax,
      keyCharsMax: dataLimits.compiledKeyCharsMax,
    });
  }

  /** @throws MillraceError not-found, request-invalid, not-acceptable, range-not-satisfiable, overloaded, deadline-exceeded, query-failed */
  async answer(request: DataRequest, ifNoneMatch: string | undefined): Promise<DataAnswer> {
    const compilation = await this.#compile(request);
    const etag = this.#etag(compilation);
    if (etag !== undefined && ifNoneMatch !== undefined && matches(ifNoneMatch, etag))
      return { status: 304, headers: { etag }, body: undefined };
    const version = compilation.version;
    if (compilation.request.kind === "stream") return this.#stream(compilation.request, { etag, version });
    const cached = etag === undefined ? undefined : this.#parts.cache.get(etag);
    const known = cached instanceof Promise ? await cached : cached;
    if (known !== undefined) return toAnswer(known);
    return toAnswer(etag === undefined ? await this.#read(compilation) : await this.#readOnce(compilation, etag));
  }

  async #compile(request: DataRequest): Promise<Compilation> {
    const { catalogue } = this.#parts;
    const key = [
      request.domain,
      request.table,
      request.key,
      request.query,
      request.accept,
      request.prefer,
      request.range,
    ].join("\n");
    const known = this.#compiled.get(key);
    if (known !== undefined && catalogue.isCurrent(known.request.table)) return known;
    const table = await catalogue.table(request.domain, request.table);
    const compilation = { request: compileRequest(request, table) };
    this.#compiled.set(key, compilation);
    return compilation;
  }

  /** Undefined for views: they change with their inputs and with time, so nothing proves that an answer is still right. */
  #etag(compilation: Compilation): string | undefined {
    const version = this.#parts.catalogue.version(compilation.request.table);
    if (version === undefined) return undefined;
    if (compilation.version !== version || compilation.etag === undefined) {
      compilation.etag = this.#etagAt(version, compilation.request);
      compilation.version = version;
    }
    return compilation.etag;
  }

  #etagAt(version: bigint, request: CompiledRequest): string {
    const content = `${this.#parts.catalogue.incarnation}\n${version}\n${request.identity}`;
    return `"${hash("sha256", content, "base64url").slice(0, 27)}"`;
  }

  /** Equal requests that arrive while one of them is read share its answer. */
  #readOnce(compilation: Compilation, etag: string): Promise<CacheEntry> {
    const running = this.#running.get(etag);
    if (running !== undefined) return running;
    const reading = this.#readAndKeep(compilation, etag).finally(() => this.#running.delete(etag));
    this.#running.set(etag, reading);
    return reading;
  }

  /** An answer that was overtaken by a commit may hold either version: it is neither kept nor given an ETag. */
  async #readAndKeep(compilation: Compilation, etag: string): Promise<CacheEntry> {
    const entry = await this.#read(compilation);
    if (this.#etag(compilation) !== etag) return entry;
    const kept = { body: entry.body, headers: { ...entry.headers, etag } };
    await this.#parts.cache.set(etag, kept);
    return kept;
  }

  #read({ request }: Compilation): Promise<CacheEntry> {
    if (request.kind === "stream") throw new MillraceError("internal", "A streamed result is not read as a page.");
    return this.#queries.pass(async () => {
      this.#parts.metrics.count("millrace_data_pages_read_total");
      try {
        return await readPage(request, this.#parts.warehouse, dataLimits.queryTimeoutMs);
      } catch (thrown) {
        throw this.#fault(thrown, request);
      }
    });
  }

  async #stream(request: CompiledStream, tag: StreamTag): Promise<DataAnswer> {
    const leave = this.#streams.enter();
    try {
      const { statement, writer, media } = request;
      const signal = AbortSignal.timeout(dataLimits.streamTimeoutMs);
      const rows = await this.#parts.warehouse.stream(statement.sql, statement.params, { signal });
      const onFault = (thrown: unknown): MillraceError => this.#fault(thrown, request);
      const { streamMemoryBytesMax: memoryBytesMax, streamSpillBytesMax: fileBytesMax } = dataLimits;
      const spill = { folder: this.#parts.spillFolder, memoryBytesMax, fileBytesMax };
      const body = await openRowStream(rows, writer, { onEnd: leave, onFault, spill });
      const unmoved = tag.etag !== undefined && this.#parts.catalogue.version(request.table) === tag.version;
      const headers = { "content-type": contentType(media), ...(unmoved ? { etag: tag.etag } : {}) };
      return { status: 200, headers, body };
    } catch (thrown) {
      leave();
      throw this.#fault(thrown, request);
    }
  }

  #fault(thrown: unknown, request: CompiledRequest): MillraceError {
    const fault = answerFault(thrown, request);
    // The table changed its shape between compiling and asking: the next request compiles anew.
    if (fault.code === "query-invalid") this.#parts.catalogue.invalidate();
    return fault;
  }
}

function toAnswer(entry: CacheEntry): DataAnswer {
  return { status: statusOf(entry), headers: entry.headers, body: entry.body };
}

/** Weak comparison, as RFC 9110 asks for If-None-Match. */
function matches(header: string, etag: string): boolean {
  if (header === etag || header === "*") return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
