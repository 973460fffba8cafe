// The client of the event suite, in a process of its own: sends bodies over a fixed number of connections as fast as they are acknowledged, and
// knows exactly what was.
import { Pool } from "undici";
import { quantile } from "../harness/figure.ts";
import { inputOf, report } from "../harness/measured-process.ts";
import { bodiesOf, mediaTypes, type BodyFormat, type EventBody } from "./event-bodies.ts";

export interface ClientInput {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: BodyFormat;
  readonly size: number;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface ClientOutcome {
  /** Acknowledged in the measured window. */
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Acknowledged in all, warm-up included. */
  readonly events: number;
  readonly cents: number;
  readonly bytes: number;
  readonly requests: number;
  /** Answered with 503, because too much waits to be loaded: sent again after a while. */
  readonly refusals: number;
  readonly processorSeconds: number;
}

const refusedPauseMs = 50;
/** Enough bodies that no cache of the server can live on their repetition. */
const bodyBytes = 32 * 1024 * 1024;

const input = inputOf<ClientInput>();
const sampleBytes = bodiesOf(1, { ...input, first: 1 })[0]?.bytes.byteLength ?? 1;
const count = Math.max(16, Math.min(20_000, Math.floor(bodyBytes / sampleBytes)));
const bodies = bodiesOf(count, { ...input, first: 1 });
const pool = new Pool(input.url, { connections: input.connections, pipelining: 1 });
const headers = { ...input.headers, "content-type": mediaTypes[input.format] };

let next = 0;
let events = 0;
let cents = 0;
let bytes = 0;
let requests = 0;
let refusals = 0;
let windowEvents = 0;
const latencies: number[] = [];

/** Resolves when the body was acknowledged, however often it had to be sent. */
async function post(body: EventBody): Promise<void> {
  const answer = await pool.request({ path: input.path, method: "POST", headers, body: body.bytes });
  const text = await answer.body.text();
  if (answer.statusCode === 503) {
    refusals += 1;
    await new Promise((resolve) => setTimeout(resolve, refusedPauseMs));
    return post(body);
  }
  if (answer.statusCode !== 202) throw new Error(`answered ${answer.statusCode}: ${text.slice(0, 500)}`);
}

async function send(from: number, until: number): Promise<void> {
  for (;;) {
    const sent = performance.now();
    if (sent >= until) return;
    const body = bodies[next++ % bodies.length];
    if (body === undefined) return;
    await post(body);
    const now = performance.now();
    events += body.events;
    cents += body.cents;
    bytes += body.bytes.byteLength;
    requests += 1;
    if (now < from || now >= until) continue;
    windowEvents += body.events;
    latencies.push(now - sent);
  }
}

const from = performance.now() + input.warmUpSeconds * 1000;
const until = from + input.seconds * 1000;
await Promise.all(Array.from({ length: input.connections }, () => send(from, until)));
await pool.close();
const { user, system } = process.cpuUsage();
report({
  eventsPerSecond: windowEvents / input.seconds,
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  events,
  cents,
  bytes,
  requests,
  refusals,
  processorSeconds: (user + system) / 1e6,
} satisfies ClientOutcome);
