// Runs one events channel: gathers what the log holds into micro-batches and commits them. The next batch forms and is archived while the last one
// commits; without events it only waits.
import {
  backoffMs,
  channelName,
  MillraceError,
  toMillraceError,
  type Appended,
  type ChannelDefinition,
  type Clock,
  type EventLog,
  type Logger,
  type Metrics,
  type ObjectStore,
  type Random,
} from "@millrace/core";
import type { EventBatchBounds, EventsConfig } from "@millrace/connectors";
import { ChannelState } from "../channels/channel-state.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { Loader } from "../load/loader.ts";
import { isStorageError } from "../load/storage-errors.ts";
import type { PlatformLimits } from "../platform-limits.ts";
import { Wakeup } from "../schedule/wakeup.ts";
import { BatchPace } from "./batch-pace.ts";
import { EventSource, type PreparedEvents } from "./event-source.ts";
import { LogTrimmer } from "./log-trimmer.ts";

export interface EventBatcherParts {
  readonly eventLog: EventLog;
  readonly objects: ObjectStore;
  readonly loader: Loader;
  readonly claims: ChannelClaims;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits: PlatformLimits;
  /** What to do with the error of archived events that cannot be read; the channel goes on. */
  readonly onRefused: (state: ChannelState) => (error: MillraceError) => void;
  readonly onStorageError: (error: MillraceError) => void;
}

const retry = { baseMs: 100, capMs: 15_000, attemptsMax: Number.POSITIVE_INFINITY };
/** Below this a batch that does not fit into memory is not made smaller. */
const SMALLEST_BATCH_BYTES = 64 * 1024;

export class EventBatcher {
  readonly definition: ChannelDefinition;
  readonly state = new ChannelState();
  readonly #parts: EventBatcherParts;
  readonly #source: EventSource;
  readonly #trimmer: LogTrimmer;
  readonly #table: string;
  readonly #stream: string;
  readonly #bounds: EventBatchBounds;
  readonly #wakeup = new Wakeup();
  readonly #stopping = new AbortController();
  #unsubscribe: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #bytesMax: number;
  /** Offsets: everything before `committed` is in the table, everything before `next` is in the log. */
  #committed = 0n;
  #next = 0n;
  #rangeKnown = false;
  /** Bytes that were appended by this process and not yet taken into a batch, and not yet committed. */
  #untakenBytes = 0;
  #backlogBytes = 0;
  #waitingSinceMs: number | undefined;
  #draining = 0;
  #drained: (() => void)[] = [];
  #commitFailure: { readonly error: unknown } | undefined;
  readonly #pace: BatchPace;

  constructor(definition: ChannelDefinition, parts: EventBatcherParts) {
    this.definition = definition;
    this.#parts = parts;
    const output = definition.outputs[0];
    if (output === undefined) throw new MillraceError("internal", `Channel ${channelName(definition)} has no output.`);
    this.#stream = output.stream;
    this.#table = `${output.domain}.${output.contract.name}`;
    this.#bounds = (definition.config as EventsConfig).batch;
    this.#bytesMax = this.#bounds.bytesMax;
    this.#source = new EventSource(parts, { domain: definition.domain, name: definition.name, stream: output.stream });
    const { trimBytesMax, trimAgeMs, eventBatchEagerBytes: eagerBytes } = parts.limits;
    const { clock } = parts;
    this.#pace = new BatchPace({ clock, ageMs: this.#bounds.ageMs, eagerBytes });
    this.#trimmer = new LogTrimmer({ ...parts, partition: this.#source.partition, trimBytesMax, trimAgeMs });
  }

  start(): void {
    this.#unsubscribe = this.#parts.eventLog.onAppend(this.#source.partition, () => {
      this.#rangeKnown = false;
      this.#wakeup.ring();
    });
    this.#loop = this.#run();
  }

  /** Tells that ingest appended; saves asking the log. */
  appended(entry: Appended, bytes: number): void {
    const next = entry.offset + BigInt(entry.count);
    if (next > this.#next) this.#next = next;
    this.#untakenBytes += bytes;
    this.#backlogBytes += bytes;
    this.#waitingSinceMs ??= this.#parts.clock.monotonicMs();
    this.#wakeup.ring();
  }

  backlog(): { readonly events: bigint; readonly bytes: number } {
    return { events: this.#next - this.#committed, bytes: this.#backlogBytes };
  }

  /** Whether the event at this offset is in the table, or in quarantine. */
  isLoaded(offset: bigint): boolean {
    return this.#committed > offset;
  }

  /** Resolves when everything that was in the log at the call is committed, or the channel cannot go on. */
  async drain(signal?: AbortSignal): Promise<void> {
    this.#draining += 1;
    this.#rangeKnown = false;
    this.#wakeup.ring();
    const { next } = await this.#source.range();
    while (this.#committed < next && this.#going() && signal?.aborted !== true) {
      const more = Promise.withResolvers<void>();
      this.#drained.push(more.resolve);
      signal?.addEventListener("abort", () => more.resolve(), { once: true });
      this.#wakeup.ring();
      await more.promise;
    }
    this.#draining -= 1;
  }

  #going(): boolean {
    return this.state.state !== "stopped" && !this.#stopping.signal.aborted;
  }

  /** Lets the running commit finish; what is in the log stays there for the next start. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#stopping.abort(new MillraceError("cancelled", "The platform stops."));
    await this.#loop;
    await this.#trimmer.stop();
  }

  async #run(): Promise<void> {
    const { clock, random, log, metrics } = this.#parts;
    const signal = this.#stopping.signal;
    const channel = this.#source.partition;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const before = this.#committed;
      try {
        await this.#pump(signal);
      } catch (thrown) {
        const error = toMillraceError(thrown);
        metrics.count("millrace_channel_failures_total", 1, { channel, code: error.code });
        if (isStorageError(error)) this.#parts.onStorageError(error);
        if (this.#committed > before) attempt = 0;
        if (!(await this.#worthRetry(error))) {
          this.state.stopped(error);
          log.error("A channel stopped; its events stay in the log.", { channel, error: error.toJSON() });
          break;
        }
        this.state.waiting(error);
        log.warn("A channel is tried again.", { channel, error: error.toJSON() });
        await clock.sleep(backoffMs(retry, attempt, random), signal).catch(() => undefined);
      }
    }
    this.#wakeDrains();
  }

  async #worthRetry(error: MillraceError): Promise<boolean> {
    if (error.kind !== "transient") return false;
    if (error.code === "warehouse-out-of-memory") {
      this.#bytesMax = Math.max(SMALLEST_BATCH_BYTES, Math.floor(this.#bytesMax / 2));
      return this.#bytesMax > SMALLEST_BATCH_BYTES;
    }
    const name = { channel: this.#source.partition, stream: this.#stream };
    return error.code !== "batch-fenced" || this.#parts.claims.current(name).catch(() => false);
  }

  /** Ends when stopped; throws what went wrong, after the running commit has settled. */
  async #pump(signal: AbortSignal): Promise<void> {
    const name = { channel: this.#source.partition, stream: this.#stream };
    let from = await this.#source.begin(await this.#parts.claims.cursor(name));
    this.#committed = from;
    this.#commitFailure = undefined;
    this.#rangeKnown = false;
    let commit = Promise.resolve();
    try {
      while (await this.#gather(from, signal)) {
        const beganMs = this.#parts.clock.monotonicMs();
        const events = await this.#source.prepare(from, this.#bytesMax);
        if (events === undefined) continue;
        this.#pace.prepared(this.#parts.clock.monotonicMs() - beganMs);
        this.#taken(events);
        from = events.end;
        await commit;
        this.#throwFailure();
        commit = this.#commit(events);
      }
    } finally {
      await commit;
    }
    this.#throwFailure();
  }

  /** Waits until a batch should be closed; false when stopped. */
  async #gather(from: bigint, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts;
    for (;;) {
      if (signal.aborted) return false;
      this.#throwFailure();
      if (!this.#rangeKnown && this.#next <= from) await this.#askRange();
      if (this.#next <= from) {
        if (!this.#pace.committing) this.state.idle();
        await this.#wakeup.wait(clock, { signal });
        continue;
      }
      const waitMs = this.#waitMs();
      if (waitMs <= 0) return true;
      await this.#wakeup.wait(clock, { signal, ms: waitMs });
    }
  }

  /** How long the open batch may still wait for company. */
  #waitMs(): number {
    if (this.#draining > 0 || this.#waitingSinceMs === undefined || this.#untakenBytes >= this.#bytesMax) return 0;
    return this.#pace.waitMs({ bytes: this.#untakenBytes, sinceMs: this.#waitingSinceMs });
  }

  async #askRange(): Promise<void> {
    this.#rangeKnown = true;
    const { next } = await this.#source.range();
    if (next > this.#next) this.#next = next;
  }

  #taken(events: PreparedEvents): void {
    this.#untakenBytes = Math.max(0, this.#untakenBytes - events.bytes);
    const more = this.#next > events.end && events.bytes < this.#bytesMax / 2;
    this.#waitingSinceMs = more ? this.#parts.clock.monotonicMs() : undefined;
  }

  /** Never rejects: the failure is thrown by the pump, which it wakes. */
  async #commit(events: PreparedEvents): Promise<void> {
    const { loader, clock, metrics } = this.#parts;
    const channel = this.#source.partition;
    this.#pace.commitBegan();
    this.state.working();
    try {
      const onRefused = this.#parts.onRefused(this.state);
      await loader.commit({ channel, table: this.#table, arrival: events.arrival, onRefused });
      this.#committed = events.end;
      this.#backlogBytes = Math.max(0, this.#backlogBytes - events.bytes);
      this.#trimmer.committed(events.end, events.bytes);
      const visibleMs = Number(clock.nowMicros() - events.oldestMicros) / 1000;
      metrics.seconds("millrace_event_visible_seconds", Math.max(0, visibleMs) / 1000, { channel });
      metrics.gauge("millrace_event_backlog", Number(this.backlog().events), { channel });
    } catch (error) {
      this.#commitFailure = { error };
    }
    this.#pace.commitEnded();
    this.#wakeDrains();
    this.#wakeup.ring();
  }

  #throwFailure(): void {
    if (this.#commitFailure !== undefined) throw this.#commitFailure.error;
  }

  #wakeDrains(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
