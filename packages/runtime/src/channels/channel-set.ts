// All channels of the running project: runners for those that are read, batchers for those that receive. A changed project replaces only what changed.
import {
  atLocation,
  channelName,
  didYouMean,
  MillraceError,
  type ChannelDefinition,
  type Connector,
  type ProjectDefinition,
} from "@millrace/core";
import { validateEvents, validateUploads, validateWebhook, type UploadsConfig } from "@millrace/connectors";
import { EventBatcher } from "../ingest/event-batcher.ts";
import type { ChannelClaims, StreamName } from "../load/channel-claims.ts";
import type { Loader } from "../load/loader.ts";
import { channelText } from "../plan/channel-text.ts";
import type { PlannedStream } from "../plan/project-plan.ts";
import type { PlatformLimits } from "../platform-limits.ts";
import type { PlatformParts } from "../platform-parts.ts";
import { validateTrigger } from "../schedule/trigger.ts";
import { ChannelRunner } from "./channel-runner.ts";
import { ChannelState } from "./channel-state.ts";
import { connectorContext } from "./connector-context.ts";

export interface ChannelSetParts {
  readonly platform: PlatformParts;
  readonly limits: PlatformLimits;
  readonly loader: Loader;
  readonly claims: ChannelClaims;
  readonly onRefused: (error: MillraceError) => void;
  readonly onStorageError: (error: MillraceError) => void;
}

/** Channels that receive: what comes goes into the event log first, and a batcher loads it from there. */
const receivers: Readonly<Record<string, (channel: ChannelDefinition) => void>> = {
  events: validateEvents,
  webhook: validateWebhook,
  uploads: validateUploads,
};

function receives(channel: ChannelDefinition): boolean {
  return Object.hasOwn(receivers, channel.connector);
}

/** Uploaded data files are loaded while their sender waits: no log between. */
function loadsAtOnce(channel: ChannelDefinition): boolean {
  return channel.connector === "uploads" && (channel.config as UploadsConfig).as === "rows";
}

/** A channel that neither polls nor follows the log: its requests do the work. */
export interface RequestChannel {
  readonly definition: ChannelDefinition;
  readonly state: ChannelState;
}

export class ChannelSet {
  readonly #parts: ChannelSetParts;
  #runners = new Map<string, ChannelRunner>();
  #batchers = new Map<string, EventBatcher>();
  #requested = new Map<string, RequestChannel>();

  constructor(parts: ChannelSetParts) {
    this.#parts = parts;
  }

  get runners(): readonly ChannelRunner[] {
    return [...this.#runners.values()];
  }

  get batchers(): readonly EventBatcher[] {
    return [...this.#batchers.values()];
  }

  get requested(): readonly RequestChannel[] {
    return [...this.#requested.values()];
  }

  runner(channel: string): ChannelRunner | undefined {
    return this.#runners.get(channel);
  }

  /** Starts new channels, restarts changed ones, ends those that are gone. Unchanged ones go on. Returns the runners that are new. */
  async adopt(project: ProjectDefinition): Promise<readonly ChannelRunner[]> {
    const next = new Map(channelsOf(project).map((channel) => [channelName(channel), channel]));
    const same = (running: ChannelDefinition): boolean => {
      const wanted = next.get(channelName(running));
      return wanted !== undefined && channelText(wanted) === channelText(running);
    };
    for (const [name, runner] of this.#runners)
      if (!same(runner.definition)) {
        await runner.close();
        this.#runners.delete(name);
      }
    for (const [name, batcher] of this.#batchers)
      if (!same(batcher.definition)) {
        await batcher.stop();
        this.#batchers.delete(name);
      }
    const atOnce = [...next].filter(([, channel]) => loadsAtOnce(channel));
    const stateOf = (name: string): ChannelState => this.#requested.get(name)?.state ?? new ChannelState();
    this.#requested = new Map(atOnce.map(([name, definition]) => [name, { definition, state: stateOf(name) }]));
    const fresh: ChannelRunner[] = [];
    for (const [name, channel] of next) {
      if (loadsAtOnce(channel)) continue;
      if (receives(channel)) {
        if (!this.#batchers.has(name)) this.#startBatcher(channel);
      } else if (!this.#runners.has(name)) fresh.push(this.#createRunner(project, channel));
    }
    return fresh;
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.runners.map((runner) => runner.close()),
      ...this.batchers.map((batcher) => batcher.stop()),
    ]);
  }

  #startBatcher(channel: ChannelDefinition): void {
    const { platform, limits, loader, claims, onStorageError } = this.#parts;
    const onRefused = this.refused(channelName(channel));
    const batcher = new EventBatcher(channel, { ...platform, limits, loader, claims, onRefused, onStorageError });
    this.#batchers.set(channelName(channel), batcher);
    batcher.start();
  }

  /** A file or page was refused, the channel goes on: told in the log, in its status and in the report of a finite run. */
  refused(channel: string): (state: ChannelState) => (error: MillraceError) => void {
    return (state) => (error) => {
      this.#parts.platform.log.warn("A file or page was refused.", { channel, error: error.toJSON() });
      state.refused(error.toJSON());
      this.#parts.onRefused(error);
    };
  }

  #createRunner(project: ProjectDefinition, channel: ChannelDefinition): ChannelRunner {
    const { platform, loader, claims, onStorageError } = this.#parts;
    const name = channelName(channel);
    const onRefused = this.refused(name);
    const connector = findConnector(platform.connectors, channel);
    const runner = new ChannelRunner(channel, {
      ...platform,
      loader,
      claims,
      onRefused,
      onStorageError,
      openReader: (state) =>
        connector.open(
          connectorContext(platform, {
            channel,
            projectFolder: project.folder,
            claims,
            onRefused: onRefused(state),
          }),
        ),
    });
    this.#runners.set(name, runner);
    return runner;
  }
}

export function channelsOf(project: ProjectDefinition): readonly ChannelDefinition[] {
  return project.domains.flatMap((domain) => domain.channels);
}

export function streamsOf(project: ProjectDefinition): readonly StreamName[] {
  return channelsOf(project).flatMap((channel) =>
    channel.outputs.map(({ stream }) => ({ channel: channelName(channel), stream })),
  );
}

/** @throws MillraceError channel-invalid, with file and line */
export function validateChannel(connectors: readonly Connector[], channel: ChannelDefinition): void {
  validateTrigger(channel);
  if (receives(channel)) receivers[channel.connector]?.(channel);
  else findConnector(connectors, channel).validate(channel);
}

/** How the streams of a valid channel are read, where its connector can tell. */
export function readingsOf(connectors: readonly Connector[], channel: ChannelDefinition): readonly PlannedStream[] {
  const name = channelName(channel);
  const connector = connectors.find((candidate) => candidate.name === channel.connector);
  return (connector?.readings?.(channel) ?? []).map((reading) => ({ channel: name, ...reading }));
}

function findConnector(connectors: readonly Connector[], channel: ChannelDefinition): Connector {
  const found = connectors.find((connector) => connector.name === channel.connector);
  if (found !== undefined) return found;
  const names = [...Object.keys(receivers), ...connectors.map((connector) => connector.name)];
  throw new MillraceError(
    "channel-invalid",
    `${atLocation(channel.location)}channel ${channelName(channel)}: there is no connector "${channel.connector}"${didYouMean(channel.connector, names)}`,
    { hint: `Connectors: ${names.join(", ")}.` },
  );
}
