// The way in for events: body to NDJSON, early verdict, durable append. The loader judges every event once more.
import {
  channelName,
  didYouMean,
  MillraceError,
  toMillraceError,
  type ChannelDefinition,
  type EventLog,
  type Labels,
  type Metrics,
} from "@millrace/core";
import type { EventsConfig } from "@millrace/connectors";
import type { IngestReceipt, IngestRequest } from "../platform.ts";
import type { PlatformLimits } from "../platform-limits.ts";
import { isStorageError } from "../load/storage-errors.ts";
import type { EventBatcher } from "./event-batcher.ts";
import { readPayload, type RecordJudge } from "./payload.ts";
import { ContractJudge, lateJudge } from "./record-judge.ts";

interface Entrance {
  readonly channel: string;
  readonly connector: string;
  readonly batcher: EventBatcher;
  readonly judge: RecordJudge;
  readonly labels: Labels;
}

export interface IngressParts {
  readonly eventLog: EventLog;
  readonly metrics: Metrics;
  readonly limits: PlatformLimits;
  readonly onStorageError: (error: MillraceError) => void;
}

export class Ingress {
  readonly #onStorageError: IngressParts["onStorageError"];
  readonly #log: EventLog;
  readonly #metrics: Metrics;
  readonly #limits: PlatformLimits;
  readonly #entrances = new Map<string, Entrance>();
  #channels: readonly string[] = [];

  constructor(parts: IngressParts) {
    this.#onStorageError = parts.onStorageError;
    this.#log = parts.eventLog;
    this.#metrics = parts.metrics;
    this.#limits = parts.limits;
  }

  /** Replaces all entrances. `channels`: names of every channel of the project, for messages. */
  adopt(batchers: readonly EventBatcher[], channels: readonly string[]): void {
    this.#channels = channels;
    this.#entrances.clear();
    for (const batcher of batchers) {
      const channel = channelName(batcher.definition);
      const { connector } = batcher.definition;
      const judge = judgeOf(batcher.definition);
      this.#entrances.set(channel, { channel, connector, batcher, judge, labels: { channel } });
    }
  }

  /**
   * Resolves after the events are durable. All of them are stored, also those that the contract refuses.
   *
   * Errors: channel-not-found, request-invalid, request-too-large, overloaded, idempotency-conflict, storage-*; nothing was written then.
   */
  async ingest(channel: string, request: IngestRequest): Promise<IngestReceipt> {
    const entrance = this.#entrances.get(channel);
    if (entrance?.connector !== "events") return this.#unknown(channel);
    return this.#append(entrance, request);
  }

  /** The same for what a channel of another kind has let in: it knows its own callers. @throws MillraceError as ingest, without channel-not-found */
  async append(channel: string, request: IngestRequest): Promise<IngestReceipt> {
    const entrance = this.#entrances.get(channel);
    if (entrance === undefined) throw new MillraceError("overloaded", `Channel ${channel} is being changed.`);
    return this.#append(entrance, request);
  }

  /** Whether the event at this offset of the channel is in its table, or in quarantine. */
  isLoaded(channel: string, offset: bigint): boolean {
    return this.#entrances.get(channel)?.batcher.isLoaded(offset) ?? false;
  }

  /** True once everything that was in the channel's log is loaded; false when the channel cannot go on. */
  async drained(channel: string, signal: AbortSignal): Promise<boolean> {
    const batcher = this.#entrances.get(channel)?.batcher;
    await batcher?.drain(signal);
    return batcher?.backlog().events === 0n && !signal.aborted;
  }

  async #append(entrance: Entrance, request: IngestRequest): Promise<IngestReceipt> {
    const { channel } = entrance;
    this.#refuseOverload(entrance);
    const payload = readPayload(request, this.#limits, entrance.judge);
    const { rejected } = payload;
    const appending = this.#log.append({
      partition: channel,
      payload: payload.bytes,
      count: payload.count,
      ...(request.idempotencyKey === undefined ? {} : { idempotencyKey: request.idempotencyKey }),
    });
    const appended = await appending.catch((error: unknown) => this.#failed(error));
    if (!appended.repeated) {
      entrance.batcher.appended(appended, payload.bytes.byteLength);
      this.#metrics.count("millrace_events_total", payload.count, entrance.labels);
      if (rejected.length > 0) this.#metrics.count("millrace_events_rejected_total", rejected.length, entrance.labels);
    }
    return { received: appended.count, rejected, offset: appended.offset, repeated: appended.repeated };
  }

  #failed(thrown: unknown): never {
    const error = toMillraceError(thrown);
    if (isStorageError(error)) this.#onStorageError(error);
    throw error;
  }

  #refuseOverload({ channel, batcher }: Entrance): void {
    const { backlogEventsMax, backlogBytesMax } = this.#limits;
    const backlog = batcher.backlog();
    if (backlog.events < BigInt(backlogEventsMax) && backlog.bytes < backlogBytesMax) return;
    throw new MillraceError("overloaded", `Channel ${channel} has ${backlog.events} events that wait to be loaded.`, {
      details: { channel, events: Number(backlog.events), bytes: backlog.bytes },
    });
  }

  #unknown(channel: string): never {
    const open = [...this.#entrances.values()].filter(({ connector }) => connector === "events");
    const names = open.map((entrance) => entrance.channel);
    const message = this.#channels.includes(channel)
      ? `Channel ${channel} takes no events here; it is filled another way.`
      : `There is no channel "${channel}"${didYouMean(channel, names)}`;
    throw new MillraceError("channel-not-found", message, {
      hint: `Channels that take events: ${names.join(", ") || "none"}.`,
    });
  }
}

function judgeOf(definition: ChannelDefinition): RecordJudge {
  const contract = definition.outputs[0]?.contract;
  const late = contract === undefined || (definition.config as EventsConfig).validate === "late";
  return late ? lateJudge : new ContractJudge(contract);
}
