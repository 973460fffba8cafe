// A filtered page of 100 rows over HTTP: uncached against a bare Fastify route that runs the prepared query, cached against a constant reply.
// Both sides send the same bytes; a sample is compared, and the counters of Millrace show which requests reached the warehouse.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, median, rounded, toMiB, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { untilReceived, writeHistory } from "../harness/history.ts";
import { measured } from "../harness/measured-process.ts";
import type { InstanceReady } from "../harness/millrace-instance.ts";
import { ServedProcess } from "../harness/served-process.ts";
import type { PageClientInput, PageClientOutcome } from "./page-client.ts";
import { pagesMax, pathsOf, type Side } from "./pages.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const connections = 16;
const warmUpSeconds = 1;
const sampled = 50;
const pagesPerRunMax = 200_000;
const goals = { uncached: 0.9, cached: 0.5 } as const;
const baselines = {
  uncached: "bare Fastify route that runs the prepared query",
  cached: "constant Fastify reply",
} as const;

interface Door {
  readonly process: ServedProcess<unknown>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Sides = Readonly<Record<Side, Door>>;

interface Driven extends PageClientOutcome {
  /** Of the server, per answer, warm-up included. */
  readonly processorMicros: number;
}

type Found = Record<Side, Driven[]>;

export async function* serveSuite({ rows = 1_000_000, runs = 5, seconds = 10 }: SuiteOptions): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await writeHistory(join(folder, "files"), "appended", rows);
    await using instance = new ServedProcess<InstanceReady>(script("../harness/millrace-instance.ts"), { folder });
    const ready = await instance.ready();
    await untilReceived(instance, "bench.append_history", rows);
    await using bare = new ServedProcess<{ readonly url: string }>(script("./bare-pages.ts"), {
      folder,
      files: join(folder, "files", "appended"),
      threads: availableParallelism(),
    });
    const sides: Sides = {
      millrace: { process: instance, url: ready.url, headers: { authorization: `Bearer ${ready.token}` } },
      bare: { process: bare, url: (await bare.ready()).url, headers: {} },
    };
    const body = await compareSample(sides, rows);
    await bare.ask("constant", body);
    yield* uncached(sides, { rows, runs, seconds });
    yield* cached(sides, { rows, runs, seconds });
    yield { suite: "serve", name: "peak memory", value: toMiB((await instance.spent()).peakBytes), unit: "MiB" };
    yield {
      suite: "serve",
      name: "peak memory of the baseline",
      value: toMiB((await bare.spent()).peakBytes),
      unit: "MiB",
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both sides answer the same bytes. Returns one body. */
async function compareSample(sides: Sides, rows: number): Promise<string> {
  const range = { rows, first: 0, count: sampled };
  const paths = { millrace: pathsOf("millrace", range), bare: pathsOf("bare", range) };
  let last = "";
  for (let at = 0; at < sampled; at += 1) {
    const [ours, theirs] = await Promise.all([
      text(sides.millrace, paths.millrace[at] ?? ""),
      text(sides.bare, paths.bare[at] ?? ""),
    ]);
    if (ours !== theirs)
      throw new Error(
        `${paths.millrace[at]} and the bare route differ:\n${ours.slice(0, 500)}\n${theirs.slice(0, 500)}`,
      );
    if ((JSON.parse(ours) as unknown[]).length !== 100) throw new Error(`${paths.millrace[at]} has not 100 rows`);
    last = ours;
  }
  return last;
}

async function text(side: Door, path: string): Promise<string> {
  const answer = await fetch(`${side.url}${path}`, { headers: side.headers });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.text();
}

interface Extent {
  readonly rows: number;
  readonly runs: number;
  readonly seconds: number;
}

/** No page is asked for twice of Millrace, so that none comes from its cache. */
async function* uncached(sides: Sides, { rows, runs, seconds }: Extent): AsyncGenerator<Figure> {
  const perRun = Math.floor((pagesMax(rows) - sampled) / runs);
  const found: Found = { millrace: [], bare: [] };
  const before = await pagesRead(sides);
  for (let run = 0; run < runs; run += 1) {
    const pages = { rows, first: sampled + run * perRun, count: Math.min(perRun, pagesPerRunMax) };
    for (const side of ["bare", "millrace"] as const)
      found[side].push(await drive(sides[side], { side, ...pages }, { runs, seconds }));
  }
  const read = (await pagesRead(sides)) - before;
  const asked = found.millrace.reduce((sum, one) => sum + one.requests, 0);
  if (read !== asked) throw new Error(`${asked} uncached pages were asked for, ${read} were read from the warehouse`);
  yield* figures("uncached", found);
}

async function* cached(sides: Sides, { rows, runs, seconds }: Extent): AsyncGenerator<Figure> {
  const [path = ""] = pathsOf("millrace", { rows, first: 0, count: 1 });
  await text(sides.millrace, path);
  const found: Found = { millrace: [], bare: [] };
  const before = await pagesRead(sides);
  for (let run = 0; run < runs; run += 1) {
    found.bare.push(await drive(sides.bare, "/constant", { runs, seconds }));
    found.millrace.push(await drive(sides.millrace, path, { runs, seconds }));
  }
  if ((await pagesRead(sides)) !== before) throw new Error("a cached page was read from the warehouse");
  yield* figures("cached", found);
}

async function drive(
  { process, url, headers }: Door,
  pages: PageClientInput["pages"],
  { runs, seconds }: Pick<Extent, "runs" | "seconds">,
): Promise<Driven> {
  const input: PageClientInput = { url, headers, pages, connections, warmUpSeconds, seconds: seconds / runs };
  const before = await process.spent();
  const { result } = await measured<PageClientOutcome>(script("./page-client.ts"), input);
  const { processorSeconds } = await process.spent();
  return { ...result, processorMicros: ((processorSeconds - before.processorSeconds) * 1e6) / result.requests };
}

/** How often Millrace asked its warehouse for a page. */
async function pagesRead({ millrace }: Sides): Promise<number> {
  const metrics = await text(millrace, "/metrics");
  return Number(/^millrace_data_pages_read_total (\d+)/m.exec(metrics)?.[1] ?? 0);
}

function* figures(name: "cached" | "uncached", found: Readonly<Found>): Generator<Figure> {
  const suite = "serve";
  const of = (side: Side, value: (one: Driven) => number): number => median(found[side].map(value));
  const rate = (side: Side): number => of(side, (one) => one.requestsPerSecond);
  const baselineName = baselines[name];
  yield { suite, name: `${name} page of 100 rows, baseline`, value: rounded(rate("bare")), unit: "requests/s" };
  yield againstBaseline(
    { suite, name: `${name} page of 100 rows`, unit: "requests/s" },
    { subject: rate("millrace"), baseline: rate("bare"), baselineName, goal: goals[name] },
  );
  for (const [what, side] of [
    ["", "millrace"],
    [", baseline", "bare"],
  ] as const) {
    const spent = rounded(of(side, (one) => one.processorMicros));
    yield { suite, name: `${name} page, p99${what}`, value: rounded(of(side, (one) => one.p99Ms)), unit: "ms" };
    yield { suite, name: `${name} page, processor time of the server${what}`, value: spent, unit: "us/request" };
  }
}
