// A finite run: every channel to its end, then held rows and models until nothing changes any more, then deliveries.
import { MillraceError } from "@millrace/core";
import type { Progress } from "../platform.ts";
import type { Works } from "../platform-works.ts";

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Channels that are read at the same time. */
  readonly tasksMax: number;
}

/** Channel and model errors end up in their status; only cancellation throws. */
export async function runToEnd(works: Works, options: RunOptions): Promise<void> {
  const signal = options.signal ?? new AbortController().signal;
  const rows = new Map<string, number>();
  const unsubscribe = works.bus.subscribe(({ batch }) => {
    if (batch === undefined) return;
    const done = (rows.get(batch.channel) ?? 0) + Number(batch.received);
    rows.set(batch.channel, done);
    options.onProgress?.({ subject: batch.channel, done, unit: "rows" });
  });
  try {
    await readChannels(works, options.tasksMax, signal);
    await settleFollowers(works, signal, options.onProgress);
    await works.deliveries.settle(signal);
  } finally {
    unsubscribe();
  }
  if (signal.aborted) throw new MillraceError("cancelled", "The run was cancelled; committed batches stay.");
}

/** Held rows and models until nothing changes any more. */
export async function settleFollowers(
  works: Works,
  signal: AbortSignal,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  let commits = 0;
  const unsubscribe = works.bus.subscribe(() => {
    commits += 1;
  });
  try {
    for (let before = -1; before !== commits && !signal.aborted;) {
      before = commits;
      await works.readmitter.idle();
      await works.models.buildStale(signal, onProgress);
    }
  } finally {
    unsubscribe();
  }
}

async function readChannels(works: Works, tasksMax: number, signal: AbortSignal): Promise<void> {
  const waiting = [...works.channels.runners];
  const reader = async (): Promise<void> => {
    for (let runner = waiting.shift(); runner !== undefined && !signal.aborted; runner = waiting.shift())
      await runner.poll({ signal, force: true }).catch(() => undefined);
  };
  const drains = works.channels.batchers.map((batcher) => batcher.drain(signal));
  await Promise.all([...Array.from({ length: tasksMax }, reader), ...drains]);
}
