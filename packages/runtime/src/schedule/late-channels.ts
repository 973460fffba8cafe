// Channels whose data is expected by a certain time: a timer per channel for the moment when it may become late. Told once per deadline, and once more
// when the data came.
import {
  channelName,
  toMillraceError,
  type ChannelDefinition,
  type Clock,
  type CommitEvent,
  type Logger,
  type Metrics,
  type Notifier,
} from "@millrace/core";
import type { ChannelTotals } from "../load/channel-totals.ts";
import { ExpectedArrival } from "./expected-arrival.ts";

export interface LateChannelsParts {
  readonly totals: Pick<ChannelTotals, "of">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
}

export interface Lateness {
  /** As the author wrote it. */
  readonly expectedBy: string;
  /** The deadline that passed. */
  readonly sinceMs: number;
}

interface Watched {
  readonly text: string;
  readonly expected: ExpectedArrival;
  readonly knownSinceMs: number;
  /** The deadline that people were told of. */
  toldMs?: number;
  cancel?: () => void;
}

/** A timer is never longer: clocks jump. */
const lookAgainMs = 3_600_000;

export class LateChannels {
  readonly #parts: LateChannelsParts;
  readonly #watched = new Map<string, Watched>();
  #live = false;

  constructor(parts: LateChannelsParts) {
    this.#parts = parts;
  }

  adopt(channels: readonly ChannelDefinition[]): void {
    const expecting = new Map(channels.map((channel) => [channelName(channel), channel.expectedBy]));
    for (const [name, watched] of this.#watched) if (expecting.get(name) !== watched.text) this.#forget(name, watched);
    for (const [name, text] of expecting) {
      if (text === undefined || this.#watched.has(name)) continue;
      const knownSinceMs = this.#parts.clock.nowMs();
      this.#watched.set(name, { text, expected: new ExpectedArrival(text), knownSinceMs });
      if (this.#live) this.#look(name);
    }
  }

  /** Tells by itself from now on. */
  start(): void {
    this.#live = true;
    for (const name of this.#watched.keys()) this.#look(name);
  }

  heard({ batch }: CommitEvent): void {
    if (this.#live && batch !== undefined && this.#watched.has(batch.channel)) this.#look(batch.channel);
  }

  /** Undefined when nothing is late, or nothing is expected. */
  of(channel: string): Lateness | undefined {
    const watched = this.#watched.get(channel);
    if (watched === undefined) return undefined;
    const { lateSinceMs } = this.#judge(channel, watched);
    return lateSinceMs === undefined ? undefined : { expectedBy: watched.text, sinceMs: lateSinceMs };
  }

  stop(): void {
    this.#live = false;
    for (const { cancel } of this.#watched.values()) cancel?.();
  }

  #judge(channel: string, { expected, knownSinceMs }: Watched): ReturnType<ExpectedArrival["judge"]> {
    const lastMs = this.#parts.totals.of(channel).lastArrivalMs;
    return expected.judge({ nowMs: this.#parts.clock.nowMs(), lastMs, knownSinceMs });
  }

  #look(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined || !this.#live) return;
    const { clock, metrics } = this.#parts;
    const { lateSinceMs, nextMs } = this.#judge(name, watched);
    metrics.gauge("millrace_channel_late", lateSinceMs === undefined ? 0 : 1, { channel: name });
    if (lateSinceMs !== watched.toldMs) this.#tell(name, watched, lateSinceMs);
    watched.cancel?.();
    const waitMs = Math.min(lookAgainMs, Math.max(1, nextMs - clock.nowMs()));
    watched.cancel = clock.after(waitMs, () => this.#look(name));
  }

  #tell(channel: string, watched: Watched, lateSinceMs: number | undefined): void {
    const { notifier, log, totals } = this.#parts;
    const late = lateSinceMs !== undefined;
    if (late) watched.toldMs = lateSinceMs;
    else delete watched.toldMs;
    const lastMs = totals.of(channel).lastArrivalMs;
    const last = lastMs === undefined ? "Nothing has arrived yet." : `Last arrival: ${new Date(lastMs).toISOString()}.`;
    const since = late ? `, due ${new Date(lateSinceMs).toISOString()}` : "";
    if (late) log.warn("A channel is late.", { channel, expectedBy: watched.text, last });
    notifier
      .notify({
        severity: late ? "warning" : "info",
        title: late ? `${channel} is late` : `${channel} has arrived`,
        body: `Expected by ${watched.text}${since}. ${last}`,
        groupKey: `late:${channel}`,
      })
      .catch((error: unknown) =>
        log.error("A notice was not sent.", { channel, error: toMillraceError(error).toJSON() }),
      );
  }

  #forget(name: string, watched: Watched): void {
    watched.cancel?.();
    this.#watched.delete(name);
    this.#parts.metrics.gauge("millrace_channel_late", 0, { channel: name });
  }
}
