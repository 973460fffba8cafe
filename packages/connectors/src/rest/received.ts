// What a stream begins a read with: the committed cursor, and what was received behind it before the process died.
import { channelName, type Arrival, type ChannelOutput, type ConnectorContext, type Cursor } from "@millrace/core";
import { ArrivalSpools, type Unfinished } from "./arrival-spools.ts";
import { fromCursor, type StreamProgress } from "./stream-cursor.ts";

export interface Received extends AsyncDisposable {
  readonly spools: ArrivalSpools;
  /** To be committed first, in this order. */
  readonly arrivals: readonly Arrival[];
  /** The cursor once they are. */
  readonly committed: Cursor;
  /** Pages behind it that are in the spool. */
  readonly unfinished: Unfinished | undefined;
  /** From where the stream goes on. */
  readonly stored: StreamProgress;
  /** The arrivals are the end of a pass, with nothing behind them. */
  readonly isWhole: boolean;
}

/** @param settings of the stream: what was read under others is dropped */
export async function openReceived(
  { channel, objects, cursor }: Pick<ConnectorContext, "channel" | "objects" | "cursor">,
  { stream, write }: Pick<ChannelOutput, "stream" | "write">,
  settings: unknown,
): Promise<Received> {
  const ledger = await cursor(stream);
  const spools = await ArrivalSpools.open(objects, { name: `${channelName(channel)}/${stream}`, settings });
  // A table that is replaced takes the whole pass as one arrival, from its first page on.
  if (write === "replace") await spools.clear();
  const { arrivals, unfinished } = await spools.recover(objects, ledger);
  const committed = arrivals.at(-1)?.after ?? ledger;
  const stored = unfinished?.progress ?? fromCursor(committed);
  return {
    spools,
    arrivals,
    committed,
    unfinished,
    stored,
    isWhole: arrivals.length > 0 && unfinished === undefined && stored.pass === undefined,
    [Symbol.asyncDispose]: () => spools[Symbol.asyncDispose](),
  };
}
