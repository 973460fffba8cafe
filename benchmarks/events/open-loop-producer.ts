// Sends events at a fixed rate whatever the answers take: each request has its time on a schedule, so a slow server cannot slow the clock that
// measures it (no coordinated omission).
import { Pool } from "undici";
import { inputOf, report } from "../harness/measured-process.ts";
import { bodyOf, type EventBody } from "./event-bodies.ts";

export interface ProducerInput {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly eventsPerSecond: number;
  readonly size: number;
  readonly seconds: number;
  /** Rows that the table holds. Of the events, `updatesOf100` in a hundred have the key of one of them, each another. */
  readonly rows: number;
  readonly updatesOf100: number;
}

/** One acknowledged request. Times in milliseconds since 1970, with fractions. */
export interface Sent {
  readonly dueMs: number;
  readonly acceptedMs: number;
  /** The channel's events before and with this request. */
  readonly end: number;
}

export interface ProducerOutcome {
  readonly sent: readonly Sent[];
  readonly events: number;
  readonly newKeys: number;
  readonly cents: number;
}

const input = inputOf<ProducerInput>();
const count = Math.floor((input.eventsPerSecond * input.seconds) / input.size);
/** Coprime to every power of ten: multiples of it visit each existing row once. */
const stride = 7_368_787;
let existing = 0;
let added = 0;

function nextId(at: number): number {
  if (at % 100 < input.updatesOf100 && existing < input.rows) return 1 + ((existing++ * stride) % input.rows);
  added += 1;
  return input.rows + added;
}

const bodies: readonly EventBody[] = Array.from({ length: count }, (_none, request) =>
  bodyOf(
    Array.from({ length: input.size }, (_also, index) => nextId(request * input.size + index)),
    "json",
  ),
);
const pool = new Pool(input.url, { connections: 64, pipelining: 1 });
const headers = { ...input.headers, "content-type": "application/json" };
const sent: Sent[] = [];
const nowMs = (): number => performance.timeOrigin + performance.now();

async function post(body: EventBody, dueMs: number): Promise<void> {
  const answer = await pool.request({ path: input.path, method: "POST", headers, body: body.bytes });
  const text = await answer.body.text();
  const acceptedMs = nowMs();
  if (answer.statusCode !== 202) throw new Error(`answered ${answer.statusCode}: ${text.slice(0, 500)}`);
  const { offset } = JSON.parse(text) as { offset: number };
  sent.push({ dueMs, acceptedMs, end: offset + body.events });
}

async function produce(): Promise<void> {
  const startMs = nowMs() + 100;
  const intervalMs = (input.size / input.eventsPerSecond) * 1000;
  const running: Promise<void>[] = [];
  for (let at = 0; at < count;) {
    const dueMs = startMs + at * intervalMs;
    const waitMs = dueMs - nowMs();
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      continue;
    }
    const body = bodies[at];
    if (body !== undefined) running.push(post(body, dueMs));
    at += 1;
  }
  await Promise.all(running);
  await pool.close();
}

await produce();
report({
  sent,
  events: count * input.size,
  newKeys: added,
  cents: bodies.reduce((sum, body) => sum + body.cents, 0),
} satisfies ProducerOutcome);
