// Durable events per second over HTTP: Millrace against a bare handler that parses the same bodies, appends them to a file and syncs per group.
// Same client, same connections, in turns; afterwards everything that was acknowledged is looked for where it should be.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, median, rounded, toMiB, type Figure } from "../harness/figure.ts";
import { untilReceived } from "../harness/history.ts";
import { measured } from "../harness/measured-process.ts";
import type { InstanceReady } from "../harness/millrace-instance.ts";
import { ServedProcess } from "../harness/served-process.ts";
import type { BodyFormat } from "./event-bodies.ts";
import type { ClientInput, ClientOutcome } from "./ingest-client.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const baselineName = "bare Fastify handler that parses the body, appends it to a file and syncs per group";
const connections = 64;
const warmUpSecondsMax = 2;
const loadTimeoutMs = 120_000;

export interface Throughput {
  readonly size: number;
  readonly format: BodyFormat;
  /** Measured seconds of each side, all runs together. */
  readonly seconds: number;
  readonly runs: number;
  readonly goal?: number;
}

interface Side {
  readonly outcomes: ClientOutcome[];
  readonly target: Pick<ClientInput, "url" | "path" | "headers">;
  readonly process: ServedProcess<unknown>;
  /** What the server had spent before the first request. */
  readonly startSeconds: number;
}

export async function* throughput(folder: string, test: Throughput): AsyncGenerator<Figure> {
  const place = mkdtempSync(join(folder, "events-"));
  try {
    await using bare = new ServedProcess<Side["target"]>(script("./bare-ingest.ts"), { folder: place });
    await using millrace = new ServedProcess<InstanceReady>(script("../harness/millrace-instance.ts"), {
      folder: place,
    });
    const { url, token } = await millrace.ready();
    const target = { url, path: "/ingest/bench.append", headers: { authorization: `Bearer ${token}` } };
    const baseline = await sideOf(bare, await bare.ready());
    const subject = await sideOf(millrace, target);
    const lags: number[] = [];
    for (let run = 0; run < test.runs; run += 1) {
      await drive(baseline, test);
      await drive(subject, test);
      const sent = total(subject, "events");
      lags.push(sent - (await millrace.ask<number>("received", "bench.append")));
      // The next side is measured on a machine that has nothing else to do.
      await untilReceived(millrace, "bench.append", sent, loadTimeoutMs);
    }
    await verify(baseline, subject);
    yield* figures(test, { baseline, subject, lag: median(lags) });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function sideOf(process: ServedProcess<unknown>, target: Side["target"]): Promise<Side> {
  return { outcomes: [], target, process, startSeconds: (await process.spent()).processorSeconds };
}

async function drive(side: Side, { size, format, seconds, runs }: Throughput): Promise<void> {
  const { result } = await measured<ClientOutcome>(script("./ingest-client.ts"), {
    ...side.target,
    size,
    format,
    connections,
    warmUpSeconds: Math.min(warmUpSecondsMax, seconds / runs / 2),
    seconds: seconds / runs,
  } satisfies ClientInput);
  side.outcomes.push(result);
}

function total(side: Side, what: "events" | "cents" | "bytes" | "requests" | "refusals"): number {
  return side.outcomes.reduce((sum, outcome) => sum + outcome[what], 0);
}

/** Acknowledged = stored, on both sides; Millrace's also by their sum. */
async function verify(baseline: Side, subject: Side): Promise<void> {
  const stored = await baseline.process.ask<{ events: number; bytes: number }>("stored");
  const bytes = total(baseline, "bytes") + total(baseline, "requests");
  if (stored.events !== total(baseline, "events") || stored.bytes !== bytes)
    throw new Error(`the bare handler acknowledged ${total(baseline, "events")} events and stored ${stored.events}`);
  const found = await subject.process.ask<readonly string[]>(
    "query",
    "SELECT count(*), CAST(sum(amount) * 100 AS BIGINT) FROM bench.appended",
  );
  const expected = [String(total(subject, "events")), String(total(subject, "cents"))];
  if (found.join() !== expected.join())
    throw new Error(`expected count and sum ${expected.join()}, found ${found.join()}`);
}

async function* figures(
  test: Throughput,
  { baseline, subject, lag }: { readonly baseline: Side; readonly subject: Side; readonly lag: number },
): AsyncGenerator<Figure> {
  const suite = "events";
  const name = `${test.size} per request${test.format === "json" ? "" : ", NDJSON"}`;
  const rate = (side: Side): number => median(side.outcomes.map((outcome) => outcome.eventsPerSecond));
  const late = (side: Side): number => median(side.outcomes.map((outcome) => outcome.p99Ms));
  yield { suite, name: `${name}, baseline`, value: rounded(rate(baseline)), unit: "events/s" };
  yield againstBaseline(
    { suite, name, unit: "events/s" },
    {
      subject: rate(subject),
      baseline: rate(baseline),
      baselineName,
      ...(test.goal === undefined ? {} : { goal: test.goal }),
    },
  );
  yield { suite, name: `${name}, acknowledged after, p99, baseline`, value: rounded(late(baseline)), unit: "ms" };
  yield { suite, name: `${name}, acknowledged after, p99`, value: rounded(late(subject)), unit: "ms" };
  yield {
    suite,
    name: `${name}, refused because too much waited`,
    value: total(subject, "refusals"),
    unit: "requests",
  };
  yield { suite, name: `${name}, not yet in the table at the end`, value: lag, unit: "events" };
  for (const [of, side] of [
    ["", subject],
    [", baseline", baseline],
  ] as const) {
    const { peakBytes, processorSeconds } = await side.process.spent();
    const each = (seconds: number): number => rounded((seconds * 1e6) / total(side, "events"));
    yield {
      suite,
      name: `${name}, processor time of the server${of}`,
      value: each(processorSeconds - side.startSeconds),
      unit: "us/event",
    };
    const client = side.outcomes.reduce((sum, outcome) => sum + outcome.processorSeconds, 0);
    yield { suite, name: `${name}, processor time of the client${of}`, value: each(client), unit: "us/event" };
    yield { suite, name: `${name}, peak memory of the server${of}`, value: toMiB(peakBytes), unit: "MiB" };
  }
}
