// Channels and models as people read them: one line each, and the sum that must hold.
import type { ChannelStatus, ModelStatus } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";
import { formatTable } from "./table.ts";

/** received = accepted + quarantined + duplicate, per channel. */
export function channelTable(channels: readonly Wire<ChannelStatus>[]): string {
  if (channels.length === 0) return "no channels";
  return formatTable(
    ["channel", "state", "batches", "received", "accepted", "quarantined", "duplicate", "backlog"],
    channels.map((channel) => [
      channel.channel,
      channel.state,
      channel.batches,
      channel.received,
      channel.accepted,
      channel.quarantined,
      channel.duplicate,
      channel.backlog ?? null,
    ]),
  );
}

export function modelTable(models: readonly Wire<ModelStatus>[]): string {
  return formatTable(
    ["model", "state", "rows", "built"],
    models.map(({ model, state, rows, builtMs }) => [model, state, rows ?? null, when(builtMs)]),
  );
}

/** UTC, to the second. */
export function when(ms: number | undefined): string {
  return ms === undefined
    ? ""
    : new Date(ms)
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z");
}

/** The problems of channels and models, one line each with its hint. */
export function problemLines(
  parts: readonly {
    readonly error?: Wire<{ readonly code: string; readonly message: string; readonly hint: string }>;
  }[],
): string {
  return parts
    .flatMap(({ error }) =>
      error === undefined ? [] : [`error [${error.code}]: ${error.message}\n  hint: ${error.hint}`],
    )
    .join("\n");
}
