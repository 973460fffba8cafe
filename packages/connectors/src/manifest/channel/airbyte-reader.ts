// Reads a channel of a connector manifest: each stream in its turn, from where the ledger says it stands.
import type { Arrival, ChannelOutput, ChannelReader, ConnectorContext, Cursor } from "@millrace/core";
import { rawPrefix } from "../../authoring/raw-prefix.ts";
import { AnswerCache } from "../../rest-engine/answer-cache.ts";
import type { EngineContext, StreamPlan } from "../../rest-engine/components.ts";
import { Redactor } from "../../rest-engine/redactor.ts";
import { StreamWalk, type WalkOptions } from "../../rest-engine/stream-walk.ts";
import type { ArrivalSpools, Unfinished } from "../../rest/arrival-spools.ts";
import { openReceived } from "../../rest/received.ts";
import { toWalk, type StreamProgress } from "../../rest/stream-cursor.ts";
import { StreamPass } from "../../rest/stream-pass.ts";
import { engineContext } from "../../rest/stream-plan.ts";
import { tellWithoutEffect, type AirbyteSource } from "../source/airbyte-source.ts";
import { openSource } from "../source/open-source.ts";
import type { AirbyteConfig } from "./airbyte-config.ts";

interface Opened {
  readonly source: AirbyteSource;
  readonly engine: EngineContext;
  readonly signal: AbortSignal;
}

export class AirbyteReader implements ChannelReader {
  readonly #context: ConnectorContext;
  readonly #config: AirbyteConfig;

  constructor(context: ConnectorContext, config: AirbyteConfig) {
    this.#context = context;
    this.#config = config;
  }

  /** A stream that fails does not stop the others; the first failure is thrown at the end. */
  async *read(signal: AbortSignal): AsyncGenerator<Arrival> {
    const { clock, random, secrets, channel, log } = this.#context;
    const redactor = new Redactor();
    const source = await openSource(this.#config, { clock, random, secrets, redactor });
    const engine = { ...engineContext(this.#context, redactor), answers: new AnswerCache() };
    const listed = new Set(source.streams.map((stream) => stream.string("name")));
    if (channel.outputs.some(({ stream }) => !listed.has(stream))) await source.resolve(engine, signal);
    const failures: unknown[] = [];
    for (const output of channel.outputs) {
      if (signal.aborted) return;
      try {
        yield* this.#stream(output, { source, engine, signal });
      } catch (thrown) {
        if (signal.aborted) return;
        failures.push(thrown);
        log.warn("stream stopped", { stream: output.stream, error: redactor.clean(String(thrown)) });
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async *#stream(output: ChannelOutput, { source, engine, signal }: Opened): AsyncGenerator<Arrival> {
    await using received = await openReceived(this.#context, output, this.#config);
    for (const arrival of received.arrivals) yield arrival;
    const { committed, stored, unfinished, spools } = received;
    const plan = source.plan(output.stream, { hasState: stored.state !== undefined });
    tellWithoutEffect(source, output.stream, this.#context.log);
    const isUsable = stored.pass?.kind === paginationOf(plan) && output.write !== "replace";
    // What was received is a whole pass: without changes to ask for, the next one is for the next read.
    if (received.isWhole && plan.cursor === undefined) return await spools.clear();
    const at = { engine, committed, spools };
    const first = this.#pass(plan, output, { ...at, progress: isUsable ? stored : withoutPass(stored), unfinished });
    yield* first.arrivals(signal);
    // What was read before the interruption may have changed since: streams without a cursor are read from their start again next time.
    if (isUsable && (plan.cursor !== undefined || first.yielded === 0)) {
      const next = { ...at, progress: first.ended, committed: first.committed, unfinished: undefined };
      yield* this.#pass(plan, output, next).arrivals(signal);
    }
    await spools.clear();
  }

  #pass(
    plan: StreamPlan,
    output: ChannelOutput,
    at: {
      readonly engine: EngineContext;
      readonly progress: StreamProgress;
      readonly committed: Cursor;
      readonly spools: ArrivalSpools;
      readonly unfinished: Unfinished | undefined;
    },
  ): StreamPass {
    const context = this.#context;
    const prefix = rawPrefix(context.channel, context.clock.nowMs());
    const walk = (options: WalkOptions): StreamWalk => new StreamWalk(at.engine, plan, toWalk(at.progress), options);
    const { stream, write } = output;
    const { spools, unfinished } = at;
    return new StreamPass({ context, stream, write, walk, prefix, spools, unfinished }, at.progress, at.committed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Name of the pagination that a stored place belongs to. */
function paginationOf({ retriever }: StreamPlan): string {
  return retriever.kind === "simple" ? retriever.paginator.kind : `job-${retriever.downloadPaginator.kind}`;
}

function withoutPass(progress: StreamProgress): StreamProgress {
  const { pass: _pass, ...rest } = progress;
  return rest;
}
