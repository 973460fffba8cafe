// The client of the serve suite, in a process of its own: asks for pages over a fixed number of connections, one after the other.
import { Pool } from "undici";
import { quantile } from "../harness/figure.ts";
import { inputOf, report } from "../harness/measured-process.ts";
import { pathsOf, type PageRange, type Side } from "./pages.ts";

export interface PageClientInput {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for in turn, from the beginning again after the last; or one path again and again. */
  readonly pages: (PageRange & { readonly side: Side }) | string;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface PageClientOutcome {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answered in all, warm-up included. */
  readonly requests: number;
  readonly bytes: number;
}

const input = inputOf<PageClientInput>();
const paths = typeof input.pages === "string" ? [input.pages] : pathsOf(input.pages.side, input.pages);
const pool = new Pool(input.url, { connections: input.connections, pipelining: 1 });
const latencies: number[] = [];
let next = 0;
let requests = 0;
let bytes = 0;

async function ask(from: number, until: number): Promise<void> {
  for (;;) {
    const sent = performance.now();
    if (sent >= until) return;
    const path = paths[next++ % paths.length] ?? "/";
    const answer = await pool.request({ path, method: "GET", headers: input.headers });
    const body = await answer.body.arrayBuffer();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`);
    requests += 1;
    bytes += body.byteLength;
    const now = performance.now();
    if (now >= from && now < until) latencies.push(now - sent);
  }
}

const from = performance.now() + input.warmUpSeconds * 1000;
const until = from + input.seconds * 1000;
await Promise.all(Array.from({ length: input.connections }, () => ask(from, until)));
await pool.close();
report({
  requestsPerSecond: latencies.length / input.seconds,
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  requests,
  bytes,
} satisfies PageClientOutcome);
