// Where a channel's raw objects lie: by domain, channel and day (UTC).
import type { ChannelDefinition } from "@millrace/core";

export function rawPrefix(channel: Pick<ChannelDefinition, "domain" | "name">, nowMs: number): string {
  return `raw/${channel.domain}/${channel.name}/${new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "/")}`;
}
