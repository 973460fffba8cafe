// Reads a golden stream with Millrace against the replayed upstream, sync by sync, and says where it first differs from the reference.
import type { Clock, HttpClient } from "@millrace/core";
import { stableJson } from "./canonical.ts";
import { recordDifference, requestDifference } from "./compare.ts";
import { FrozenClock } from "./frozen-clock.ts";
import type { GoldenStream, GoldenSync } from "./golden.ts";
import { ReplayUpstream } from "./replay-upstream.ts";

/** One sync to read: what a user would give, and the world around it. */
export interface SyncJob {
  readonly manifest: string;
  readonly stream: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The reference's state after the sync before; undefined in the first. */
  readonly state: unknown;
  readonly http: HttpClient;
  readonly clock: Clock;
}

export interface SyncRead {
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly state: unknown;
}

/** The reader under test. @throws UnsupportedStream when it says beforehand that it cannot read a stream */
export type ReadSync = (job: SyncJob) => Promise<SyncRead>;

export class UnsupportedStream extends Error {}

export interface StreamResult {
  readonly stream: string;
  readonly outcome: "equal" | "different" | "unsupported";
  /** The first difference, or why it is unsupported. */
  readonly reason?: string;
  /** Where the state that Millrace exports differs from the reference's; no difference of what was read. */
  readonly state?: string;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readAndCompare(
  job: SyncJob,
  golden: GoldenSync,
  upstream: ReplayUpstream,
  read: ReadSync,
): Promise<{ difference?: string; state?: string }> {
  let got: SyncRead = { records: [], state: undefined };
  let failure: string | undefined;
  try {
    got = await read(job);
  } catch (error) {
    if (error instanceof UnsupportedStream) throw error;
    failure = messageOf(error);
  }
  const requests = requestDifference(golden, upstream.seen);
  const found = requests ?? (failure === undefined ? recordDifference(golden, got.records) : undefined);
  const parts = [failure === undefined ? undefined : `failed: ${failure}`, found].filter((part) => part !== undefined);
  const state = stateDifference(golden.state, got.state);
  return { ...(parts.length === 0 ? {} : { difference: parts.join("\n") }), ...(state === undefined ? {} : { state }) };
}

function withoutEmptyParents(state: unknown): unknown {
  const { parent_state: parents, ...rest } = (state ?? {}) as Readonly<Record<string, unknown>>;
  return Object.keys((parents ?? {}) as object).length === 0 ? rest : { ...rest, parent_state: parents };
}

/** Both in Airbyte's shape. Streams without a cursor have no state to speak of. */
function stateDifference(expected: unknown, actual: unknown): string | undefined {
  const [wanted, got] = [stableJson(withoutEmptyParents(expected)), stableJson(withoutEmptyParents(actual))];
  return wanted === got ? undefined : `state\n  reference: ${wanted}\n  Millrace:  ${got}`;
}

/**
 * @param manifest path of the manifest's file
 * @param around wraps the network, so that tests can plant faults
 */
export async function checkStream(
  manifest: string,
  golden: GoldenStream,
  read: ReadSync,
  around: (http: HttpClient) => HttpClient = (http) => http,
): Promise<StreamResult> {
  const { stream, config } = golden;
  if (golden.fault !== undefined) {
    return { stream, outcome: "unsupported", reason: `the reference does not read it: ${golden.fault}` };
  }
  const states: string[] = [];
  for (const [index, sync] of golden.syncs.entries()) {
    const upstream = new ReplayUpstream(sync.exchanges);
    const state = golden.syncs[index - 1]?.state;
    const job: SyncJob = { manifest, stream, config, state, http: around(upstream), clock: new FrozenClock(sync.now) };
    try {
      const result = await readAndCompare(job, sync, upstream, read);
      if (result.difference !== undefined) {
        return { stream, outcome: "different", reason: `sync ${String(index + 1)}: ${result.difference}` };
      }
      if (result.state !== undefined && golden.shape.incremental)
        states.push(`sync ${String(index + 1)}: ${result.state}`);
    } catch (error) {
      return { stream, outcome: "unsupported", reason: messageOf(error) };
    }
  }
  return { stream, outcome: "equal", ...(states[0] === undefined ? {} : { state: states[0] }) };
}
