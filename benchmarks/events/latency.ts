// From accepted to visible at a fixed rate, into a table that already holds many rows. An event is visible with the commit that holds it: the instance
// notes each commit's time and how far into the channel it reaches, which costs the readers and writers nothing. That a commit and visibility are the
// same is shown beside it: once a second a marked event is read back over REST right after its commit was noted.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quantile, rounded, toMiB, type Figure } from "../harness/figure.ts";
import { untilReceived, writeHistory, type EventTable } from "../harness/history.ts";
import { measured } from "../harness/measured-process.ts";
import type { InstanceReady, NotedCommit } from "../harness/millrace-instance.ts";
import { ServedProcess } from "../harness/served-process.ts";
import type { ProducerInput, ProducerOutcome, Sent } from "./open-loop-producer.ts";
import { readBack } from "./read-back.ts";

const eventsPerSecond = 20_000;
const eventsPerRequest = 100;
/** Not measured: the first batches of a start. */
const settleSeconds = (test: LatencyTest): number => Math.min(3, test.seconds / 2);
const goalMs = 250;
const channels = { appended: "append", merged: "merge" } as const;
/** Half of what enters the merged table replaces a row that is there. */
const updatesOf100 = { appended: 0, merged: 50 } as const;

export interface LatencyTest {
  readonly table: EventTable;
  readonly rows: number;
  readonly seconds: number;
}

export async function* latency(folder: string, test: LatencyTest): AsyncGenerator<Figure> {
  const place = mkdtempSync(join(folder, "latency-"));
  try {
    await writeHistory(join(place, "files"), test.table, test.rows);
    await using instance = new ServedProcess<InstanceReady>(
      fileURLToPath(new URL("../harness/millrace-instance.ts", import.meta.url)),
      { folder: place },
    );
    const ready = await instance.ready();
    const began = performance.now();
    await untilReceived(instance, `bench.${channels[test.table]}_history`, test.rows);
    const prefillSeconds = (performance.now() - began) / 1000;
    yield* measure(test, { instance, ready, prefillSeconds });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

interface Stage {
  readonly instance: ServedProcess<InstanceReady>;
  readonly ready: InstanceReady;
  readonly prefillSeconds: number;
}

async function* measure(test: LatencyTest, { instance, ready, prefillSeconds }: Stage): AsyncGenerator<Figure> {
  const channel = `bench.${channels[test.table]}`;
  const headers = { authorization: `Bearer ${ready.token}` };
  await instance.ask("commits");
  const stop = new AbortController();
  const probing = readBack({ instance, url: ready.url, headers, channel, table: test.table }, stop.signal);
  const { result } = await measured<ProducerOutcome>(
    fileURLToPath(new URL("./open-loop-producer.ts", import.meta.url)),
    {
      url: ready.url,
      path: `/ingest/${channel}`,
      headers,
      eventsPerSecond,
      size: eventsPerRequest,
      seconds: settleSeconds(test) + test.seconds,
      rows: test.rows,
      updatesOf100: updatesOf100[test.table],
    } satisfies ProducerInput,
  );
  stop.abort();
  const probes = await probing;
  await untilReceived(instance, channel, result.events + probes.sent);
  await verify(test, { instance, result, probes: probes.sent });
  const commits = (await instance.ask<readonly NotedCommit[]>("commits")).filter((one) => one.channel === channel);
  yield* figures(test, { result, commits, prefillSeconds, probes, peakBytes: (await instance.spent()).peakBytes });
}

/** Every event is in the table once; of merged keys the newest alone. Marked events have negative keys and the amount 0. */
async function verify(
  test: LatencyTest,
  found: { readonly instance: ServedProcess<unknown>; readonly result: ProducerOutcome; readonly probes: number },
): Promise<void> {
  const row = await found.instance.ask<readonly string[]>(
    "query",
    `SELECT count(*), CAST(sum(amount) * 100 AS BIGINT) FROM bench.${test.table}`,
  );
  const rows = test.rows + found.probes + (test.table === "merged" ? found.result.newKeys : found.result.events);
  const expected = [String(rows), String(found.result.cents)];
  if (row.join() !== expected.join()) throw new Error(`expected count and sum ${expected.join()}, found ${row.join()}`);
}

/** For each request after the settling time: how long until the first commit that reaches its end. */
function latencies(
  { sent, settleMs }: { readonly sent: readonly Sent[]; readonly settleMs: number },
  commits: readonly NotedCommit[],
): { accepted: number[]; due: number[] } {
  const ordered = [...sent].sort((a, b) => a.end - b.end);
  const from = (ordered[0]?.dueMs ?? 0) + settleMs;
  const accepted: number[] = [];
  const due: number[] = [];
  let at = 0;
  for (const one of ordered) {
    while (at < commits.length && (commits[at]?.received ?? 0) < one.end) at += 1;
    const commit = commits[at];
    if (commit === undefined) throw new Error(`no commit reaches event ${one.end}`);
    if (one.dueMs < from) continue;
    // A commit may be noted before the client has read its answer: the event was visible when it was accepted.
    accepted.push(Math.max(0, commit.atMs - one.acceptedMs));
    due.push(commit.atMs - one.dueMs);
  }
  return { accepted, due };
}

function* figures(
  test: LatencyTest,
  measuredHere: {
    readonly result: ProducerOutcome;
    readonly commits: readonly NotedCommit[];
    readonly prefillSeconds: number;
    readonly probes: { readonly sent: number; readonly seen: number };
    readonly peakBytes: number;
  },
): Generator<Figure> {
  const suite = "events";
  const name = `${test.table} table of ${test.rows} rows, ${eventsPerSecond} events/s`;
  const { accepted, due } = latencies(
    { sent: measuredHere.result.sent, settleMs: settleSeconds(test) * 1000 },
    measuredHere.commits,
  );
  const figure = (what: string, value: number, unit: string): Figure => ({
    suite,
    name: `${name}, ${what}`,
    value: rounded(value),
    unit,
  });
  yield figure("prefill", measuredHere.prefillSeconds, "s");
  yield figure("accepted to visible, p50", quantile(accepted, 0.5), "ms");
  const p99 = rounded(quantile(accepted, 0.99));
  yield { ...figure("accepted to visible, p99", p99, "ms"), goal: `<= ${goalMs}`, holds: p99 <= goalMs };
  yield figure("due to visible, p99", quantile(due, 0.99), "ms");
  yield figure("commits", measuredHere.commits.length, "commits");
  yield figure("marked events read back over REST after their commit", measuredHere.probes.seen, "events");
  yield figure("peak memory", toMiB(measuredHere.peakBytes), "MiB");
}
