// What a connector may use of the platform: stores, network, time, and what the ledger knows of its channel.
import {
  channelName,
  toMillraceError,
  type ChannelDefinition,
  type ConnectorContext,
  type MillraceError,
  type RefusedFile,
} from "@millrace/core";
import type { ChannelClaims } from "../load/channel-claims.ts";
import { knownFiles, livingFiles, recordGone, recordRefusal, recordRename } from "../load/file-ledger.ts";
import type { PlatformParts } from "../platform-parts.ts";

/** `onRefused` is called once per refused file version. */
export function connectorContext(
  parts: PlatformParts,
  options: {
    readonly channel: ChannelDefinition;
    readonly projectFolder: string;
    readonly claims: ChannelClaims;
    readonly onRefused: (error: MillraceError) => void;
  },
): ConnectorContext {
  const { channel, claims } = options;
  const name = channelName(channel);
  const log = parts.log.child({ channel: name });
  return {
    channel,
    projectFolder: options.projectFolder,
    objects: parts.objects,
    http: parts.http,
    secrets: parts.secrets,
    clock: parts.clock,
    random: parts.random,
    log,
    metrics: parts.metrics,
    cursor: (stream) => claims.cursor({ channel: name, stream }),
    knownFiles: (paths) => knownFiles(parts.warehouse, name, paths),
    livingFiles: () => livingFiles(parts.warehouse, name),
    renamed: (renamed) => recordRename(parts.warehouse, parts.clock, name, renamed),
    gone: (paths) => recordGone(parts.warehouse, parts.clock, name, paths),
    async refuse(refused: RefusedFile): Promise<void> {
      const error = toMillraceError(refused.error);
      if (!(await recordRefusal(parts.warehouse, parts.clock, name, refused))) return;
      options.onRefused(error);
    },
  };
}
