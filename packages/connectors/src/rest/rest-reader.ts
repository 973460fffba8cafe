// Reads a REST channel: each stream in its turn, from where the ledger says it stands.
import {
  isMillraceError,
  parseDurationMs,
  type Arrival,
  type ChannelOutput,
  type ChannelReader,
  type ConnectorContext,
  channelName,
} from "@millrace/core";
import { rawPrefix } from "../authoring/raw-prefix.ts";
import { resolveCredentials, type Credentials } from "./credentials.ts";
import { parseJsonPath } from "./json-path.ts";
import { createPaginator } from "./paginator.ts";
import { Redactor } from "../rest-engine/redactor.ts";
import { Requester } from "./requester.ts";
import type { RestConfig, StreamConfig } from "./rest-config.ts";
import { sharedLimiter } from "./shared-limiters.ts";
import { sincePath } from "./since-values.ts";
import { baseAddress, streamAddress, withSince } from "./stream-address.ts";
import { fromCursor, type StreamProgress } from "./stream-cursor.ts";
import { StreamPass } from "./stream-pass.ts";

/** Waits of the rate limiter that are worth a line in the log. */
const waitLoggedMs = 5_000;
/** Answers that an expired page token gets. */
const expiredStatus = [400, 404, 410, 422];

export class RestReader implements ChannelReader {
  readonly #context: ConnectorContext;
  readonly #config: RestConfig;

  constructor(context: ConnectorContext, config: RestConfig) {
    this.#context = context;
    this.#config = config;
  }

  /** A stream that fails does not stop the others; the first failure is thrown at the end. */
  async *read(signal: AbortSignal): AsyncGenerator<Arrival> {
    const redactor = new Redactor();
    const credentials = await resolveCredentials(this.#config, this.#context.secrets, redactor);
    const requester = this.#requester(credentials, redactor);
    const failures: unknown[] = [];
    for (const output of this.#context.channel.outputs) {
      if (signal.aborted) return;
      try {
        yield* this.#stream(output, { requester, credentials }, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        failures.push(thrown);
        this.#context.log.warn("stream stopped", { stream: output.stream, error: redactor.clean(String(thrown)) });
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async *#stream(
    output: ChannelOutput,
    { requester, credentials }: { readonly requester: Requester; readonly credentials: Credentials },
    signal: AbortSignal,
  ): AsyncGenerator<Arrival> {
    const config = this.#config.streams[output.stream] as StreamConfig;
    const kind = config.page?.kind ?? "single";
    const committed = await this.#context.cursor(output.stream);
    const stored = fromCursor(committed);
    const usable = stored.pass !== undefined && stored.pass.kind === kind && output.write !== "replace";
    const pass = (progress: StreamProgress, from: typeof committed): StreamPass =>
      new StreamPass(
        { ...this.#passOptions(output, config, progress), requester, kind, credentials: credentials.query },
        progress,
        from,
      );
    if (!usable) return yield* pass(withoutPass(stored), committed).arrivals(signal);
    const resumed = pass(stored, committed);
    const followUp = yield* this.#resume(resumed, stored, { output, signal });
    if (followUp !== undefined) yield* pass(followUp, resumed.committed).arrivals(signal);
  }

  /** Goes on where a crash left off. Returns the progress that a pass from the start should follow with, if one should. */
  async *#resume(
    resumed: StreamPass,
    stored: StreamProgress,
    { output, signal }: { readonly output: ChannelOutput; readonly signal: AbortSignal },
  ): AsyncGenerator<Arrival, StreamProgress | undefined> {
    try {
      yield* resumed.arrivals(signal);
    } catch (thrown) {
      const expired =
        isMillraceError(thrown, "upstream-refused") && expiredStatus.includes(Number(thrown.details?.["status"]));
      // Rows of an append stream that were loaded would be loaded again.
      if (!expired || resumed.fetched > 0 || output.write === "append") throw thrown;
      this.#context.log.warn("the page where the stream stood is gone; it begins again", { stream: output.stream });
      return withoutPass(stored);
    }
    const readsChanges = this.#config.streams[output.stream]?.since !== undefined;
    return readsChanges || resumed.yielded === 0 ? resumed.ended : undefined;
  }

  #passOptions(
    output: ChannelOutput,
    config: StreamConfig,
    progress: StreamProgress,
  ): Omit<ConstructorParameters<typeof StreamPass>[0], "requester" | "kind" | "credentials"> {
    const { secrets, channel, clock } = this.#context;
    const base = streamAddress(baseAddress(this.#config.baseUrl, secrets), config, secrets);
    return {
      context: this.#context,
      stream: output.stream,
      write: output.write,
      paginator: createPaginator(config.page),
      address: withSince(base, config, progress.since),
      records: parseJsonPath(config.records),
      ...(config.since === undefined ? {} : { since: sincePath(config.since.field) }),
      prefix: rawPrefix(channel, clock.nowMs()),
    };
  }

  #requester(credentials: Credentials, redactor: Redactor): Requester {
    const { rateLimit, retry, timeout, baseUrl } = this.#config;
    const { http, clock, log, channel, secrets } = this.#context;
    const limit = rateLimit && { limit: { requests: rateLimit.requests, perMs: rateLimit.perSeconds * 1000 } };
    const onWait = (waitMs: number, reason: string): void => {
      if (waitMs >= waitLoggedMs)
        log.info("waiting before the next upstream request", { reason, waitMs: Math.round(waitMs) });
    };
    return new Requester({
      context: this.#context,
      channel: channelName(channel),
      credentials,
      redactor,
      limiter: sharedLimiter(http, baseAddress(baseUrl, secrets).origin, { clock, onWait, ...limit }),
      backoff: { baseMs: ms(retry.base), capMs: ms(retry.cap), attemptsMax: retry.attempts },
      waitMsMax: ms(retry.budget),
      timeoutMs: ms(timeout),
      personal: channel.outputs.some(({ contract }) => contract.columns.some((column) => column.pii)),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function withoutPass({ since, seen }: StreamProgress): StreamProgress {
  return { ...(since === undefined ? {} : { since }), ...(seen === undefined ? {} : { seen }) };
}

function ms(duration: string): number {
  return parseDurationMs(duration) ?? 0;
}
