// What runs by itself while the platform lives: watched and timed channels, builds of stale models, heartbeat, housekeeping.
import { MillraceError, type NewTask } from "@millrace/core";
import type { ChannelRunner } from "../channels/channel-runner.ts";
import type { PlatformLimits } from "../platform-limits.ts";
import type { PlatformParts } from "../platform-parts.ts";
import type { Works } from "../platform-works.ts";
import { keepHouse } from "./housekeeping.ts";
import { keepInstance } from "./instance-heartbeat.ts";
import { TaskWorker } from "./task-worker.ts";
import { Timers } from "./timers.ts";
import { ON_ARRIVAL } from "./trigger.ts";

const POLL = "channel.poll";
const BUILD = "model.build";
/** Subjects of the timers are channels, and deliveries with this before their name. */
const DELIVERY = "delivery:";

export class LiveWork {
  readonly #parts: PlatformParts;
  readonly #limits: PlatformLimits;
  readonly #works: Works;
  readonly #worker: TaskWorker;
  readonly #timers: Timers;
  readonly #instance: string;
  readonly #stopping = new AbortController();
  readonly #watched = new WeakSet<ChannelRunner>();
  /** Channels whose source has told of something new. */
  readonly #changed = new Set<string>();
  readonly #first = new Set<Promise<void>>();
  #commits = 0;
  #stopHousekeeping: (() => Promise<void>) | undefined;
  #leave: (() => Promise<void>) | undefined;

  constructor(parts: PlatformParts, limits: PlatformLimits, works: Works) {
    this.#parts = parts;
    this.#limits = limits;
    this.#works = works;
    this.#instance = parts.random.uuid();
    this.#worker = new TaskWorker({
      ...parts,
      tasks: parts.control.tasks,
      instance: this.#instance,
      leaseMs: limits.taskLeaseMs,
      tasksMax: limits.tasksMax,
      execute: {
        [POLL]: (channel, signal) => this.#poll(channel, signal),
        [BUILD]: (model, signal) => works.models.build(model, signal),
      },
    });
    this.#timers = new Timers({
      schedules: parts.control.schedules,
      clock: parts.clock,
      log: parts.log,
      onDue: (subject) => this.#due(subject),
    });
    works.bus.subscribe(() => {
      this.#commits += 1;
    });
  }

  async start(): Promise<void> {
    const { control, clock, log } = this.#parts;
    const { heartbeatMs, housekeepingMs, historyMax, eventLedgerRowsMax, ruleResultsMax } = this.#limits;
    this.#leave = await keepInstance({ instance: this.#instance, control, clock, log, everyMs: heartbeatMs });
    this.#worker.start();
    this.#stopHousekeeping = keepHouse({
      ...this.#parts,
      everyMs: housekeepingMs,
      historyMax,
      eventLedgerRowsMax,
      ruleResultsMax,
      eventChannels: () =>
        this.#works.channels.batchers.map(({ definition }) => `${definition.domain}.${definition.name}`),
      commits: () => this.#commits,
    });
    await this.projectChanged();
  }

  /** Timers, watchers and first reads of channels that are new; builds of models that are stale. */
  async projectChanged(): Promise<void> {
    const runners = this.#works.channels.runners;
    const timed = runners.filter((runner) => runner.definition.every !== ON_ARRIVAL);
    const { deliveries } = this.#works;
    await this.#timers.adopt(
      new Map([
        ...timed.map((runner) => [runner.name, runner.definition.every] as const),
        ...deliveries.timed.map(({ name, every }) => [`${DELIVERY}${name}`, every] as const),
      ]),
    );
    deliveries.start();
    for (const runner of runners) {
      if (this.#watched.has(runner)) continue;
      this.#watched.add(runner);
      this.#begin(runner);
    }
    this.#works.models.requestStale();
  }

  requestModel(model: string, readyAtMs: number): void {
    this.#enqueue({ kind: BUILD, subject: model, input: null, readyAtMs });
  }

  #due(subject: string): void {
    if (subject.startsWith(DELIVERY)) this.#works.deliveries.request(subject.slice(DELIVERY.length));
    else this.#requestPoll(subject);
  }

  async stop(): Promise<void> {
    this.#timers.stop();
    this.#stopping.abort(new MillraceError("cancelled", "The platform stops."));
    await this.#stopHousekeeping?.();
    await this.#worker.stop();
    await Promise.allSettled(this.#first);
    await this.#leave?.();
  }

  /** The first read needs no task: it must not wait for a lease that an earlier process took with it. */
  #begin(runner: ChannelRunner): void {
    const { log } = this.#parts;
    const first = (async (): Promise<void> => {
      try {
        if (runner.definition.every === ON_ARRIVAL) await runner.watch(() => this.#requestPoll(runner.name, true));
        await runner.poll({ signal: this.#stopping.signal });
      } catch (error) {
        log.debug("The first read of a channel failed.", { channel: runner.name, error: String(error) });
      }
    })().finally(() => this.#first.delete(first));
    this.#first.add(first);
  }

  /** @param changed the source itself says that something is new: also a stopped channel looks again */
  #requestPoll(channel: string, changed = false): void {
    this.#enqueue({ kind: POLL, subject: channel, input: { changed } });
    if (changed) this.#changed.add(channel);
  }

  async #poll(channel: string, signal: AbortSignal): Promise<void> {
    const force = this.#changed.delete(channel);
    await this.#works.channels.runner(channel)?.poll({ signal, force });
  }

  #enqueue(task: NewTask): void {
    this.#worker.enqueue(task);
  }
}
