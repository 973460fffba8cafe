// Runs one channel that is read (files, REST): asks its reader for arrivals and commits each before it asks for the next.
import {
  backoffMs,
  channelName,
  defaultBackoff,
  MillraceError,
  toMillraceError,
  type BackoffPolicy,
  type ChannelDefinition,
  type ChannelReader,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
} from "@millrace/core";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { Loader } from "../load/loader.ts";
import { isStorageError } from "../load/storage-errors.ts";
import { cannotBeRead } from "../load/unreadable.ts";
import { ChannelState } from "./channel-state.ts";

export interface ChannelRunnerParts {
  readonly loader: Loader;
  readonly claims: ChannelClaims;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly openReader: (state: ChannelState) => Promise<ChannelReader>;
  readonly backoff?: BackoffPolicy;
  /** What to do with the error of a file or page that was refused while the channel goes on. */
  readonly onRefused: (state: ChannelState) => (error: MillraceError) => void;
  readonly onStorageError: (error: MillraceError) => void;
}

export class ChannelRunner {
  readonly definition: ChannelDefinition;
  readonly state = new ChannelState();
  readonly #parts: ChannelRunnerParts;
  readonly #closing = new AbortController();
  #reader: Promise<ChannelReader> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #unwatch: (() => void) | undefined;

  constructor(definition: ChannelDefinition, parts: ChannelRunnerParts) {
    this.definition = definition;
    this.#parts = parts;
  }

  get name(): string {
    return channelName(this.definition);
  }

  /** Calls `wake` when the source may hold something new, where the connector can tell. */
  async watch(wake: () => void): Promise<void> {
    const reader = await this.#open();
    this.#unwatch = reader.watch?.(wake);
  }

  /**
   * Reads the channel to its end; calls take turns. Transient errors are retried with back-off while the budget lasts, which each committed batch
   * renews; then, and for every other error, the channel's state tells and the call throws. A stopped channel is read again only with `force`.
   */
  async poll(options: { readonly signal: AbortSignal; readonly force?: boolean }): Promise<void> {
    const turn = this.#turn.then(() => this.#poll(options));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for the current arrival, then releases the reader. */
  async close(): Promise<void> {
    this.#unwatch?.();
    this.#closing.abort(new MillraceError("cancelled", `Channel ${this.name} closes.`));
    await this.#turn;
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.[Symbol.asyncDispose]();
  }

  async #poll(options: { readonly signal: AbortSignal; readonly force?: boolean }): Promise<void> {
    if (this.state.state === "stopped" && options.force !== true) return;
    const { clock, random } = this.#parts;
    const backoff = this.#parts.backoff ?? defaultBackoff;
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    this.state.working();
    for (let attempt = 0; ; attempt += 1) {
      const progress = { batches: 0 };
      try {
        await this.#readToEnd(signal, progress);
        this.state.idle();
        return;
      } catch (thrown) {
        const error = toMillraceError(thrown);
        if (signal.aborted) return this.state.idle();
        if (progress.batches > 0) attempt = 0;
        await this.#judge(error, attempt + 1 >= backoff.attemptsMax);
        await clock.sleep(backoffMs(backoff, attempt, random), signal);
        this.state.working();
      }
    }
  }

  async #readToEnd(signal: AbortSignal, progress: { batches: number }): Promise<void> {
    const reader = await this.#open();
    const onRefused = this.#parts.onRefused(this.state);
    for await (const arrival of reader.read(signal)) {
      const output = this.definition.outputs.find((candidate) => candidate.stream === arrival.stream);
      if (output === undefined)
        throw new MillraceError("internal", `Channel ${this.name} has no stream "${arrival.stream}".`);
      const table = `${output.domain}.${output.contract.name}`;
      this.state.arrived((arrival.files ?? []).map((file) => file.path));
      await this.#parts.loader.commit({ channel: this.name, table, arrival, onRefused });
      progress.batches += 1;
      if (signal.aborted) return;
    }
  }

  /** Returns when the error is worth another try; throws it otherwise, with the state set. */
  async #judge(error: MillraceError, exhausted: boolean): Promise<void> {
    const { log, metrics } = this.#parts;
    const fields = { channel: this.name, error: error.toJSON() };
    metrics.count("millrace_channel_failures_total", 1, { channel: this.name, code: error.code });
    if (isStorageError(error)) this.#parts.onStorageError(error);
    // The source may have something better when it is read again.
    const unreadable = cannotBeRead(error);
    if ((error.kind !== "transient" && !unreadable) || (error.code === "batch-fenced" && (await this.#overtaken()))) {
      this.state.stopped(error);
      log.error("A channel stopped.", fields);
      throw error;
    }
    if (exhausted || unreadable) {
      this.state.failing(error);
      log.error("A channel failed; its next trigger tries again.", fields);
      throw error;
    }
    this.state.waiting(error);
    log.warn("A channel is tried again.", fields);
  }

  async #overtaken(): Promise<boolean> {
    for (const { stream } of this.definition.outputs)
      if (!(await this.#parts.claims.current({ channel: this.name, stream }))) return true;
    return false;
  }

  #open(): Promise<ChannelReader> {
    this.#reader ??= this.#parts.openReader(this.state).catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
  }
}
