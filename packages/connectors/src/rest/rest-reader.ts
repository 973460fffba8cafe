// Reads a REST channel: each stream in its turn, from where the ledger says it stands.
import {
  channelName,
  isMillraceError,
  type Arrival,
  type ChannelOutput,
  type ChannelReader,
  type ConnectorContext,
  type Cursor,
} from "@millrace/core";
import { rawPrefix } from "../authoring/raw-prefix.ts";
import type { Authenticator, EngineContext } from "../rest-engine/components.ts";
import { Redactor } from "../rest-engine/redactor.ts";
import { StreamWalk, type WalkOptions } from "../rest-engine/stream-walk.ts";
import { channelAuthenticator, resolveSecrets } from "./authenticator.ts";
import type { Unfinished } from "./arrival-spools.ts";
import { openReceived, type Received } from "./received.ts";
import { baseAddress } from "./stream-address.ts";
import type { RestConfig } from "./rest-config.ts";
import { fromCursor, toWalk, type StreamProgress } from "./stream-cursor.ts";
import { StreamPass } from "./stream-pass.ts";
import { engineContext, streamPlan } from "./stream-plan.ts";

/** Answers that an expired page token gets. */
const expiredStatus = [400, 404, 410, 422];

interface Opened {
  readonly engine: EngineContext;
  readonly authenticator: Authenticator;
}

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
    await resolveSecrets([this.#config.auth, this.#config.headers], this.#context, redactor);
    const authenticator = channelAuthenticator({
      auth: this.#config.auth,
      headers: this.#config.headers,
      name: channelName(this.#context.channel),
      baseUrl: baseAddress(this.#config.baseUrl, this.#context.secrets).href,
    });
    const opened = { engine: engineContext(this.#context, redactor), authenticator };
    const failures: unknown[] = [];
    for (const output of this.#context.channel.outputs) {
      if (signal.aborted) return;
      try {
        yield* this.#stream(output, opened, signal);
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
    { engine, authenticator }: Opened,
    signal: AbortSignal,
  ): AsyncGenerator<Arrival> {
    const plan = streamPlan(output.stream, { config: this.#config, context: this.#context, authenticator });
    const settings = [this.#config.baseUrl, this.#config.streams];
    await using received = await openReceived(this.#context, output, settings);
    for (const arrival of received.arrivals) yield arrival;
    const { committed, stored, unfinished, spools } = received;
    const isUsable = stored.pass?.kind === plan.retriever.paginator.kind && output.write !== "replace";
    const pass = (progress: StreamProgress, from: Cursor, left?: Unfinished): StreamPass => {
      const context = this.#context;
      const prefix = rawPrefix(context.channel, context.clock.nowMs());
      const walk = (options: WalkOptions): StreamWalk => new StreamWalk(engine, plan, toWalk(progress), options);
      const { stream, write } = output;
      return new StreamPass({ context, stream, write, walk, prefix, spools, unfinished: left }, progress, from);
    };
    const readsChanges = this.#config.streams[output.stream]?.since !== undefined;
    // What was received is a whole pass: without changes to ask for, the next one is for the next read.
    if (received.isWhole && !readsChanges) return await spools.clear();
    if (!isUsable) yield* pass(withoutPass(stored), committed, unfinished).arrivals(signal);
    else {
      const resumed = pass(stored, committed, unfinished);
      const followUp = yield* this.#resume(resumed, received, { output, signal });
      if (followUp !== undefined) yield* pass(followUp, resumed.committed).arrivals(signal);
    }
    await spools.clear();
  }

  /** Goes on where a crash left off. Returns the progress that a pass from the start should follow with, if one should. */
  async *#resume(
    resumed: StreamPass,
    { committed, spools }: Received,
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
      await spools.drop();
      return withoutPass(fromCursor(committed));
    }
    const readsChanges = this.#config.streams[output.stream]?.since !== undefined;
    return readsChanges || resumed.yielded === 0 ? resumed.ended : undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function withoutPass(progress: StreamProgress): StreamProgress {
  const { pass, ...rest } = progress;
  return pass === undefined ? progress : rest;
}
